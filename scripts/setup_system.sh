#!/usr/bin/env bash
# Install the Debian packages that the tests run on, or say what to type.
#
#   scripts/setup_system.sh [PACKAGE...]
#
# Without names: all that are listed here. Never fails: where it may not install (no root, no apt, no
# network), the tests that need a part skip with the reason. Writes nothing but through apt-get.
set -uo pipefail

parts=(
    dataset-fashion-mnist                 # 60,000 + 10,000 pictures: training, evaluation, accuracy tests
    liberasurecode1                       # Swift, the S3 server of the tests, loads it
    buildah mmdebstrap                    # build the image, on a base made here
    podman conmon runc catatonit          # start the image, and a pod of it
    redis-server                          # counts rates for several workers
    nginx                                 # spreads requests over several services
    wrk                                   # the load that speed is measured under
    chromium fonts-dejavu-core            # looks at the pages
    jq                                    # reads the answers for the shell client of examples/clients
)
[ $# -eq 0 ] || parts=("$@")

missing=()
for part in "${parts[@]}"; do
    dpkg-query --show --showformat='${db:Status-Status}\n' "$part" 2>/dev/null | grep -qx installed || missing+=("$part")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" -ne 0 ] || ! command -v apt-get >/dev/null; then
    echo "Not installed: ${missing[*]}. On Debian and Ubuntu type: sudo apt-get install --no-install-recommends ${missing[*]}"
    exit 0
fi

install() {
    DEBIAN_FRONTEND=noninteractive apt-get install --yes --quiet=2 --no-install-recommends "${missing[@]}" >/dev/null
}

echo "Installing ${missing[*]}"
# A fresh machine knows no packages until its lists are fetched; where they are there, that is time saved.
install 2>/dev/null || { apt-get update --quiet=2 && install; } ||
    echo "apt-get could not install them; the tests that need them will skip"
