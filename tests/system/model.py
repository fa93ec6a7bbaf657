"""What the queue must look like, given the calls that were acknowledged: the judge of the crash
harness.

A Job follows one job of the service. The caller tells it of every call: acknowledged(), refused()
or lost() (outcome unknown), and of what can be seen: observed() or gone(). Both observers return a
list of problems, empty when everything acknowledged is there. At most one call may be lost between
two observations, so a job has at most two possible pasts.

The rules of the states:
  - SUSPENDED, ERROR and TRANSFERRED are stable: once seen, they stay until a call changes them;
  - a job that was resumed may be found queued, connecting, transferring, waiting for a retry, in
    error or transferred;
  - in TRANSFERRED every file is fetched, and in SUSPENDED and ERROR one whose bytes are all there
    is too: Complete must bring these, and their bytes are the server's;
  - BG_FILE_PROGRESS.Completed says that the file has its final name; it never goes back.

No I/O here: the caller brings the facts about files on the disk (see DiskFile).
"""

from dataclasses import dataclass, field, replace

QUEUED, CONNECTING, TRANSFERRING, SUSPENDED, ERROR, TRANSIENT, TRANSFERRED = range(7)
STABLE = frozenset((SUSPENDED, ERROR, TRANSFERRED))
RUNNING = frozenset((QUEUED, CONNECTING, TRANSFERRING, TRANSIENT))
ANY_RUN = RUNNING | {ERROR, TRANSFERRED}

BG_S_PARTIAL_COMPLETE = 0x00200017
BG_S_UNABLE_TO_DELETE_FILES = 0x0020001A

# Seen once, these never change.
CONSTANT = ("type", "owner", "created")

# Call -> properties that its words set, as getall names them.
SETTERS = {
    "setname": ("name",),
    "setdescription": ("description",),
    "setprio": ("priority",),
    "setretry": ("retry",),
    "setnoprogress": ("noprogress",),
    "setflags": ("flags",),
    "setproxy": ("usage", "proxy", "bypass"),
    "setcmdline": ("program", "parameters"),
    "setheaders": ("headers",),
}


@dataclass(frozen=True)
class DiskFile:
    """A final file on the disk: exists, and whether it is one whole version of the server's."""
    exists: bool
    whole: bool


@dataclass(frozen=True)
class Expected:
    """One possible past of a job."""
    exists: bool = True
    states: frozenset = frozenset((SUSPENDED,))
    properties: dict = field(default_factory=dict)
    files: tuple = ()  # of (remote, local)

    def after(self, call, words):
        """The past in which the call happened too."""
        if call in SETTERS:
            properties = dict(self.properties)
            properties.update(zip(SETTERS[call], map(str, words)))
            return replace(self, properties=properties)
        if call in ("addfile", "addset"):
            added = tuple(zip(words[::2], words[1::2]))
            # A job that had all its files has one to fetch now, and waits to be resumed.
            more = {SUSPENDED} if TRANSFERRED in self.states else set()
            return replace(self, files=self.files + added, states=self.states | more)
        if call == "resume":
            return replace(self, states=ANY_RUN)
        if call == "suspend":
            return replace(self, states=frozenset((SUSPENDED, TRANSFERRED)))
        if call in ("complete", "cancel"):
            return replace(self, exists=False)
        if call == "setcredentials":
            return self
        raise ValueError(call)

    def mismatches(self, seen):
        """What of an observation (Job.observed) this past cannot explain."""
        problems = []
        if int(seen["state"]) not in self.states:
            problems.append(f"state {seen['state']} is none of {sorted(self.states)}")
        for name, value in self.properties.items():
            if seen.get(name) != value:
                problems.append(f"{name} is {seen.get(name)!r}, not {value!r}")
        files = tuple((seen[f"f{i}.remote"], seen[f"f{i}.local"]) for i in range(int(seen["files"])))
        if files != self.files:
            problems.append(f"files are {files}, not {self.files}")
        return problems


class Job:
    def __init__(self, guid, name, kind=0):
        self.guid = guid
        self.name = name
        self.expected = Expected(properties={"name": name, "type": str(kind)})
        self.lost_call = None  # (call, words) whose outcome is unknown
        self.complete_began = False  # a Complete may have put files under their names
        self.fetched = set()  # local names that Complete must bring
        self.completed = set()  # local names that have their file already
        self.ended = None  # the call that ended the job: complete, partial, cancel, or unknown
        self.finished_at = None

    # What came of a call.

    def acknowledged(self, call, words, hr=0):
        assert self.lost_call is None and not self.ended
        self.expected = self.expected.after(call, words)
        if call == "complete":
            self.ended = "partial" if hr == BG_S_PARTIAL_COMPLETE else "complete"
        if call == "cancel":
            self.ended = "cancel"

    def refused(self, call):
        assert self.lost_call is None and not self.ended
        if call == "complete":
            # A rename may have failed after others had been done.
            self.complete_began = True

    def lost(self, call, words):
        assert self.lost_call is None and not self.ended
        self.lost_call = (call, tuple(words))
        if call == "complete":
            self.complete_began = True

    # What is seen.

    def _pasts(self):
        pasts = [self.expected]
        if self.lost_call:
            call, words = self.lost_call
            if call == "complete":
                # Cut short, it leaves the job behind as it was, or as one whose files are there.
                pasts[0] = replace(self.expected, states=self.expected.states | {TRANSFERRED})
            pasts.append(self.expected.after(call, words))
        return pasts

    def observed(self, seen):
        """seen: what getall said, a dict of strings. Settles a lost call."""
        if self.ended:
            return [f"{self.name}: is there after {self.ended}"]
        best = None
        for past in self._pasts():
            problems = past.mismatches(seen) if past.exists else None
            if problems is not None and (best is None or len(problems) < len(best[1])):
                best = past, problems
        past, problems = best
        problems = list(problems)
        self.lost_call = None
        problems += self._observe_files(seen)
        state = int(seen["state"])
        states = frozenset((state,)) if state in STABLE else ANY_RUN
        properties = dict(past.properties)
        properties.update((n, seen[n]) for n in CONSTANT if n in seen)
        if state == TRANSFERRED and "finished" in seen:
            if self.finished_at not in (None, seen["finished"]):
                problems.append(f"finished at {seen['finished']}, before at {self.finished_at}")
            self.finished_at = seen["finished"]
        else:
            self.finished_at = None
        self.expected = replace(past, states=states, properties=properties)
        return [f"{self.name}: {p}" for p in problems]

    def _observe_files(self, seen):
        problems = []
        fetched, completed = set(), set()
        for i in range(int(seen["files"])):
            if seen[f"f{i}.transferred"] == seen[f"f{i}.total"]:
                fetched.add(seen[f"f{i}.local"])
            if seen.get(f"f{i}.completed") == "1":
                completed.add(seen[f"f{i}.local"])
        problems += [f"{n} is no longer completed" for n in sorted(self.completed - completed)]
        problems += [f"{n} is completed before Complete" for n in sorted(completed)
                     if not self.complete_began]
        self.completed |= completed
        if int(seen["state"]) in STABLE:
            problems += [f"{n} is no longer fetched" for n in sorted(self.fetched - fetched)]
            self.fetched |= fetched
        if int(seen["state"]) == TRANSFERRED and len(fetched) != int(seen["files"]):
            problems.append(f"transferred with {len(fetched)} of {seen['files']} files fetched")
        return problems

    def gone(self):
        """The service knows no such job. Settles a lost call."""
        if self.ended:
            return []
        if self.lost_call and self.lost_call[0] in ("complete", "cancel"):
            self.ended = "cancel" if self.lost_call[0] == "cancel" else "unknown"
            self.lost_call = None
            self.expected = replace(self.expected, exists=False)
            return []
        return [f"{self.name}: is gone, with no call that could have ended it"]

    def disk(self, files, temporary, temporary_names=None):
        """The job's folder: files is local name -> DiskFile, temporary the names of the temporary
        files found there, temporary_names those that the service knows of (None: not known)."""
        problems = [f"{n} is not the server's" for n, f in files.items() if f.exists and not f.whole]
        there = {n for n, f in files.items() if f.exists}
        if self.ended == "cancel":
            # A Complete that was refused or cut short before may have left whole files.
            if not self.complete_began:
                problems += [f"{n} is there after Cancel" for n in sorted(there)]
        elif self.ended in ("complete", "partial", "unknown"):
            must = self.fetched
            if self.ended == "complete":
                must = {local for _, local in self.expected.files}
            problems += [f"{n} is missing after Complete" for n in sorted(must - there)]
        elif self.complete_began:
            problems += [f"{n} is completed, and missing" for n in sorted(self.completed - there)]
        else:
            problems += [f"{n} is there before Complete" for n in sorted(there)]
        if self.ended:
            problems += [f"orphan: {n}" for n in sorted(temporary)]
        elif temporary_names is not None:
            problems += [f"orphan: {n}" for n in sorted(set(temporary) - set(temporary_names))]
        elif len(temporary) > len(self.expected.files):
            problems.append(f"{len(temporary)} temporary files for {len(self.expected.files)} files")
        return [f"{self.name}: {p}" for p in problems]


class Queue:
    """All jobs, and the creations whose outcome is unknown."""

    def __init__(self):
        self.jobs = {}  # guid -> Job
        self.lost_creations = {}  # name -> type

    def created(self, guid, name, kind=0):
        self.jobs[guid] = Job(guid, name, kind)
        return self.jobs[guid]

    def creation_lost(self, name, kind=0):
        self.lost_creations[name] = kind

    def unknown(self, guid, seen):
        """A job that no acknowledged call made. Adopts it when a lost creation explains it and
        returns (job, problems)."""
        name = seen.get("name")
        if name not in self.lost_creations:
            return None, [f"job {guid} ({name!r}) comes from nowhere"]
        job = self.created(guid, name, self.lost_creations.pop(name))
        return job, job.observed(seen)

    def settle_creations(self):
        """After the list of jobs was gone through: what is not there was never made."""
        self.lost_creations.clear()
