#!/bin/sh
# usage: amalgamate.sh SOURCE OUTPUT WORK COMPILER...
# Makes sqlite3.c and sqlite3.h in OUTPUT by the make rules of the tree at SOURCE, working in WORK.
# COMPILER is the build machine's: the rules compile and run small generators.
set -eu
case $1 in /*) source=$1 ;; *) source=$PWD/$1 ;; esac
case $2 in /*) output=$2 ;; *) output=$PWD/$2 ;; esac
work=$3
shift 3
mkdir -p "$work"
cd "$work"
make -s -f "$source/main.mk" TOP="$source" BCC="$* -O1" NAWK=awk OPTS= sqlite3.c >make.log 2>&1 || {
    cat make.log >&2
    exit 1
}
cp sqlite3.c sqlite3.h "$output/"
