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

from model_store.entries import Entry
from model_store.errors import ManifestInvalid, NotFound, ReleaseCorrupt
from model_store.files import MANIFEST, SIGNATURE
from model_store.local import LocalRelease, check_claims
from model_store.manifest import VERSION_PATTERN, Manifest, parse_manifest
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
    return file_key(version, MANIFEST)


def promotion_key(number: int) -> str:
    """Where promotion `number` is, counted from 1."""
    return f"{PROMOTIONS}{number:08}.json"


def number_in(key: str) -> int | None:
    """The number of a promotion's key, if it is one's."""
    match = _PROMOTION_KEY.fullmatch(key)
    return int(match[1]) if match else None


@dataclass(frozen=True)
class Stored:
    """One folder under releases/.

    Attributes:
        version: its name.
        entries: what lies in it.
    """

    version: str
    entries: tuple[Entry, ...]

    @property
    def complete(self) -> bool:
        """It has a manifest; without one, its publishing has not ended."""
        return any(entry.key == manifest_key(self.version) for entry in self.entries)

    @property
    def size(self) -> int:
        """Bytes of all its files."""
        return sum(entry.size for entry in self.entries)

    @property
    def modified(self) -> datetime:
        """When it was last written to, by the store's clock."""
        return max(entry.modified for entry in self.entries)


@dataclass(frozen=True)
class ReleaseFiles:
    """A release's manifest, and its files wherever they are.

    Attributes:
        manifest: what it consists of.
        where: its address, for messages.
        read: a file's bytes, by its path in the release.
    """

    manifest: Manifest
    where: str
    read: Callable[[str], bytes]


def files_in_folder(release: LocalRelease) -> ReleaseFiles:
    """The files of a release in a folder."""
    return ReleaseFiles(
        release.manifest, str(release.folder), lambda path: (release.folder / path).read_bytes()
    )


def files_in_store(store: Store, manifest: Manifest) -> ReleaseFiles:
    """The files of a release in a store."""
    where = f"{store.address}/{release_prefix(manifest.version)}".rstrip("/")
    return ReleaseFiles(manifest, where, lambda path: store.read(file_key(manifest.version, path)))


def stored(store: Store) -> list[Stored]:
    """Everything under releases/, unfinished ones included, by version and so by age."""
    entries: dict[str, list[Entry]] = defaultdict(list)
    for entry in store.entries(RELEASES):
        if match := _RELEASE_KEY.fullmatch(entry.key):
            entries[match[1]].append(entry)
    return [Stored(version, tuple(entries[version])) for version in sorted(entries)]


def versions(store: Store) -> set[str]:
    """The releases that are complete."""
    return {release.version for release in stored(store) if release.complete}


@dataclass(frozen=True)
class SignedManifest:
    """The manifest of a release in a store, as it was read.

    Attributes:
        manifest: what the bytes say.
        text: its bytes.
        signature: over them; None where none was read.
        where: its address, for messages.
    """

    manifest: Manifest
    text: bytes
    signature: bytes | None
    where: str


def read_manifest(store: Store, version: str) -> Manifest:
    """Read the manifest of a release and check what it can show by itself; see `read_signed`."""
    return read_signed(store, version, None).manifest


def read_signed(store: Store, version: str, trusted: TrustedKeys | None) -> SignedManifest:
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
    where = f"{store.address}/{key}"
    try:
        text = store.read(key)
    except NotFound as error:
        raise NotFound(f"{where}: no such release here. `releases list` shows those that are.") from error
    if trusted is not None:  # else not asked for: S3 answers 403 for a missing key without s3:ListBucket
        with suppress(NotFound):
            signature = store.read(file_key(version, SIGNATURE))
        trusted.check(text, signature, where)
    manifest = parse_manifest(text, where)
    if manifest.version != version:
        raise ManifestInvalid(f"{where}: version: says {manifest.version}, but it lies under {version}.")
    check_claims(manifest, where)
    return SignedManifest(manifest, text, signature, where)


def check_complete(store: Store, manifest: Manifest) -> None:
    """Check that the manifest and every file that it names is in the store, by size, with one listing.

    Raises:
        ReleaseCorrupt: one is missing or of another size; the message names it.
    """
    prefix = release_prefix(manifest.version)
    sizes = {entry.key.removeprefix(prefix): entry.size for entry in store.entries(prefix)}
    if MANIFEST not in sizes:
        raise ReleaseCorrupt(
            f"{store.address}/{prefix}{MANIFEST}: is missing. Publish the release again, which completes it."
        )
    for path, expected in manifest.files.items():
        if sizes.get(path) != expected.size:
            raise ReleaseCorrupt(
                f"{store.address}/{prefix}{path}: {sizes.get(path, 'no')} bytes are there, "
                f"not {expected.size} as in the manifest. Publish the release again, which replaces it."
            )
