#!/usr/bin/env bash
# Build the container image with buildah or, where that is not there, docker.
#
#   scripts/build_image.sh NAME [FLAG...]
#
# Flags go to the builder as they are: -v mounts, --build-arg BASE=...
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
shift
revision=$(git rev-parse HEAD 2>/dev/null || echo unknown)
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' pyproject.toml)

if command -v buildah >/dev/null; then
    # chroot: builds where no container engine may run. docker format: OCI has no HEALTHCHECK.
    builder=(buildah build --isolation chroot --format docker)
elif command -v docker >/dev/null; then
    builder=(docker build)
else
    echo "wardrobe: neither buildah nor docker is here; on Debian and Ubuntu type: apt-get install buildah" >&2
    exit 1
fi
"${builder[@]}" --build-arg "REVISION=$revision" --build-arg "VERSION=$version" --tag "$name" "$@" .
