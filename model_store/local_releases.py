"""A release, or a bare artifact, in a folder on this machine: find it, and verify that it is whole.

A release has exactly the files of its manifest. A bare artifact is one `.keras` file and one `.json` file
with metrics, without a manifest, as somebody might upload them by hand. Folders are only read. cache.py
brings either of them here from a store, signing.py checks who made a manifest, and inference/classifier.py
checks the answers of a model.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path, PurePath

from inference.contract import NetworkName
from model_store.errors import NotFound, NothingPromoted, ReleaseCorrupt
from model_store.manifest import FileEntry, Manifest, parse_manifest
from model_store.release_files import (
    LINE_ENDINGS_ADVICE,
    MANIFEST_FILE,
    REPORT_FILE,
    UNLISTED_FILES,
    check_safe_formats,
    fingerprint_file,
    has_other_line_endings,
    hash_release_files,
)
from model_store.signing import TrustedKeys, read_signature

BUNDLED_FOLDER = Path(__file__).with_name("bundled")
"""Path of the folder with the release that comes with this package."""

MAX_RELEASE_BYTES = 4 << 30
"""Largest total size in bytes of the files of a release, according to its manifest. Usual releases have 3 MB.
The limit keeps a wrong manifest from filling the disk."""


@dataclass(frozen=True)
class LocalRelease:
    """A release in a local folder, verified: the folder contains exactly the files of its manifest.

    Attributes:
        folder: the path of the folder.
        manifest: the parsed manifest.json.
    """

    folder: Path
    manifest: Manifest

    @property
    def version(self) -> str:
        """The version of the release, such as `20261120T101500Z-3f9a1c2e`."""
        return self.manifest.version

    def get_graph_path(self, name: NetworkName) -> Path:
        """Return the path of the ONNX graph that answers one kind of input.

        Args:
            name: "pixels" or "photos". If the release has only one network, its graph answers both.
        """
        return self.folder / self.manifest.get_network(name).graph


@dataclass(frozen=True)
class BareArtifact:
    """A model and its metrics in a folder without a manifest, as a person uploaded them.

    No hash protects the two files.

    Attributes:
        folder: the path of the folder.
        model: the path of a `.keras` file in the folder.
        report: the path of a JSON file with metrics in the folder, of any form.
        version: `bare-` and the first eight digits of the hash of both files.
    """

    folder: Path
    model: Path
    report: Path
    version: str


def open_bundled_release() -> LocalRelease:
    """Verify and return the release that is part of this package.

    Raises:
        NotFound: this copy of the package has none.
    """
    return open_release(BUNDLED_FOLDER)


def open_release(folder: Path, trusted_keys: TrustedKeys | None = None) -> LocalRelease:
    """Read the manifest of a release in a folder, and verify all files with it.

    Args:
        trusted_keys: the public keys of which one must have signed the release; None if no signature is
            required.

    Raises:
        NotFound: the folder has no manifest.json.
        ManifestInvalid, ManifestTooNew: the manifest cannot be read here.
        ReleaseCorrupt: a file differs from its entry in the manifest.
        UnsafeFormat: the manifest names a format that can run code when it is read.
        SignatureMissing, SignatureWrong: a signature is required, and no trusted key has made one.
    """
    path = folder / MANIFEST_FILE
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{path}: no such file, so {folder} is no release.") from error
    if trusted_keys is not None:
        trusted_keys.check_signature(text, read_signature(folder), str(path))
    manifest = parse_manifest(text, str(path))
    verify_release(folder, manifest)
    return LocalRelease(folder, manifest)


def verify_release(folder: Path, manifest: Manifest) -> None:
    """Check that a folder contains exactly the files of a manifest, with the right sizes and sha256 hashes.

    Raises:
        UnsafeFormat: the manifest names a format that can run code when it is read.
        ReleaseCorrupt: there is a difference. The message names the file and the expected value.
    """
    check_manifest(manifest, str(folder))
    _check_listing(folder, manifest)
    for path, expected in sorted(manifest.files.items()):
        _check_file(folder / path, expected)


def check_manifest(manifest: Manifest, address: str) -> None:
    """Check a manifest without opening any file: the names, formats and sizes of files, and the version.

    Args:
        address: the folder or address of the release, for messages.

    Raises:
        UnsafeFormat: it names a format that can run code when it is read.
        ReleaseCorrupt: a required file is not in it, a path is the folder of another one, the files are
            larger than MAX_RELEASE_BYTES, or the version belongs to other files.
    """
    check_safe_formats(manifest.files, address)
    claimed = sum(entry.size for entry in manifest.files.values())
    if claimed > MAX_RELEASE_BYTES:
        raise ReleaseCorrupt(
            f"{address}: files of {claimed} bytes, but at most {MAX_RELEASE_BYTES} are taken."
        )
    names = manifest.files.keys() | UNLISTED_FILES
    if both := sorted(names & {str(folder) for name in names for folder in PurePath(name).parents}):
        raise ReleaseCorrupt(
            f"{address}: {both[0]} is a file and a folder in {MANIFEST_FILE}, which no file system can hold. "
            "Seal the release again."
        )
    networks = manifest.networks.values()
    required = [path for network in networks for path in (network.artifact, network.graph)] + [REPORT_FILE]
    for name in required:
        if name not in manifest.files:
            raise ReleaseCorrupt(
                f"{address}: {name} is not in {MANIFEST_FILE}; such a release has {', '.join(required)}."
            )
    expected = hash_release_files(manifest.files)[:8]
    ending = manifest.version.rpartition("-")[2]
    if expected != ending:
        raise ReleaseCorrupt(
            f"{address}: version {manifest.version} ends in {ending}, but its files hash to {expected}. "
            "The manifest was changed after the release was made; publish the release again."
        )


def _check_listing(folder: Path, manifest: Manifest) -> None:
    if not folder.is_dir():
        raise ReleaseCorrupt(f"{folder}: no such folder.")
    paths = list(folder.rglob("*"))
    if links := [path for path in paths if path.is_symlink()]:
        raise ReleaseCorrupt(
            f"{links[0]}: a link, but a release holds its files itself. Copy the file there."
        )
    names = {path.relative_to(folder).as_posix() for path in paths if not path.is_dir()} - UNLISTED_FILES
    if missing := sorted(manifest.files.keys() - names):
        raise ReleaseCorrupt(
            f"{folder}: {', '.join(missing)} missing, though {MANIFEST_FILE} names it. Copy the release "
            "again."
        )
    if extra := sorted(names - manifest.files.keys()):
        raise ReleaseCorrupt(
            f"{folder}: {', '.join(extra)} is not in {MANIFEST_FILE}. Move it out of the release."
        )


def _check_file(path: Path, expected: FileEntry) -> None:
    actual = fingerprint_file(path)
    if actual != expected and has_other_line_endings(path, expected):
        raise ReleaseCorrupt(f"{path}: {LINE_ENDINGS_ADVICE.format(folder=path.parent.name)}")
    if actual.size != expected.size:
        raise ReleaseCorrupt(
            f"{path}: {actual.size} bytes, but {MANIFEST_FILE} says {expected.size}. Copy the release again."
        )
    if actual.sha256 != expected.sha256:
        raise ReleaseCorrupt(
            f"{path}: sha256 {actual.sha256}, but {MANIFEST_FILE} says {expected.sha256}. Copy the release "
            "again."
        )


def open_bare_artifact(folder: Path) -> BareArtifact:
    """Return the bare artifact of a folder: its only `.keras` file and its only JSON file of metrics.

    The version of the artifact is `bare-` and the beginning of a hash of both files.

    Args:
        folder: the folder with both files. Files of other formats are ignored.

    Raises:
        NothingPromoted: the folder has neither.
        ReleaseCorrupt: one of them is missing, or there are several. The message names them.
        UnsafeFormat: the folder contains a format that can run code when it is read.
    """
    names = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    model, report = (folder / name for name in choose_artifact_files(names, str(folder)))
    version = (
        f"bare-{hash_release_files({path.name: fingerprint_file(path) for path in (model, report)})[:8]}"
    )
    return BareArtifact(folder, model, report, version)


def choose_artifact_files(names: Collection[str], address: str) -> tuple[str, str]:
    """Return the file name of the model and of its metrics among the names in a folder or below a prefix.

    Args:
        names: the file names, without folders.
        address: the folder or the prefix, for messages.

    Raises:
        NothingPromoted: there is neither a release nor a model.
        UnsafeFormat: a file has a format that can run code when it is read. The message says how to convert
            it.
        ReleaseCorrupt: there are no metrics beside the model, or several of either. The message names them.
    """
    check_safe_formats(names, address)
    models = sorted(name for name in names if name.lower().endswith(".keras"))
    reports = sorted(name for name in names if name.lower().endswith(".json"))
    if not models:
        raise NothingPromoted(
            f"{address}: neither a promoted release nor a .keras file is here. "
            "Publish a release (wardrobe publish), or correct the address."
        )
    return _choose_only_file(models, ".keras", address), _choose_only_file(reports, ".json", address)


def _choose_only_file(names: list[str], suffix: str, address: str) -> str:
    if not names:
        raise ReleaseCorrupt(
            f"{address}: a model without its metrics. Put one {suffix} file beside it, or publish a release."
        )
    if len(names) > 1:
        raise ReleaseCorrupt(
            f"{address}: {len(names)} {suffix} files ({', '.join(names)}), and nothing says which is meant. "
            "Leave one, or publish a release."
        )
    return names[0]
