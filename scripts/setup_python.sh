#!/usr/bin/env bash
# Print the path of a Python that Wardrobe runs on, or say in one line that there is none.
#
#   scripts/setup_python.sh [PYTHON]
#
# A PYTHON that is named must fit; else the shell's own python3 is preferred to a versioned one,
# since it is what the user chose (pyenv, conda). A candidate is run, not only found: pyenv leaves
# names on the PATH that answer nothing. Writes nothing.
set -euo pipefail

wanted="3.11 to 3.13"  # requires-python in pyproject.toml

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

fits() {
    case "$1" in 3.11 | 3.12 | 3.13) ;; *) return 1 ;; esac
}

say() {
    echo "wardrobe: $*" >&2
    exit 1
}

main() {
    local candidate version seen=""
    for candidate in ${1:-python3 python3.11 python3.12 python3.13}; do
        version=$(version_of "$candidate")
        if fits "$version"; then
            command -v "$candidate"
            return
        fi
        [ -z "$version" ] || seen="${seen:+$seen, }$candidate is Python $version"
    done
    say "Python $wanted is needed, but ${seen:-there is no ${1:-python3} that runs}; name one as in: make serve PYTHON=/path/to/python3.11"
}

main "$@"
