#!/usr/bin/env python3
"""Runs a test program in Wine by scripts/wine-run, once more if it never began (turned_away.py).

usage: run_in_wine.py PROGRAM [ARGUMENT...]

What it says goes into files until it has ended, or until meson ends it: Wine's services, which the
first program of a prefix starts, would hold a pipe open.
"""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / 'server'))

import turned_away  # noqa: E402


def main():
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        def show():
            for file, stream in ((output, sys.stdout), (errors, sys.stderr)):
                file.seek(0)
                shutil.copyfileobj(file, stream.buffer)
                stream.flush()

        def end(number, _):
            show()
            os._exit(128 + number)

        def once():
            for file in (output, errors):
                file.seek(0)
                file.truncate()
            code = subprocess.run([HERE.parent / 'scripts' / 'wine-run', *sys.argv[1:]],
                                  stdout=output, stderr=errors, check=False).returncode
            said = ''
            for file in (output, errors):
                file.seek(0)
                said += file.read().decode('utf-8', 'replace')
            return code, code, said

        signal.signal(signal.SIGTERM, end)
        code = turned_away.run(once)
        show()
        return code if code >= 0 else 128 - code


if __name__ == '__main__':
    sys.exit(main())
