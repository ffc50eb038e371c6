"""Is this folder exactly what its manifest says?

Reads the folder, writes nothing. Who made the manifest is signing.py's; whether the model in it answers as it
should is the classifier's golden check (inference/classifier.py).
"""

from collections.abc import Iterator
from pathlib import Path

from model_store.errors import ReleaseCorrupt
from model_store.files import MANIFEST, REQUIRED, UNLISTED, content_hash, fingerprint, refuse_unsafe_formats
from model_store.manifest import FileEntry, Manifest


def verify(folder: Path, manifest: Manifest) -> None:
    """Compare every file with the manifest: none missing, none more, sizes and sha256 equal.

    Raises:
        FormatRefused: the manifest names a format that can run code when it is read.
        ReleaseCorrupt: anything differs; the message names the file and what was expected.
    """
    refuse_unsafe_formats(manifest.files, str(folder))
    check_names(manifest, str(folder))
    _check_listing(folder, manifest)
    for path, expected in sorted(manifest.files.items()):
        check_file(folder / path, expected)


def check_names(manifest: Manifest, where: str) -> None:
    """Check what the manifest alone can show: the files that a release must have, and its version.

    Raises:
        ReleaseCorrupt: a required file is not in it, or its version belongs to other files.
    """
    for name in REQUIRED:
        if name not in manifest.files:
            raise ReleaseCorrupt(
                f"{where}: {name} is not in {MANIFEST}; a release has {', '.join(REQUIRED)}."
            )
    tail, told = content_hash(manifest.files)[:8], manifest.version.rpartition("-")[2]
    if tail != told:
        raise ReleaseCorrupt(
            f"{where}: version {manifest.version} ends in {told}, but its files hash to {tail}. "
            "The manifest was changed after the release was made; publish the release again."
        )


def check_file(path: Path, expected: FileEntry) -> None:
    """Compare one file with its entry.

    Raises:
        ReleaseCorrupt: size or sha256 differs; the message has both.
    """
    found = fingerprint(path)
    if found.size != expected.size:
        raise ReleaseCorrupt(
            f"{path}: {found.size} bytes, but {MANIFEST} says {expected.size}. Fetch it again."
        )
    if found.sha256 != expected.sha256:
        raise ReleaseCorrupt(
            f"{path}: sha256 {found.sha256}, but {MANIFEST} says {expected.sha256}. Fetch it again."
        )


def _check_listing(folder: Path, manifest: Manifest) -> None:
    found = set(_walk(folder, folder)) - UNLISTED
    if missing := sorted(manifest.files.keys() - found):
        raise ReleaseCorrupt(
            f"{folder}: {', '.join(missing)} missing, though {MANIFEST} names it. Fetch it again."
        )
    if extra := sorted(found - manifest.files.keys()):
        raise ReleaseCorrupt(
            f"{folder}: {', '.join(extra)} is not in {MANIFEST}. Move it out of the release."
        )


def _walk(folder: Path, root: Path) -> Iterator[str]:
    if not folder.is_dir():
        raise ReleaseCorrupt(f"{folder}: no such folder.")
    for path in folder.iterdir():
        if path.is_symlink():
            raise ReleaseCorrupt(
                f"{path}: a link, but a release holds its files itself. Copy the file there."
            )
        if path.is_dir():
            yield from _walk(path, root)
        else:
            yield path.relative_to(root).as_posix()
