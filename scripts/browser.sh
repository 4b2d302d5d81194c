#!/bin/sh
# Brings the browser that the browser tests and the screenshots need. What is there is taken; else apt, else Playwright's own.
# Fails when CI=true and none can be had; otherwise says what to install and lets the caller go on.
set -eu

found() {
    .venv/bin/python -m bench.common.browser >/dev/null 2>&1
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1 && sudo -n true >/dev/null 2>&1; then
        sudo -n "$@"
    else
        return 1
    fi
}

by_apt() {
    command -v apt-get >/dev/null 2>&1 || return 1
    as_root apt-get update -qq >/dev/null 2>&1 || return 1
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1
}

found && exit 0
printf 'Bringing a browser for the tests, once\n'
by_apt && found && exit 0
.venv/bin/python -m playwright install chromium >/dev/null 2>&1 && found && exit 0
printf 'Toàn Cảnh: no Chromium was found and none could be installed; install chromium or google-chrome, or name one with IOC_CHROMIUM=…\n' >&2
[ "${CI:-}" = true ] && exit 1
exit 0
