"""Which keys a store holds, and which releases: releases/<version>/<path> and promotions/<number>.json.

Reads the store, writes nothing. Making a release current and removing old ones: publish.py. The page for
readers: docs/reference/release-format.md.
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
PROMOTIONS = "promotions/"
PROBES = "probe-"
"""Begins a key by which a writer tries whether the store honours conditional writes; it is deleted at once.
In no folder of its own: one writer could remove that while another one creates a key in it."""
_RELEASE_KEY = re.compile(rf"{RELEASES}({VERSION_PATTERN})/.+")
_PROMOTION_KEY = re.compile(rf"{PROMOTIONS}(\d{{8}})\.json")


def release_prefix(version: str) -> str:
    """Where the files of a release are.

    Raises:
        NotFound: that is no version.
    """
    if not re.fullmatch(VERSION_PATTERN, version):
        raise NotFound(f"{version!r} is no version; one looks like 20261120T101500Z-3f9a1c2e.")
    return f"{RELEASES}{version}/"


def file_key(version: str, path: str) -> str:
    """Where one file of a release is."""
    return release_prefix(version) + path


def manifest_key(version: str) -> str:
    """Where the manifest of a release is; a release without one is unfinished."""
    return file_key(version, MANIFEST_FILE)


def promotion_key(number: int) -> str:
    """Where promotion `number` is, counted from 1."""
    return f"{PROMOTIONS}{number:08}.json"


def parse_promotion_number(key: str) -> int | None:
    """The number of a promotion's key, if it is one's."""
    match = _PROMOTION_KEY.fullmatch(key)
    return int(match[1]) if match else None


@dataclass(frozen=True)
class StoredRelease:
    """One folder under releases/.

    Attributes:
        version: its name.
        entries: what lies in it.
    """

    version: str
    entries: tuple[StoreEntry, ...]

    @property
    def is_complete(self) -> bool:
        """It has a manifest; without one, its publishing has not ended."""
        return any(entry.key == manifest_key(self.version) for entry in self.entries)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(entry.size for entry in self.entries)

    @property
    def modified_at(self) -> datetime:
        """When it was last written to, by the store's clock."""
        return max(entry.modified_at for entry in self.entries)


@dataclass(frozen=True)
class ReleaseFiles:
    """A release's manifest, and its files wherever they are.

    Attributes:
        manifest: what it consists of.
        address: its address, for messages.
        read_file: a file's bytes, by its path in the release.
    """

    manifest: Manifest
    address: str
    read_file: Callable[[str], bytes]


def files_in_folder(release: LocalRelease) -> ReleaseFiles:
    """The files of a release in a folder."""
    return ReleaseFiles(
        release.manifest, str(release.folder), lambda path: (release.folder / path).read_bytes()
    )


def files_in_store(store: Store, manifest: Manifest) -> ReleaseFiles:
    """The files of a release in a store."""
    address = f"{store.address}/{release_prefix(manifest.version)}".rstrip("/")
    return ReleaseFiles(manifest, address, lambda path: store.read(file_key(manifest.version, path)))


def list_releases(store: Store) -> list[StoredRelease]:
    """Everything under releases/, unfinished ones included, by version and so by age."""
    entries: dict[str, list[StoreEntry]] = defaultdict(list)
    for entry in store.list_entries(RELEASES):
        if match := _RELEASE_KEY.fullmatch(entry.key):
            entries[match[1]].append(entry)
    return [StoredRelease(version, tuple(entries[version])) for version in sorted(entries)]


def list_complete_versions(store: Store) -> set[str]:
    """The releases that are complete."""
    return {release.version for release in list_releases(store) if release.is_complete}


@dataclass(frozen=True)
class SignedManifest:
    """The manifest of a release in a store, as it was read.

    Attributes:
        manifest: what the bytes say.
        content: its bytes.
        signature: over them; None where none was read.
        address: its address, for messages.
    """

    manifest: Manifest
    content: bytes
    signature: bytes | None
    address: str


def read_manifest(store: Store, version: str) -> Manifest:
    """Read the manifest of a release and check what it can show by itself; see `read_signed_manifest`."""
    return read_signed_manifest(store, version, None).manifest


def read_signed_manifest(store: Store, version: str, trusted: TrustedKeys | None) -> SignedManifest:
    """Read the manifest of a release, and check what it can show by itself.

    Args:
        store: where it is.
        version: of the release.
        trusted: whose signature it has to carry, before anything in it is believed; None asks for none.

    Raises:
        NotFound: there is no such release, or its publishing has not ended.
        SignatureMissing, SignatureWrong: no trusted key has made its signature.
        ManifestInvalid, ManifestTooNew: it is none that is read here.
        ReleaseCorrupt: it belongs to other files.
    """
    key, signature = manifest_key(version), None
    address = f"{store.address}/{key}"
    try:
        text = store.read(key)
    except NotFound as error:
        raise NotFound(f"{address}: no such release here. `releases list` shows those that are.") from error
    if trusted is not None:  # else not asked for: S3 answers 403 for a missing key without s3:ListBucket
        with suppress(NotFound):
            signature = store.read(file_key(version, SIGNATURE_FILE))
        trusted.check_signature(text, signature, address)
    manifest = parse_manifest(text, address)
    if manifest.version != version:
        raise ManifestInvalid(f"{address}: version: says {manifest.version}, but it lies under {version}.")
    check_manifest(manifest, address)
    return SignedManifest(manifest, text, signature, address)


def check_release_complete(store: Store, manifest: Manifest) -> None:
    """Check that the manifest and every file that it names is in the store, by size, with one listing.

    Raises:
        ReleaseCorrupt: one is missing or of another size; the message names it.
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
