#!/bin/sh
# Make .venv what the lock file says, and do nothing when it already is.
#   tools/setup_venv.sh run     what running a study needs   (requirements.lock)
#   tools/setup_venv.sh test    that, and what testing needs (requirements-dev.lock)
# PYTHON=/path/to/python chooses the Python; otherwise the first one of 3.11 or newer is taken.
set -eu
cd "$(dirname "$0")/.."
purpose=${1:-run}
venv=.venv
python=$venv/bin/python

is_new_enough='import sys; sys.exit(sys.version_info < (3, 11))'
can_make_venv='import ensurepip, venv'
name_of_python='import sys; print("python%d.%d" % sys.version_info[:2])'

# A command may exist and still not run (a version manager's stand-in), so each one is tried.
works() { "$1" -c "$2" >/dev/null 2>&1; }

find_python() {
    old_ones=""
    without_venv=""
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3 python}; do
        works "$candidate" "" || continue
        if ! works "$candidate" "$is_new_enough"; then
            old_ones="$old_ones $candidate ($("$candidate" -c 'import platform; print(platform.python_version())'))"
        elif ! works "$candidate" "$can_make_venv"; then
            without_venv=${without_venv:-$candidate}
        else
            found=$candidate
            return 0
        fi
    done
    if [ -n "$without_venv" ]; then
        add_venv_module "$without_venv" && found=$without_venv && return 0
    else
        {
            echo "targeting needs Python 3.11 or newer; found:${old_ones:- none}."
            echo "  Debian, Ubuntu:  sudo apt install python3 python3-venv"
            echo "  Fedora:          sudo dnf install python3"
            echo "  macOS:           brew install python@3.13   (or the installer of python.org)"
            echo "Then repeat the command. If it stands elsewhere:  make run PYTHON=/path/to/python3"
        } >&2
    fi
    return 1
}

# Debian and Ubuntu keep `python3 -m venv` in a package of its own.
add_venv_module() {
    package=$("$1" -c "$name_of_python")-venv
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if command -v apt-get >/dev/null 2>&1 && $as_root true 2>/dev/null; then
        echo "$1 cannot make environments; installing the system's package $package ..."
        $as_root apt-get update -qq >&2 || true
        $as_root apt-get install -y -qq --no-install-recommends "$package" >&2 || true
        works "$1" "$can_make_venv" && return 0
    fi
    {
        echo "$1 is there, but not the part of it that makes environments (venv)."
        echo "  Debian, Ubuntu:  sudo apt install $package"
        echo "Then repeat the command."
    } >&2
    return 1
}

install() { "$python" -m pip install --quiet --disable-pip-version-check "$@"; }

# The locks by content, not by date: a fresh clone or a switched branch says nothing by its dates.
locks=$(cat requirements.lock requirements-dev.lock | cksum)
project=$(cat pyproject.toml | cksum)
wanted="$locks in $(pwd)"

if [ "$(cat $venv/made-from 2>/dev/null)" != "$wanted" ] || ! works $python ""; then
    find_python
    echo "Making $venv with $found from requirements.lock (a minute or two, only this once) ..."
    rm -rf $venv
    "$found" -m venv $venv
    install --require-hashes -r requirements.lock
    echo "$wanted" >$venv/made-from
fi
if [ "$purpose" = test ] && [ ! -e $venv/has-tests ]; then
    echo "Adding what the tests need from requirements-dev.lock ..."
    install --require-hashes -r requirements-dev.lock
    touch $venv/has-tests
fi
if [ "$(cat $venv/installed-from 2>/dev/null)" != "$project" ]; then
    install --no-deps --no-build-isolation --editable .
    echo "$project" >$venv/installed-from
fi
