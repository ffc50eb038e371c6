"""The keys under which a store has its files, and functions that list and read the releases under them.

The files of a release have keys such as `releases/20261120T101500Z-3f9a1c2e/model.onnx`. The promotions,
which are the records that make a release current, have keys such as `promotions/00000042.json`. Nothing here
writes to a store. docs/reference/release-format.md lists all keys.
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
"""Beginning of the keys of all files of releases."""

PROMOTIONS = "promotions/"
"""Beginning of the keys of promotions, the records that make a release current."""

PROBES = "probe-"
"""Beginning of the keys of probes. A writer creates a probe twice to find out whether the store refuses to
overwrite it, and deletes it at once. Probes have no folder of their own, since one writer could remove that
folder while another one creates a probe in it."""

_RELEASE_KEY = re.compile(rf"{RELEASES}({VERSION_PATTERN})/.+")
_PROMOTION_KEY = re.compile(rf"{PROMOTIONS}(\d{{8}})\.json")


def make_release_prefix(version: str) -> str:
    """Return the beginning of the keys of all files of a release, `releases/VERSION/`.

    Raises:
        NotFound: `version` does not have the form of a version.
    """
    if not re.fullmatch(VERSION_PATTERN, version):
        raise NotFound(f"{version!r} is no version; one looks like 20261120T101500Z-3f9a1c2e.")
    return f"{RELEASES}{version}/"


def make_file_key(version: str, path: str) -> str:
    """Return the key under which a store has one file of a release.

    Args:
        path: the path of the file, relative to the folder of the release.
    """
    return make_release_prefix(version) + path


def make_manifest_key(version: str) -> str:
    """Return the key under which a store has the manifest of a release.

    A release whose manifest is missing is still being uploaded, or its upload failed.
    """
    return make_file_key(version, MANIFEST_FILE)


def make_promotion_key(number: int) -> str:
    """Return the key of a promotion (the record that makes a release current) from its number, 1 or more."""
    return f"{PROMOTIONS}{number:08}.json"


def parse_promotion_number(key: str) -> int | None:
    """Return the number of a promotion from its key; None if the key is not the key of a promotion."""
    match = _PROMOTION_KEY.fullmatch(key)
    return int(match[1]) if match else None


@dataclass(frozen=True)
class StoredRelease:
    """The files of one release in a store, as a listing shows them. The release may be incomplete.

    Attributes:
        version: the version of the release.
        entries: the files with their keys, sizes and times.
    """

    version: str
    entries: tuple[StoreEntry, ...]

    @property
    def is_complete(self) -> bool:
        """Whether the release has a manifest, which is uploaded last."""
        return any(entry.key == make_manifest_key(self.version) for entry in self.entries)

    @property
    def size(self) -> int:
        """Total size of the files in bytes."""
        return sum(entry.size for entry in self.entries)

    @property
    def modified_at(self) -> datetime:
        """Time of the last write to a file of the release, by the clock of the store."""
        return max(entry.modified_at for entry in self.entries)


@dataclass(frozen=True)
class ReleaseFiles:
    """The manifest of a release, and a function that reads its files from a folder or a store.

    Attributes:
        manifest: the parsed manifest.
        address: the folder, or the address in the store, for messages.
        read_file: a function that takes a path within the release, and returns the bytes of the file.
    """

    manifest: Manifest
    address: str
    read_file: Callable[[str], bytes]


def make_folder_release_files(release: LocalRelease) -> ReleaseFiles:
    """Return the manifest of a release in a local folder, with a function that reads its files."""
    return ReleaseFiles(
        release.manifest, str(release.folder), lambda path: (release.folder / path).read_bytes()
    )


def make_store_release_files(store: Store, manifest: Manifest) -> ReleaseFiles:
    """Return the manifest of a release in a store, with a function that reads its files."""
    address = f"{store.address}/{make_release_prefix(manifest.version)}".rstrip("/")
    return ReleaseFiles(manifest, address, lambda path: store.read(make_file_key(manifest.version, path)))


def list_releases(store: Store) -> list[StoredRelease]:
    """Return all releases in a store, including incomplete ones, sorted by version and so by age."""
    entries: dict[str, list[StoreEntry]] = defaultdict(list)
    for entry in store.list_entries(RELEASES):
        if match := _RELEASE_KEY.fullmatch(entry.key):
            entries[match[1]].append(entry)
    return [StoredRelease(version, tuple(entries[version])) for version in sorted(entries)]


def list_complete_versions(store: Store) -> set[str]:
    """Return the versions of the releases in a store that have a manifest, which is uploaded last."""
    return {release.version for release in list_releases(store) if release.is_complete}


@dataclass(frozen=True)
class SignedManifest:
    """The manifest of a release in a store, parsed and as the bytes that were signed.

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
    """Read the manifest of a release in a store, and check it without its other files.

    Raises:
        StoreError: as in `read_signed_manifest`.
    """
    return read_signed_manifest(store, version, None).manifest


def read_signed_manifest(store: Store, version: str, trusted_keys: TrustedKeys | None) -> SignedManifest:
    """Read the manifest of a release in a store, check its signature, then check its content.

    Args:
        trusted_keys: the public keys of which one must have signed the manifest; None if no signature is
            required. The signature is checked before the manifest is parsed.

    Raises:
        NotFound: there is no such release, or its upload has not ended.
        SignatureMissing, SignatureWrong: no trusted key has signed it.
        ManifestInvalid, ManifestTooNew: the manifest cannot be read here.
        ReleaseCorrupt: the manifest belongs to other files.
    """
    key = make_manifest_key(version)
    signature = None
    address = f"{store.address}/{key}"
    try:
        text = store.read(key)
    except NotFound as error:
        raise NotFound(f"{address}: no such release here. `releases list` shows those that are.") from error
    # Read the signature only if one is required. Without s3:ListBucket, S3 answers 403 for a missing key, so
    # that an unsigned release could not be served.
    if trusted_keys is not None:
        with suppress(NotFound):
            signature = store.read(make_file_key(version, SIGNATURE_FILE))
        trusted_keys.check_signature(text, signature, address)
    manifest = parse_manifest(text, address)
    if manifest.version != version:
        raise ManifestInvalid(f"{address}: version: says {manifest.version}, but it lies under {version}.")
    check_manifest(manifest, address)
    return SignedManifest(manifest, text, signature, address)


def check_release_complete(store: Store, manifest: Manifest) -> None:
    """Check that a store has the manifest and every file of a release, each with the right size.

    One listing is enough: no file is read.

    Raises:
        ReleaseCorrupt: a file is missing or has another size. The message names it.
    """
    prefix = make_release_prefix(manifest.version)
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
