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
printf 'Installing Toàn Cảnh%s, about a minute the first time\n' "${extra:+ and its tools}"
if ! .venv/bin/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt \
    --editable ".${extra:+[$extra]}"; then
    printf 'Toàn Cảnh: the packages could not be installed; the reason stands above, and the same command tries again.\n' >&2
    exit 1
fi
touch .venv/.installed
if [ -n "$extra" ]; then touch ".venv/.installed-$extra"; fi
