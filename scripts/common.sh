# shellcheck shell=sh
# Sourced by the scripts of this folder: where the tree is, and how they speak.
set -eu

root=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
program=${0##*/}

# Progress goes to standard error: standard output is for results.
say()
{
    echo "$program: $*" >&2
}

die()
{
    say "$*"
    exit 1
}

# Runs a command as root: directly, or through sudo that must not ask for a password without a
# terminal.
as_root()
{
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        if [ -t 0 ]; then sudo "$@"; else sudo -n "$@"; fi
    else
        die "this needs root or sudo: $*"
    fi
}
