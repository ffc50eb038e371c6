#!/usr/bin/env bash
# Print the path of a Python that a lock file installs on, or say in one line that there is none.
#
#   scripts/setup_python.sh LOCK [PYTHON]
#
# A PYTHON that is named must fit; else the shell's own python3 is preferred to a versioned one,
# since it is what the user chose (pyenv, conda). A candidate is run, not only found: pyenv leaves
# names on the PATH that answer nothing. Writes nothing.
set -euo pipefail

oldest=11 # requires-python in pyproject.toml

# Serving and labelling run on every Python of pyproject.toml. TensorFlow 2.21, which training and
# tests need, has no wheels for Python 3.14.
newest_for() {
    case "$1" in
        requirements/serve.txt | requirements/label.txt | requirements/scale.txt) echo 14 ;;
        *) echo 13 ;;
    esac
}

version_of() {
    "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || true
}

fits() {
    local minor=${1#3.}
    case "$1" in 3.*) [ "$minor" -ge "$oldest" ] && [ "$minor" -le "$newest" ] ;; *) return 1 ;; esac
}

say() {
    echo "wardrobe: $*" >&2
    exit 1
}

main() {
    local lock=$1 newest candidate version seen=""
    newest=$(newest_for "$lock")
    for candidate in ${2:-python3 python3.11 python3.12 python3.13 python3.14}; do
        version=$(version_of "$candidate")
        if fits "$version"; then
            command -v "$candidate"
            return
        fi
        [ -z "$version" ] || seen="${seen:+$seen, }$candidate is Python $version"
    done
    say "$lock needs Python 3.$oldest to 3.$newest, but ${seen:-there is no ${2:-python3} that runs}; name one with PYTHON=/path/to/python3.12"
}

main "$@"
