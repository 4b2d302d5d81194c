#!/bin/sh
# Brings the servers that connectors are tested against: PostgreSQL, sshd, mosquitto, Prometheus. What is there is taken; else apt.
# Fails when CI=true and one cannot be had; otherwise says what to install and lets the caller go on.
set -eu

PATH=$PATH:/usr/sbin:/usr/local/sbin
for bin in /usr/lib/postgresql/*/bin; do PATH=$PATH:$bin; done

# Packages whose program is not there.
lacking() {
    for pair in postgresql:initdb openssh-server:sshd mosquitto:mosquitto prometheus:prometheus openssl:openssl; do
        for bin in /usr/lib/postgresql/*/bin; do PATH=$PATH:$bin; done
        command -v "${pair#*:}" >/dev/null 2>&1 || printf '%s ' "${pair%%:*}"
    done
}

# Debian starts a server when its package is installed, which nobody wants on a machine of their own: so only as root in
# a container, where nothing is started.
by_apt() {
    [ "$(id -u)" -eq 0 ] && [ ! -d /run/systemd/system ] && command -v apt-get >/dev/null 2>&1 || return 1
    apt-get update -qq >/dev/null 2>&1 || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null 2>&1
}

missing=$(lacking)
[ -z "$missing" ] && exit 0
printf 'Bringing servers for the tests, once: %s\n' "$missing"
# shellcheck disable=SC2086 # words are meant
by_apt $missing || true
missing=$(lacking)
[ -z "$missing" ] && exit 0
printf 'Toàn Cảnh: tests of connectors need these Debian packages: apt-get install %s\n' "$missing" >&2
[ "${CI:-}" = true ] && exit 1
exit 0
