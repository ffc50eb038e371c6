#!/usr/bin/env bash
# Put kubectl, which brings Kustomize, into .cache/kubectl, or say how to get it.
#
# Out of Debian 13's package, on whatever Debian this is: that of Debian 12 brings a Kustomize of 2019, which reads
# another language. mmdebstrap checks signatures and installs nothing here. 20 MB to fetch, 80 to keep.
# Never fails: where it cannot be had, the tests that need it skip with the reason.
set -uo pipefail
cd "$(dirname "$0")/.."

folder=.cache/kubectl
release=trixie

reads_our_files() {
    "$1" version --client --output=json 2>/dev/null | grep -q '"kustomizeVersion": "v[5-9]'
}

if reads_our_files "$folder/kubectl" || reads_our_files kubectl; then
    exit 0
fi
if ! command -v mmdebstrap >/dev/null; then
    echo "Not installed: kubectl 1.27 or later. Put it on the PATH."
    exit 0
fi

unpacking=$(mktemp -d)
trap 'rm -rf "$unpacking"' EXIT

echo "Fetching kubectl"
if mmdebstrap --quiet --variant=extract --include=kubectl "$release" - 2>/dev/null |
    tar --extract --directory "$unpacking" ./usr/bin/kubectl 2>/dev/null &&
    reads_our_files "$unpacking/usr/bin/kubectl"; then
    mkdir -p "$folder"
    mv "$unpacking/usr/bin/kubectl" "$folder/kubectl"
else
    echo "mmdebstrap could not fetch it; the tests that need it will skip"
fi
