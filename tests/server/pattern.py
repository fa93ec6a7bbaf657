#!/usr/bin/env python3
"""Test data that can be made and checked at any offset without being stored.

The fault server sends it, the test programs compare against it, and pattern.h does the same in C.
All integers are unsigned 64-bit, arithmetic wraps.

    mix(x):       x += 0x9e3779b97f4a7c15
                  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
                  x = (x ^ (x >> 27)) * 0x94d049bb133111eb
                  return x ^ (x >> 31)
    PERIOD:       1044483 (1 MiB - 4093)
    base block:   PERIOD bytes, the little-endian words mix(0), mix(1), mix(2), ... cut at PERIOD
    byte at o:    base[(o + mix(seed) % PERIOD) % PERIOD]
    stamps:       the 8 bytes at each multiple of 4096, read as a little-endian word, are xored
                  with (o / 4096) ^ mix(seed)

The period is prime to every power of two, so data written at a wrong offset shows at once, the
stamps tell repetitions of the block apart, and two seeds differ in nearly every byte.

Command line:
    pattern.py write FILE SIZE SEED [--offset N]    FILE gets SIZE bytes, those from offset N on
    pattern.py verify FILE SIZE SEED [--offset N]   exit status 0 if FILE is exactly that
"""

import argparse
import array
import struct
import sys

MASK = (1 << 64) - 1
PERIOD = (1 << 20) - 4093
PAGE = 4096
CHUNK = 1 << 20


def mix(x):
    x = (x + 0x9E3779B97F4A7C15) & MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & MASK
    return x ^ (x >> 31)


def _make_base():
    words = array.array("Q", (mix(i) for i in range((PERIOD + 7) // 8)))
    if sys.byteorder == "big":
        words.byteswap()
    return words.tobytes()[:PERIOD]


_base = None


def _doubled_base():
    """The base block followed by enough of itself that any CHUNK + PAGE bytes are one slice."""
    global _base
    if _base is None:
        block = _make_base()
        _base = memoryview(block * 3)
    return _base


def data(seed, offset, count):
    """Returns the count (at most CHUNK) bytes at offset as a memoryview."""
    assert 0 <= count <= CHUNK
    key = mix(seed)
    first_page = offset // PAGE
    start = first_page * PAGE
    pages = (offset + count + PAGE - 1) // PAGE - first_page
    at = (start + key % PERIOD) % PERIOD
    buf = bytearray(_doubled_base()[at:at + pages * PAGE])
    if pages:
        words = memoryview(buf).cast("Q")[::PAGE // 8]
        stamps = ((first_page + i) ^ key for i in range(pages))
        if sys.byteorder == "big":
            stamps = (struct.unpack("<Q", struct.pack(">Q", s))[0] for s in stamps)
        words[:] = memoryview(array.array("Q", [w ^ s for w, s in zip(words.tolist(), stamps)]))
    return memoryview(buf)[offset - start:offset - start + count]


def chunks(seed, offset, count):
    """Yields the count bytes at offset piece by piece."""
    end = offset + count
    while offset < end:
        # Pieces end on chunk borders, so that data() rarely makes a page it does not use.
        piece = min(end - offset, CHUNK - offset % PAGE)
        yield data(seed, offset, piece)
        offset += piece


def write_file(path, size, seed, offset=0):
    with open(path, "wb") as f:
        for piece in chunks(seed, offset, size):
            f.write(piece)


def first_difference(path, size, seed, offset=0):
    """Returns None if the file is exactly the pattern, else the position of the first byte that
    differs; a file that is too short or too long differs at the shorter of the two lengths."""
    pos = 0
    with open(path, "rb") as f:
        for want in chunks(seed, offset, size):
            got = f.read(len(want))
            if got != want:
                for i in range(min(len(got), len(want))):
                    if got[i] != want[i]:
                        return pos + i
                return pos + min(len(got), len(want))
            pos += len(want)
        if f.read(1):
            return pos
    return None


def main():
    parser = argparse.ArgumentParser(description="Writes or checks a file of test data.")
    parser.add_argument("action", choices=("write", "verify"))
    parser.add_argument("file")
    parser.add_argument("size", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("--offset", type=int, default=0)
    args = parser.parse_args()
    if args.action == "write":
        write_file(args.file, args.size, args.seed, args.offset)
        return 0
    at = first_difference(args.file, args.size, args.seed, args.offset)
    if at is not None:
        print(f"{args.file}: differs at byte {at}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
