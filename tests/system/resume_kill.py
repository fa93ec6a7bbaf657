#!/usr/bin/env python3
"""One big download that is killed again and again: the service, then the whole prefix, in turn.

It must end byte-equal, and the server's log must show less than 2 % fetched twice. After the whole
prefix ended the download must go on as soon as any program of the prefix runs: a service with
unfinished jobs starts with the prefix (bits-startup-type), and its guard starts one that was killed
alone. Last line: 'N passed, N failed'.
"""

import os

import harness
import pattern

MIB = 1 << 20
SEED = 20
TWICE = 0.02  # the share of the file that may be fetched a second time


def test(bench):
    args = bench.args
    prefix, server = bench.prefix, bench.fault_server()
    size = args.size * MIB
    folder = bench.target_folder("big")
    path = os.path.join(folder, "big.bin")
    url = server.url("big.bin", size=size, seed=SEED, rate=args.rate * MIB)
    client = bench.client()

    created = client.call("create", "big", 0)
    if not bench.check(created.ok, f"create: {created}"):
        return
    guid = created.values["guid"]
    # The shortest delay, so that a retry is not what the test waits for.
    for call, *words in (("setretry", 5), ("addfile", url, prefix.windows_path(path)),
                         ("resume",)):
        reply = client.call(call, guid, *words)
        bench.check(reply.ok, f"{call}: {reply}")

    def reached():
        """The end of what the server has sent so far, and how many requests it was asked."""
        entries = [e for e in server.log("big.bin") if e["method"] == "GET" and e["sent"]]
        return max((e["first"] + e["sent"] for e in entries), default=0), len(entries)

    def go_on(what, by_itself):
        """After a kill: the download goes on by itself, or when a client calls."""
        requests = reached()[1]

        def gone_on():
            return reached()[1] > requests

        if by_itself:
            bench.program()
            try:
                harness.until(gone_on, 40, "goes on", 0.05)
                bench.check(True, "")
                return
            except harness.Failure:
                bench.check(False, f"{what}: the download does not go on by itself")
        # Wine's registry was not written yet: the next client starts the service.
        seen = client.call("state", guid)
        if seen.unknown:
            seen = client.call("state", guid)
        bench.check(seen.ok, f"{what}: state: {seen}")
        harness.until(gone_on, 60, f"{what}: the download goes on", 0.05)

    # A download that stands still for so long will not come to its next kill.
    patience = 60 + size / args.kills / (args.rate * MIB)
    for number in range(1, args.kills + 1):
        goal = size * number // (args.kills + 2)
        harness.until(lambda g=goal: reached()[0] >= g, patience, f"{goal} bytes", 0.05)
        if number % 2:
            prefix.kill_service()
            go_on(f"kill {number} (service)", True)
        else:
            prefix.kill_everything()
            go_on(f"kill {number} (prefix)", prefix.starts_by_itself())
    # The orderly end of the prefix: its registry is on the disk then, and with it the automatic
    # start that a service with unfinished jobs has.
    goal = size * (args.kills + 1) // (args.kills + 2)
    harness.until(lambda: reached()[0] >= goal, patience, f"{goal} bytes", 0.05)
    client.end()
    prefix.stop()
    bench.check(prefix.starts_by_itself(), "the service's start type is automatic")
    go_on("end of the prefix", True)

    last = {}

    def ended():
        reply = client.call("state", guid)
        last["reply"] = reply
        return reply.values.get("state") in ("4", "6")

    harness.until(ended, patience * 2, "the end of the download", 0.1)
    seen = client.call("getall", guid)
    bench.check(last["reply"].values["state"] == "6", f"transferred: {seen}")
    reply = client.call("complete", guid)
    bench.check(reply.ok and reply.hr == 0, f"complete: {reply}")
    bench.check(os.path.exists(path) and pattern.first_difference(path, size, SEED) is None,
                "the file is the server's")
    bench.problems(harness.temporary_files(folder), "temporary files")
    entries = [e for e in server.log("big.bin") if e["method"] == "GET"]
    total, once = harness.fetched(entries)
    bench.check(once == size, f"{once} of {size} bytes were sent")
    share = (total - once) / size
    for entry, after in zip(entries, entries[1:]):
        if entry["first"] is not None and after["first"] is not None:
            print(f"from {after['first']}: {entry['first'] + entry['sent'] - after['first']} again")
    print(f"{args.size} MiB, {args.kills} kills, {len(entries)} requests: "
          f"{total - once} bytes fetched twice, {share:.2%}")
    bench.check(share < TWICE, f"{share:.2%} fetched twice")


if __name__ == "__main__":
    options = harness.parser(__doc__.split("\n", maxsplit=1)[0])
    options.add_argument("--size", type=int, default=1024, help="MiB")
    options.add_argument("--rate", type=int, default=20, help="MiB per second")
    options.add_argument("--kills", type=int, default=10)
    harness.main(options.parse_args(), test)
