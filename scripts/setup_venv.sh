#!/usr/bin/env bash
# Put the packages of one lock file into a virtual environment, made first where there is none.
#
#   scripts/setup_venv.sh FOLDER LOCK [PYTHON]
#
# uv installs, since it is five times as quick as pip; it is fetched by hash into .cache/uv. Where uv
# cannot reach an index that pip can (it does not read pip's configuration), pip takes over. Both
# insist on the hashes. Writes to FOLDER and .cache/uv alone.
set -euo pipefail
cd "$(dirname "$0")/.."

folder=$1
lock=$2
python=$folder/bin/python
uv=.cache/uv/bin/uv

say() {
    echo "wardrobe: $*" >&2
    exit 1
}

make_folder() {
    local interpreter
    interpreter=$(scripts/setup_python.sh "$lock" "$1")
    "$interpreter" -c 'import venv, ensurepip' 2>/dev/null ||
        say "$interpreter cannot make virtual environments; on Debian and Ubuntu type: apt-get install python3-venv"
    "$interpreter" -m venv --clear "$folder"
}

pip() {
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$python" -m pip --quiet install --require-hashes "$@"
}

fetch_uv() {
    local ours
    ours=$(sed -n 's/^uv==\([^ ]*\).*/\1/p' requirements/installer.txt)
    case "$("$uv" --version 2>/dev/null)" in "uv $ours" | "uv $ours "*) return ;; esac
    rm -rf .cache/uv
    pip --target .cache/uv -r requirements/installer.txt
}

# Runs as a whole environment only if its interpreter still does: a pyenv version may be gone.
"$python" -c '' 2>/dev/null || make_folder "${3:-}"
scripts/setup_python.sh "$lock" "$python" >/dev/null 2>&1 ||
    say "$lock has no packages for the Python in $folder; type make clean, then add PYTHON=/path/to/python3.12"

echo "Installing $lock into $folder"
if ! { fetch_uv && "$uv" pip install --quiet --python "$python" --require-hashes -r "$lock"; }; then
    echo "uv could not install it; trying pip"
    pip -r "$lock" || say "$lock could not be installed: see pip's words above; a package index must be reachable once"
fi

# The command `wardrobe`, of this checkout. uv contains the build backend: nothing is downloaded.
if [ "$folder" = .venv ] && [ ! -x "$folder/bin/wardrobe" ]; then
    "$uv" pip install --quiet --python "$python" --offline --no-deps --editable . ||
        echo "The command wardrobe could not be installed; python -m scripts is the same"
fi
