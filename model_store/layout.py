"""The keys of a store: releases/<version>/<path>, promotions/<number>.json, and probes/ for a moment.

Pure spelling. The page for readers: docs/release-format.md.
"""

import re

from model_store.errors import NotFound
from model_store.files import MANIFEST, SIGNATURE
from model_store.manifest import VERSION_PATTERN

RELEASES = "releases/"
PROMOTIONS = "promotions/"
PROBES = "probes/"
"""Where a writer tries whether the store honours conditional writes; nothing stays there."""
_RELEASE_KEY = re.compile(rf"{RELEASES}({VERSION_PATTERN})/.+")
_PROMOTION_KEY = re.compile(rf"{PROMOTIONS}(\d{{8}})\.json")


def release_prefix(version: str) -> str:
    """Where the files of a release are.

    Raises:
        NotFound: no release can be called that.
    """
    if not re.fullmatch(VERSION_PATTERN, version):
        raise NotFound(f"{version!r} is no version; one looks like 20261120T101500Z-3f9a1c2e.")
    return f"{RELEASES}{version}/"


def file_key(version: str, path: str) -> str:
    """Where one file of a release is."""
    return release_prefix(version) + path


def manifest_key(version: str) -> str:
    """Where the manifest of a release is; a release without one is unfinished."""
    return file_key(version, MANIFEST)


def signature_key(version: str) -> str:
    """Where the signature over that manifest is, if there is one."""
    return file_key(version, SIGNATURE)


def promotion_key(number: int) -> str:
    """Where promotion `number` is, counted from 1."""
    return f"{PROMOTIONS}{number:08}.json"


def version_in(key: str) -> str | None:
    """The version that a key belongs to, if it is a release's."""
    match = _RELEASE_KEY.fullmatch(key)
    return match[1] if match else None


def number_in(key: str) -> int | None:
    """The number of a promotion's key, if it is one's."""
    match = _PROMOTION_KEY.fullmatch(key)
    return int(match[1]) if match else None
