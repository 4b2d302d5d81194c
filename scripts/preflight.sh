#!/bin/sh
# Prints the path of a Python that can carry Toàn Cảnh, or says in one sentence what is missing and exits 1.
# PYTHON=/path/to/python names one; otherwise the newest tested version on the PATH is taken.
set -eu

stop() {
    printf 'Toàn Cảnh: %s\n' "$*" >&2
    exit 1
}

fits() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

probe=$(mktemp ./.probe.XXXXXX 2>/dev/null) ||
    stop "cannot write into $(pwd); move the folder to a place of your own or change its owner."
rm -f "$probe"

python=""
if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON" || stop "PYTHON=$PYTHON is not a Python 3.11 or newer; name another one or leave PYTHON out."
    python=$PYTHON
else
    for candidate in python3.11 python3.12 python3.13 python3.14 python3; do
        if fits "$candidate"; then
            python=$candidate
            break
        fi
    done
fi
[ -n "$python" ] ||
    stop "needs Python 3.11 or newer; install it (Debian, Ubuntu: apt-get install python3 python3-venv) or name one with PYTHON=…"
"$python" -c 'import venv, ensurepip' >/dev/null 2>&1 ||
    stop "$python lacks the venv module; install it (Debian, Ubuntu: apt-get install python3-venv) or name another Python with PYTHON=…"
command -v "$python"
