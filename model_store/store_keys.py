"""The keys of a store: releases/<version>/<path> and promotions/<number>.json, and the releases under them.

The store is only read. publish.py makes a release current and removes old ones.
docs/reference/release-format.md is the page for readers.
"""

import re
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from model_store.entries import StoreEntry
from model_store.errors import ManifestInvalid, NotFound, ReleaseCorrupt
from model_store.local_releases import LocalRelease, check_manifest
from model_store.manifest import VERSION_PATTERN, Manifest, parse_manifest
from model_store.release_files import MANIFEST_FILE, SIGNATURE_FILE
from model_store.signing import TrustedKeys
from model_store.store import Store

RELEASES = "releases/"
"""Beginning of the keys of releases."""

PROMOTIONS = "promotions/"
"""Beginning of the keys of promotions."""

PROBES = "probe-"
"""Beginning of a key with which a writer finds out whether the store honours conditional writes. It is
deleted at once. It is in no folder of its own, since one writer could remove that folder while another one
creates a key in it."""

_RELEASE_KEY = re.compile(rf"{RELEASES}({VERSION_PATTERN})/.+")
_PROMOTION_KEY = re.compile(rf"{PROMOTIONS}(\d{{8}})\.json")


def release_prefix(version: str) -> str:
    """Return the key prefix of the files of a release.

    Raises:
        NotFound: the text is not a version.
    """
    if not re.fullmatch(VERSION_PATTERN, version):
        raise NotFound(f"{version!r} is no version; one looks like 20261120T101500Z-3f9a1c2e.")
    return f"{RELEASES}{version}/"


def file_key(version: str, path: str) -> str:
    """Return the key of one file of a release."""
    return release_prefix(version) + path


def manifest_key(version: str) -> str:
    """Return the key of a release's manifest. A release without a manifest is unfinished."""
    return file_key(version, MANIFEST_FILE)


def promotion_key(number: int) -> str:
    """Return the key of a promotion. Numbers are counted from 1."""
    return f"{PROMOTIONS}{number:08}.json"


def parse_promotion_number(key: str) -> int | None:
    """Return the number of a promotion from its key; None if the key is not that of a promotion."""
    match = _PROMOTION_KEY.fullmatch(key)
    return int(match[1]) if match else None


@dataclass(frozen=True)
class StoredRelease:
    """One folder under releases/ in a store.

    Attributes:
        version: the name of the folder.
        entries: the files in it.
    """

    version: str
    entries: tuple[StoreEntry, ...]

    @property
    def is_complete(self) -> bool:
        """Whether it has a manifest. Without one, its publishing has not ended."""
        return any(entry.key == manifest_key(self.version) for entry in self.entries)

    @property
    def size(self) -> int:
        """Number of bytes of all its files."""
        return sum(entry.size for entry in self.entries)

    @property
    def modified_at(self) -> datetime:
        """Time of the last write to it, by the clock of the store."""
        return max(entry.modified_at for entry in self.entries)


@dataclass(frozen=True)
class ReleaseFiles:
    """The manifest of a release, and access to its files wherever they are.

    Attributes:
        manifest: the manifest.
        address: the folder or the address in a store, for messages.
        read_file: returns the bytes of a file, by its path in the release.
    """

    manifest: Manifest
    address: str
    read_file: Callable[[str], bytes]


def files_in_folder(release: LocalRelease) -> ReleaseFiles:
    """Return the files of a release in a folder."""
    return ReleaseFiles(
        release.manifest, str(release.folder), lambda path: (release.folder / path).read_bytes()
    )


def files_in_store(store: Store, manifest: Manifest) -> ReleaseFiles:
    """Return the files of a release in a store."""
    address = f"{store.address}/{release_prefix(manifest.version)}".rstrip("/")
    return ReleaseFiles(manifest, address, lambda path: store.read(file_key(manifest.version, path)))


def list_releases(store: Store) -> list[StoredRelease]:
    """List everything under releases/, including unfinished releases, by version and so by age."""
    entries: dict[str, list[StoreEntry]] = defaultdict(list)
    for entry in store.list_entries(RELEASES):
        if match := _RELEASE_KEY.fullmatch(entry.key):
            entries[match[1]].append(entry)
    return [StoredRelease(version, tuple(entries[version])) for version in sorted(entries)]


def list_complete_versions(store: Store) -> set[str]:
    """List the versions of the complete releases."""
    return {release.version for release in list_releases(store) if release.is_complete}


@dataclass(frozen=True)
class SignedManifest:
    """The manifest of a release in a store, as it was read.

    Attributes:
        manifest: the parsed manifest.
        content: its exact bytes.
        signature: the signature of these bytes; None if it was not read.
        address: the address of the manifest, for messages.
    """

    manifest: Manifest
    content: bytes
    signature: bytes | None
    address: str


def read_manifest(store: Store, version: str) -> Manifest:
    """Read the manifest of a release, and check everything that it can show by itself.

    Raises:
        StoreError: as in `read_signed_manifest`.
    """
    return read_signed_manifest(store, version, None).manifest


def read_signed_manifest(store: Store, version: str, trusted: TrustedKeys | None) -> SignedManifest:
    """Read the manifest of a release with its signature, and check everything that it can show by itself.

    Args:
        store: the store.
        version: the version of the release.
        trusted: the keys of which one must have signed it. The signature is checked before anything in the
            manifest is believed. None if no signature is required.

    Raises:
        NotFound: there is no such release, or its publishing has not ended.
        SignatureMissing, SignatureWrong: no trusted key has signed it.
        ManifestInvalid, ManifestTooNew: the manifest cannot be read here.
        ReleaseCorrupt: the manifest belongs to other files.
    """
    key, signature = manifest_key(version), None
    address = f"{store.address}/{key}"
    try:
        text = store.read(key)
    except NotFound as error:
        raise NotFound(f"{address}: no such release here. `releases list` shows those that are.") from error
    if trusted is not None:  # not read otherwise: without s3:ListBucket, S3 answers 403 for a missing key
        with suppress(NotFound):
            signature = store.read(file_key(version, SIGNATURE_FILE))
        trusted.check_signature(text, signature, address)
    manifest = parse_manifest(text, address)
    if manifest.version != version:
        raise ManifestInvalid(f"{address}: version: says {manifest.version}, but it lies under {version}.")
    check_manifest(manifest, address)
    return SignedManifest(manifest, text, signature, address)


def check_release_complete(store: Store, manifest: Manifest) -> None:
    """Check with one listing that the manifest and every file in it are in the store with the right size.

    Raises:
        ReleaseCorrupt: a file is missing or has another size. The message names it.
    """
    prefix = release_prefix(manifest.version)
    sizes = {entry.key.removeprefix(prefix): entry.size for entry in store.list_entries(prefix)}
    if MANIFEST_FILE not in sizes:
        raise ReleaseCorrupt(
            f"{store.address}/{prefix}{MANIFEST_FILE}: is missing. Publish the release again, which "
            "completes it."
        )
    for path, expected in manifest.files.items():
        if sizes.get(path) != expected.size:
            raise ReleaseCorrupt(
                f"{store.address}/{prefix}{path}: {sizes.get(path, 'no')} bytes are there, "
                f"not {expected.size} as in the manifest. Publish the release again, which replaces it."
            )
