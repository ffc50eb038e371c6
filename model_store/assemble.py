"""Turn a finished folder into a release: hash every file, name the version, write manifest.json last.

Touches only that folder. Checking such a folder: local.py; sending it to a store: publish.py.
"""

from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue, ValidationError

from inference.contract import ModelContract
from model_store.errors import ManifestInvalid
from model_store.files import MANIFEST, SIGNATURE, UNLISTED, content_hash, fingerprint, write_whole
from model_store.local import verify
from model_store.manifest import (
    ONE_NETWORK,
    SCHEMA_VERSION,
    DataSet,
    FileEntry,
    Golden,
    Headline,
    Manifest,
    PhotoNetwork,
    first_problem,
)


def seal(  # noqa: PLR0913 - one keyword per part of the manifest
    folder: Path,
    *,
    created_at: datetime,
    model: ModelContract,
    golden: Golden,
    training: dict[str, JsonValue],
    libraries: dict[str, str],
    git_commit: str | None,
    data: DataSet,
    headline: Headline,
    photos: PhotoNetwork | None = None,
) -> Manifest:
    """Make `folder` a release; its manifest appears whole or not at all. An earlier signature is removed.

    Args:
        folder: holds model.keras, model.onnx, report.json and any figures; an earlier manifest is replaced.
        created_at: with a time zone; it becomes the first half of the version.
        model: what the serving code needs to know, see inference/contract.py.
        golden: inputs with the answers of model.onnx.
        training: configuration of the run, seed included.
        libraries: versions of what made the release, by package name.
        git_commit: of the code that made it; None outside a checkout.
        data: name and hashes of the data sets.
        headline: the figures that gate and listings read.
        photos: the second network, whose photos.keras and photos.onnx the folder holds; None for none.

    Raises:
        ReleaseCorrupt: the folder lacks one of those files, or holds a link.
        FormatRefused: it holds a format that can run code when it is read.
        ManifestInvalid: a path or figure does not fit the manifest; the message names it.
    """
    files = _fingerprints(folder)
    try:
        manifest = Manifest(
            schema_version=ONE_NETWORK if photos is None else SCHEMA_VERSION,
            version=_version(created_at, files),
            created_at=created_at.astimezone(UTC),
            files=files,
            model=model,
            golden=golden,
            photos=photos,
            training=training,
            libraries=libraries,
            git_commit=git_commit,
            data=data,
            headline=headline,
        )
    except ValidationError as error:
        raise ManifestInvalid(f"{folder}: {first_problem(error)}") from error
    verify(folder, manifest)
    (folder / SIGNATURE).unlink(missing_ok=True)
    write_whole(folder / MANIFEST, manifest.as_bytes())
    return manifest


def _fingerprints(folder: Path) -> dict[str, FileEntry]:
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: fingerprint(paths[name]) for name in sorted(paths.keys() - UNLISTED)}


def _version(created_at: datetime, files: dict[str, FileEntry]) -> str:
    return f"{created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{content_hash(files)[:8]}"
