#!/usr/bin/env python3
"""Checks the judge of the crash harness: it must not accuse a right service, nor pass a wrong one.
Last line: 'N passed, N failed'."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import model  # noqa: E402
from model import (ERROR, QUEUED, SUSPENDED, TRANSFERRED, TRANSFERRING, TRANSIENT,  # noqa: E402
                   DiskFile)

URL, LOCAL = "http://h/a", "C:\\a"
WHOLE, ABSENT, BROKEN = DiskFile(True, True), DiskFile(False, False), DiskFile(True, False)


def see(state=SUSPENDED, files=(), **more):
    """What getall would say; files: (remote, local) or (remote, local, fetched)."""
    seen = {"state": str(state), "name": "n", "type": "0", "files": str(len(files))}
    for i, f in enumerate(files):
        seen[f"f{i}.remote"], seen[f"f{i}.local"] = f[:2]
        done = len(f) > 2 and f[2]
        seen[f"f{i}.completed"] = "0"
        seen[f"f{i}.transferred"] = "9" if done else "0"
        seen[f"f{i}.total"] = "9"
    seen.update({k: str(v) for k, v in more.items()})
    return seen


class JobCase(unittest.TestCase):
    def setUp(self):
        self.job = model.Job("{g}", "n")

    def good(self, seen):
        self.assertEqual(self.job.observed(seen), [])

    def bad(self, seen, text):
        problems = self.job.observed(seen)
        self.assertEqual(len(problems), 1, problems)
        self.assertIn(text, problems[0])


class Calls(JobCase):
    def test_fresh(self):
        self.good(see())
        self.bad(see(QUEUED), "state")

    def test_property(self):
        self.job.acknowledged("setprio", [0])
        self.good(see(priority=0))
        self.bad(see(priority=3), "priority")

    def test_later_value_wins(self):
        self.job.acknowledged("setdescription", ["a"])
        self.job.acknowledged("setdescription", ["b"])
        self.bad(see(description="a"), "description")

    def test_property_missing(self):
        self.job.acknowledged("setheaders", ["A: 1"])
        self.bad(see(), "headers")

    def test_several_words(self):
        self.job.acknowledged("setproxy", [2, "p:1", "b"])
        self.good(see(usage=2, proxy="p:1", bypass="b"))
        self.bad(see(usage=2, proxy="p:1", bypass=""), "bypass")

    def test_refused_changes_nothing(self):
        self.job.acknowledged("setprio", [0])
        self.job.refused("setprio")
        self.good(see(priority=0))

    def test_lost_property_either_way(self):
        for value in (0, 3):
            self.setUp()
            self.job.acknowledged("setprio", [3])
            self.job.lost("setprio", [0])
            self.good(see(priority=value))
            # Once seen it is settled.
            self.bad(see(priority=3 - value), "priority")

    def test_lost_property_third_value(self):
        self.job.acknowledged("setprio", [3])
        self.job.lost("setprio", [0])
        self.bad(see(priority=1), "priority")

    def test_file(self):
        self.job.acknowledged("addfile", [URL, LOCAL])
        self.good(see(files=[(URL, LOCAL)]))
        self.bad(see(), "files")

    def test_files_in_order(self):
        self.job.acknowledged("addset", [URL, LOCAL, "http://h/b", "C:\\b"])
        self.bad(see(files=[("http://h/b", "C:\\b"), (URL, LOCAL)]), "files")

    def test_lost_file(self):
        for files in ((), [(URL, LOCAL)]):
            self.setUp()
            self.job.lost("addfile", [URL, LOCAL])
            self.good(see(files=files))
            self.good(see(files=files))

    def test_file_twice(self):
        self.job.lost("addfile", [URL, LOCAL])
        self.bad(see(files=[(URL, LOCAL)] * 2), "files")

    def test_lost_set_is_whole(self):
        self.job.lost("addset", [URL, LOCAL, "http://h/b", "C:\\b"])
        self.bad(see(files=[(URL, LOCAL)]), "files")

    def test_constant(self):
        self.good(see(created=5, owner="o"))
        self.bad(see(created=6, owner="o"), "created")


class States(JobCase):
    def setUp(self):
        super().setUp()
        self.job.acknowledged("addfile", [URL, LOCAL])

    def see(self, state, done=None, **more):
        done = state == TRANSFERRED if done is None else done
        return see(state, [(URL, LOCAL, done)], **more)

    def test_resume(self):
        self.job.acknowledged("resume", [])
        for state in (QUEUED, TRANSFERRING, TRANSIENT, QUEUED):
            self.good(self.see(state))
        self.bad(self.see(SUSPENDED), "state")

    def test_stable_states_stay(self):
        for state in (ERROR, TRANSFERRED):
            self.setUp()
            self.job.acknowledged("resume", [])
            self.good(self.see(state))
            self.good(self.see(state))
            self.bad(self.see(QUEUED, done=state == TRANSFERRED), "state")

    def test_suspend(self):
        self.job.acknowledged("resume", [])
        self.job.acknowledged("suspend", [])
        self.bad(self.see(TRANSFERRING), "state")

    def test_lost_resume(self):
        for state in (SUSPENDED, TRANSFERRING):
            self.setUp()
            self.good(self.see(SUSPENDED))
            self.job.lost("resume", [])
            self.good(self.see(state))

    def test_lost_suspend_settles(self):
        self.job.acknowledged("resume", [])
        self.job.lost("suspend", [])
        self.good(self.see(SUSPENDED))
        self.bad(self.see(TRANSFERRING), "state")

    def test_fetched_stays(self):
        self.job.acknowledged("resume", [])
        self.good(self.see(ERROR, done=True))
        self.bad(self.see(ERROR, done=False), "no longer fetched")

    def test_fetched_under_way_is_no_claim(self):
        self.job.acknowledged("resume", [])
        self.good(self.see(TRANSFERRING, done=True))
        self.good(self.see(TRANSFERRING, done=False))
        self.good(self.see(ERROR, done=False))

    def test_transferred_needs_all_files(self):
        self.job.acknowledged("resume", [])
        self.bad(self.see(TRANSFERRED, done=False), "0 of 1")

    def test_completed_before_complete(self):
        self.job.acknowledged("resume", [])
        seen = self.see(TRANSFERRED)
        seen["f0.completed"] = "1"
        self.bad(seen, "before Complete")

    def test_completion_time_stays(self):
        self.job.acknowledged("resume", [])
        self.good(self.see(TRANSFERRED, finished=5))
        self.good(self.see(TRANSFERRED, finished=5))
        self.bad(self.see(TRANSFERRED, finished=6), "finished")

    def test_file_added_to_transferred(self):
        self.job.acknowledged("resume", [])
        self.good(self.see(TRANSFERRED))
        self.job.acknowledged("addfile", ["http://h/b", "C:\\b"])
        self.good(see(SUSPENDED, [(URL, LOCAL, True), ("http://h/b", "C:\\b")]))


class Ends(unittest.TestCase):
    def setUp(self):
        self.job = model.Job("{g}", "n")
        self.job.acknowledged("addfile", [URL, LOCAL])
        self.job.acknowledged("resume", [])
        self.seen = see(TRANSFERRED, [(URL, LOCAL, True)])
        self.assertEqual(self.job.observed(self.seen), [])

    def test_complete(self):
        self.job.acknowledged("complete", [])
        self.assertEqual(self.job.gone(), [])
        self.assertEqual(self.job.disk({LOCAL: WHOLE}, []), [])
        self.assertIn("missing", self.job.disk({LOCAL: ABSENT}, [])[0])
        self.assertIn("not the server's", self.job.disk({LOCAL: BROKEN}, [])[0])
        self.assertIn("orphan", self.job.disk({LOCAL: WHOLE}, ["BIT1.tmp"])[0])
        self.assertIn("after complete", self.job.observed(self.seen)[0])

    def test_partial(self):
        self.job.acknowledged("addfile", ["http://h/b", "C:\\b"])
        self.job.acknowledged("complete", [], model.BG_S_PARTIAL_COMPLETE)
        self.assertEqual(self.job.disk({LOCAL: WHOLE, "C:\\b": ABSENT}, []), [])
        self.assertIn("missing", self.job.disk({LOCAL: ABSENT, "C:\\b": ABSENT}, [])[0])

    def test_cancel(self):
        self.job.acknowledged("cancel", [])
        self.assertEqual(self.job.gone(), [])
        self.assertEqual(self.job.disk({LOCAL: ABSENT}, []), [])
        self.assertIn("after Cancel", self.job.disk({LOCAL: WHOLE}, [])[0])

    def test_lost_cancel(self):
        self.job.lost("cancel", [])
        self.assertEqual(self.job.observed(self.seen), [])
        self.job.lost("cancel", [])
        self.assertEqual(self.job.gone(), [])
        self.assertEqual(self.job.ended, "cancel")

    def test_lost_complete_not_done(self):
        self.job.lost("complete", [])
        self.assertEqual(self.job.observed(self.seen), [])
        # Cut short, the file may be under its name already, or not.
        for f in (WHOLE, ABSENT):
            self.assertEqual(self.job.disk({LOCAL: f}, []), [])
        self.assertIn("not the server's", self.job.disk({LOCAL: BROKEN}, [])[0])

    def test_completed_stays(self):
        self.job.refused("complete")
        self.seen["f0.completed"] = "1"
        self.assertEqual(self.job.observed(self.seen), [])
        self.assertEqual(self.job.disk({LOCAL: WHOLE}, []), [])
        self.assertIn("missing", self.job.disk({LOCAL: ABSENT}, [])[0])
        self.seen["f0.completed"] = "0"
        self.assertIn("no longer completed", self.job.observed(self.seen)[0])

    def test_lost_complete_done(self):
        self.job.lost("complete", [])
        self.assertEqual(self.job.gone(), [])
        self.assertEqual(self.job.disk({LOCAL: WHOLE}, []), [])
        self.assertIn("missing", self.job.disk({LOCAL: ABSENT}, [])[0])

    def test_vanished(self):
        self.assertIn("is gone", self.job.gone()[0])
        self.job.lost("setprio", [1])
        self.assertIn("is gone", self.job.gone()[0])

    def test_final_name_too_early(self):
        self.assertIn("before Complete", self.job.disk({LOCAL: WHOLE}, [])[0])

    def test_temporary_names(self):
        self.assertEqual(self.job.disk({}, ["BIT1.tmp"], ["BIT1.tmp"]), [])
        self.assertIn("orphan", self.job.disk({}, ["BIT1.tmp", "BIT2.tmp"], ["BIT1.tmp"])[0])
        self.assertIn("2 temporary", self.job.disk({}, ["BIT1.tmp", "BIT2.tmp"])[0])


class Creation(unittest.TestCase):
    def test_lost_creation(self):
        q = model.Queue()
        q.creation_lost("n")
        job, problems = q.unknown("{g}", see())
        self.assertEqual(problems, [])
        self.assertIs(q.jobs["{g}"], job)
        job, problems = q.unknown("{h}", see())
        self.assertIsNone(job)
        self.assertIn("from nowhere", problems[0])

    def test_settled(self):
        q = model.Queue()
        q.creation_lost("n")
        q.settle_creations()
        self.assertIn("from nowhere", q.unknown("{g}", see())[1][0])


if __name__ == "__main__":
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(verbosity=1).run(suite)
    failed = len(result.failures) + len(result.errors)
    print(f"{result.testsRun - failed} passed, {failed} failed")
    sys.exit(1 if failed or not result.testsRun else 0)
