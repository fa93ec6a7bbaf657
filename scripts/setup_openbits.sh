#!/bin/sh
# usage: setup_openbits.sh install|uninstall [--quiet]
#
# Puts OpenBITS into the Wine prefix $WINEPREFIX (default: ~/.wine) in place of Wine's own BITS, or
# takes it out again. Wine's files are kept beside ours as NAME.old, its service entry as
# openbits-service.old, and uninstall brings them back. Both may be run again at any time.
#
# Runs from an unpacked release archive: the programs are in x64/ and x86/ beside this script.
# WINE names the Wine to use, where it is not the first wine or wine64 in PATH.
set -eu

FILES='qmgr.dll qmgrprxy.dll bitsadmin.exe bitssvc.exe'
SERVICE='System\CurrentControlSet\Services\BITS'
OVERRIDES='HKEY_CURRENT_USER\Software\Wine\DllOverrides'

quiet=false

say()
{
    $quiet || echo "$*"
}

die()
{
    echo "setup_openbits.sh: $*" >&2
    exit 1
}

usage()
{
    echo 'usage: setup_openbits.sh install|uninstall [--quiet]' >&2
    exit 2
}

# Runs a Windows program in the prefix; its output is shown only if it fails.
run_wine()
{
    if ! "$wine" "$@" >"$scratch/output" 2>&1 </dev/null; then
        cat "$scratch/output" >&2
        return 1
    fi
}

find_wine()
{
    for name in ${WINE:+"$WINE"} wine wine64; do
        if wine=$(command -v "$name"); then
            return
        fi
    done
    die 'no wine and no wine64 in PATH; set WINE to the program to use'
}

# Sets windows, system and system_arch (system32, and x64 or x86 for what belongs there), and wow
# (the folder for 32-bit programs of a 64-bit prefix; empty if the prefix has none).
find_prefix()
{
    WINEPREFIX=${WINEPREFIX:-$HOME/.wine}
    case $WINEPREFIX in
    /*) ;;
    *) WINEPREFIX=$PWD/$WINEPREFIX ;;
    esac
    export WINEPREFIX
    windows=$WINEPREFIX/drive_c/windows
    if [ ! -f "$WINEPREFIX/system.reg" ] || [ ! -d "$windows/system32" ]; then
        die "$WINEPREFIX is not a Wine prefix (no system.reg or no drive_c/windows/system32)"
    fi
    system=$windows/system32
    wow=
    if grep -q '^#arch=win32' "$WINEPREFIX/system.reg" "$WINEPREFIX/user.reg" 2>/dev/null; then
        system_arch=x86
        kind='32-bit prefix'
    elif [ -e "$windows/syswow64/kernel32.dll" ]; then
        system_arch=x64
        wow=$windows/syswow64
        kind='64-bit prefix with 32-bit programs'
    else
        system_arch=x64
        kind='64-bit prefix without 32-bit programs'
    fi
}

# register FOLDER NAME [/u]: regsvr32 of the bitness that belongs in FOLDER.
register()
{
    windows_folder='C:\windows\system32'
    [ "$1" != "$wow" ] || windows_folder='C:\windows\syswow64'
    dll=$windows_folder\\$2
    shift 2
    run_wine "$windows_folder\\regsvr32.exe" /s "$@" "$dll"
}

# Imports a registry file that lies in the scratch folder.
import()
{
    run_wine regedit /S "$windows_scratch\\$1" || die "regedit could not import $1"
}

# The running service keeps the old files mapped; it starts anew from the new ones.
stop_service()
{
    "$wine" net stop BITS >/dev/null 2>&1 </dev/null || true
}

# TRUE if FILE is one of Wine's own.
is_wines()
{
    head -c 96 "$1" | grep -aqE 'Wine (builtin|placeholder) DLL'
}

# Copies our files of ARCH to FOLDER. What lies there and is not ours is kept as NAME.old.
put_files()
{
    arch=$1
    folder=$2
    for name in $FILES; do
        file=$folder/$name
        if [ -e "$file" ] && [ ! -e "$file.old" ]; then
            if ! $was_installed || is_wines "$file"; then
                mv -f "$file" "$file.old"
            fi
        fi
        # A new file under the old name: a process that has the old one mapped keeps it.
        cp -f "$archive/$arch/$name" "$file.new"
        chmod 755 "$file.new"
        mv -f "$file.new" "$file"
        say "  $file"
    done
}

take_files()
{
    folder=$1
    for name in $FILES; do
        rm -f "$folder/$name"
        if [ -e "$folder/$name.old" ]; then
            mv -f "$folder/$name.old" "$folder/$name"
            say "  $folder/$name is the former one again"
        else
            say "  $folder/$name removed"
        fi
    done
}

install()
{
    for arch in $system_arch ${wow:+x86}; do
        for name in $FILES; do
            [ -f "$archive/$arch/$name" ] || die "$archive/$arch/$name is missing"
        done
    done
    stop_service
    if ! $was_installed; then
        run_wine regedit /E "$windows_scratch\\service.reg" "HKEY_LOCAL_MACHINE\\$SERVICE" || true
        [ -e "$scratch/service.reg" ] || : >"$scratch/service.reg"
        mv -f "$scratch/service.reg" "$former_service"
    fi
    say 'Files:'
    put_files "$system_arch" "$system"
    [ -z "$wow" ] || put_files x86 "$wow"

    # regsvr32 must load ours, so the overrides come before it. The start type of an installed
    # service is its own affair: it is automatic while there are unfinished jobs.
    start=
    $was_installed || start='"Start"=dword:00000003'
    cat >"$scratch/install.reg" <<REG
REGEDIT4

[$OVERRIDES]
"qmgr"="native"
"qmgrprxy"="native"

[HKEY_LOCAL_MACHINE\\$SERVICE]
"DisplayName"="Background Intelligent Transfer Service"
"Description"="Transfers files in the background (OpenBITS)."
"ImagePath"="C:\\\\windows\\\\system32\\\\svchost.exe -k netsvcs"
"ObjectName"="LocalSystem"
"Type"=dword:00000010
"ErrorControl"=dword:00000001
$start

[HKEY_LOCAL_MACHINE\\$SERVICE\\Parameters]
"ServiceDll"="C:\\\\windows\\\\system32\\\\qmgr.dll"
REG
    import install.reg
    for folder in ${wow:+"$wow"} "$system"; do
        for name in qmgrprxy.dll qmgr.dll; do
            register "$folder" $name || die "regsvr32 $folder/$name failed"
        done
    done
    say 'Registered: classes and proxies, DLL overrides (native), service BITS (svchost -k netsvcs)'
    say "OpenBITS is installed in $WINEPREFIX ($kind)."
}

uninstall()
{
    if ! $was_installed; then
        say "OpenBITS is not installed in $WINEPREFIX: nothing to do."
        return
    fi
    stop_service
    for folder in ${wow:+"$wow"} "$system"; do
        for name in qmgr.dll qmgrprxy.dll; do
            register "$folder" $name /u || say "  (regsvr32 /u $folder/$name failed, going on)"
        done
    done
    say 'Files:'
    take_files "$system"
    [ -z "$wow" ] || take_files "$wow"
    cat >"$scratch/uninstall.reg" <<REG
REGEDIT4

[$OVERRIDES]
"qmgr"=-
"qmgrprxy"=-

[-HKEY_LOCAL_MACHINE\\$SERVICE]
REG
    import uninstall.reg
    if [ -s "$former_service" ]; then
        cp "$former_service" "$scratch/service.reg"
        import service.reg
    fi
    for folder in ${wow:+"$wow"} "$system"; do
        for name in qmgrprxy.dll qmgr.dll; do
            if [ -e "$folder/$name" ]; then
                register "$folder" $name || say "  (regsvr32 $folder/$name failed)"
            fi
        done
    done
    say "Registered: Wine's classes and proxies, its service entry; DLL overrides removed"
    rm -f "$former_service"
    say "OpenBITS is gone from $WINEPREFIX ($kind); Wine's own BITS is back."
}

[ $# -ge 1 ] || usage
action=$1
shift
for option in "$@"; do
    case $option in
    --quiet | -q) quiet=true ;;
    *) usage ;;
    esac
done
case $action in install | uninstall) ;; *) usage ;; esac

archive=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
find_wine
find_prefix
export WINEDEBUG="${WINEDEBUG:--all}"
export WINEDLLOVERRIDES="${WINEDLLOVERRIDES:-mscoree,mshtml=}"
former_service=$system/openbits-service.old
was_installed=false
[ ! -e "$former_service" ] || was_installed=true
scratch=$(mktemp -d "$WINEPREFIX/drive_c/openbits-XXXXXX")
windows_scratch="C:\\${scratch##*/}"
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' HUP INT TERM
$action
