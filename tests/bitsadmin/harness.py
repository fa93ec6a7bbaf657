"""What the tests of bitsadmin.exe share: running it in Wine as a user would, and the places and
servers that scripts/test-env names in the environment."""

import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / 'tests' / 'server'))

import behaviour  # noqa: E402
import pattern  # noqa: E402
import turned_away  # noqa: E402

WINE_RUN = os.environ.get('OPENBITS_WINE_RUN', str(ROOT / 'scripts' / 'wine-run'))
# Seconds that one command may take, service start included.
DEADLINE = 60
GUID = re.compile(r'\{[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}\}')


class Result:
    def __init__(self, code, output, errors):
        self.code = code
        self.output = output
        self.lines = output.splitlines()
        self.errors = errors  # standard error, where Wine says what it could not do

    def __str__(self):
        return f'exit code {self.code}\n{self.output}{self.errors}'


class Case(unittest.TestCase):
    """A folder of its own, no jobs before and none after."""
    program = None  # bitsadmin.exe, set by main()
    keeper = None   # a program that keeps the prefix, and with it the service, alive

    @classmethod
    def setUpClass(cls):
        # Without a running program Wine would end the service after each command.
        cls.keeper = cls.start('/monitor', '/refresh', '3600')
        cls.keeper.stdout.readline()

    @classmethod
    def tearDownClass(cls):
        cls.keeper.terminate()
        cls.keeper.wait(DEADLINE)
        cls.keeper.stdout.close()

    def setUp(self):
        here = pathlib.Path(os.environ['OPENBITS_TEST_DIR']) / 'temp'
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix='bitsadmin-', dir=here))
        self.run_tool('/reset')

    def tearDown(self):
        self.run_tool('/reset')

    @classmethod
    def start(cls, *args, **options):
        # Wine turns arguments to Unicode by the locale.
        return subprocess.Popen([WINE_RUN, cls.program, *args], stdin=subprocess.DEVNULL,
                                env={**os.environ, 'LC_ALL': 'C.UTF-8'},
                                stdout=options.pop('stdout', subprocess.PIPE),
                                stderr=options.pop('stderr', subprocess.DEVNULL), **options)

    def run_tool(self, *args):
        def once():
            result = self.run_once(*args)
            return result, result.code, result.output + result.errors

        return turned_away.run(once)

    def run_once(self, *args):
        with tempfile.TemporaryFile() as errors:
            process = self.start(*args, stderr=errors)
            output, _ = process.communicate(timeout=DEADLINE)
            errors.seek(0)
            return Result(process.returncode, output.decode('utf-8').replace('\r\n', '\n'),
                          errors.read().decode('utf-8', 'replace'))

    def ok(self, *args):
        """Runs a command that must succeed."""
        result = self.run_tool(*args)
        self.assertEqual(result.code, 0, f'{args}: {result}')
        return result

    def raw(self, *args):
        """The bare value that a query prints."""
        return self.ok('/rawreturn', *args).output

    def refused(self, *args, says):
        """Runs a command that must fail and say why."""
        result = self.run_tool(*args)
        self.assertNotEqual(result.code, 0, f'{args}: {result}')
        self.assertIn(says, result.output, f'{args}: {result}')
        return result

    def windows(self, name):
        """The Windows path of a file in this test's folder."""
        return f'{os.environ["OPENBITS_TEST_TEMP"]}\\{self.folder.name}\\{name}'

    def url(self, name, **parameters):
        query = '&'.join(f'{key}={value}' for key, value in parameters.items())
        return f'{os.environ["OPENBITS_TEST_FAULT"]}data/{name}?{query}'

    def upload_url(self, name, **parameters):
        """A place of the fault server's BITS endpoint (tests/server/bits_upload.py)."""
        return self.url(name, **parameters).replace('/data/', '/bits/')

    def uploads(self, name):
        """What became of the uploads to that place."""
        url = f'{os.environ["OPENBITS_TEST_FAULT"]}uploads?path=/bits/{name}'
        with urllib.request.urlopen(url, timeout=DEADLINE) as answer:
            return json.load(answer)

    def assert_content(self, file, name, size):
        path = self.folder / file
        self.assertTrue(path.exists(), f'{file} is missing')
        self.assertEqual(path.stat().st_size, size)
        seed = behaviour.content_seed(behaviour.default_seed(f'/data/{name}'), 0)
        self.assertIsNone(pattern.first_difference(str(path), size, seed))

    def create(self, name='job', *args):
        return self.raw('/create', *args, name)

    def wait_for_state(self, job, *states):
        deadline = time.monotonic() + DEADLINE
        while True:
            state = self.raw('/getstate', job)
            if state in states:
                return state
            self.assertLess(time.monotonic(), deadline, f'the job stays {state}')

    def interrupt(self, process):
        """Ctrl+C, as Wine gets it from a terminal."""
        process.send_signal(signal.SIGINT)


def main():
    Case.program = sys.argv.pop(1)
    if 'OPENBITS_TEST_DIR' not in os.environ:
        os.execv(str(ROOT / 'scripts' / 'test-env'),
                 ['test-env', sys.executable, sys.argv[0], Case.program, *sys.argv[1:]])
    unittest.main()
