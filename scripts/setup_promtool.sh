#!/usr/bin/env bash
# Put promtool, which checks Prometheus' rules, into .cache/promtool, or say how to get it.
#
# Out of Debian's package `prometheus`, without installing that: it would start a Prometheus here, now and
# whenever the machine starts, and brings eleven packages of its web page along. 19 MB to fetch, 48 to keep.
# Never fails: where it cannot be had, the tests that need it skip with the reason.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=.cache/promtool
[ ! -x "$folder/promtool" ] || exit 0
if command -v promtool >/dev/null; then
    exit 0
fi
if ! command -v apt-get >/dev/null; then
    echo "Not installed: promtool. It is a part of Prometheus; put it on the PATH."
    exit 0
fi

unpacking=$(mktemp -d)
trap 'rm -rf "$unpacking"' EXIT

fetch() { # into the folder for unpacking, checked by apt against Debian's signatures
    (cd "$unpacking" && apt-get download --quiet=2 prometheus >/dev/null)
}

echo "Fetching promtool"
if { fetch 2>/dev/null || { apt-get update --quiet=2 && fetch; }; } &&
    dpkg-deb --fsys-tarfile "$unpacking"/prometheus_*.deb | tar --extract --directory "$unpacking" ./usr/bin/promtool; then
    mkdir -p "$folder"
    mv "$unpacking/usr/bin/promtool" "$folder/promtool"
else
    echo "apt-get could not fetch it; the tests that need it will skip"
fi
