"""Programs that Wine did not get to start: one in some thousands ends with 1 before its first
line runs, for the most part when the machine is busy. Nothing has happened then, and whoever
wanted the program starts it again."""

import sys

TRIES = 3
# What Wine says when it could not even connect to its server (thread 0: none yet).
NO_SERVER = 'wine client error:0:'


def run(once):
    """once() runs a program that never fails without a word and gives (what to return, exit code,
    all that was said). The last try is what counts."""
    for _ in range(TRIES):
        result, code, said = once()
        if code != 1 or (said.strip() and NO_SERVER not in said):
            break
        print(f'not started: {said.strip()}', file=sys.stderr)
    return result
