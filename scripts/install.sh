#!/bin/sh
# Makes the environment in .venv and installs Toàn Cảnh there in the locked versions: install.sh [extra]
# A stamp tells make that nothing has changed since.
set -eu
extra=${1:-}
here=$(dirname "$0")
python=$("$here/preflight.sh")

# An environment whose interpreter went away (an upgrade, a moved folder) cannot be mended, only made anew.
if ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    printf 'Creating the environment in .venv with %s\n' "$python"
    "$python" -m venv --clear .venv
fi
printf 'Installing Toàn Cảnh%s, a minute or two the first time ' "${extra:+ and its tools}"
(while sleep 2; do printf '.'; done) &
dots=$!
trap 'kill "$dots" 2>/dev/null || true; printf "\n"' EXIT
trap 'exit 130' INT TERM
if ! .venv/bin/python -m pip install --quiet --quiet --disable-pip-version-check --constraint constraints.txt \
    --editable ".${extra:+[$extra]}"; then
    printf '\nToàn Cảnh: the packages could not be installed; the reason stands above, and the same command tries again.' >&2
    exit 1
fi
touch .venv/.installed
if [ -n "$extra" ]; then touch ".venv/.installed-$extra"; fi
