"""Turn a folder of files into a release: hash every file, name the version, write manifest.json last.

`seal_release` is the last step of every training. A folder without manifest.json is no release, so nobody
serves one that is only half written.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue, ValidationError

from inference.contract import ModelContract, NetworkName, choose_only_network
from model_store.errors import ManifestInvalid
from model_store.local_releases import verify_release
from model_store.manifest import (
    DataSet,
    FileEntry,
    GoldenAnswers,
    Headline,
    Manifest,
    ReleaseNetwork,
    describe_first_problem,
)
from model_store.release_files import (
    GRAPH_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    SIGNATURE_FILE,
    UNLISTED_FILES,
    fingerprint_file,
    hash_release_files,
    write_atomically,
)


def make_single_release_network(
    contract: ModelContract, golden_answers: GoldenAnswers
) -> dict[NetworkName, ReleaseNetwork]:
    """Return the one-entry `networks` of a release whose only network is in model.keras and model.onnx.

    Args:
        contract: the facts about the network that serving needs, such as its input and its labels.
        golden_answers: some inputs with the answers that the network gave for them, to compare with when it
            is opened.
    """
    network = ReleaseNetwork(graph=GRAPH_FILE, artifact=MODEL_FILE, contract=contract, golden=golden_answers)
    return {choose_only_network(contract.input): network}


def seal_release(  # noqa: PLR0913 - one keyword per part of the manifest
    folder: Path,
    *,
    created_at: datetime,
    networks: Mapping[NetworkName, ReleaseNetwork],
    training: dict[str, JsonValue],
    libraries: dict[str, str],
    git_commit: str | None,
    data: DataSet,
    headline: Headline,
    sources: Sequence[str] = (),
) -> Manifest:
    """Turn a folder of finished files into a release: write its manifest.json, which gives it a version.

    The manifest appears whole or not at all. A signature of an earlier manifest in the folder is removed.

    Args:
        folder: the folder with the files of the networks, report.json and any figures. An earlier manifest is
            replaced.
        created_at: the time of the release, with a time zone. It becomes the first half of the version.
        networks: the files of each network, its input and labels, and its golden answers.
        training: the configuration of the training, with its seed.
        libraries: the versions of the libraries that made the release, by package name.
        git_commit: the commit of the code that made it; None outside a checkout.
        data: the name and the hashes of the data sets.
        headline: the figures that the gate and listings read.
        sources: the sources of the learnt photos.

    Returns:
        The manifest that was written.

    Raises:
        ReleaseCorrupt: the folder lacks one of these files, or contains a link.
        UnsafeFormat: the folder contains a format that can run code when it is read.
        ManifestInvalid: a path or a figure does not fit into the manifest. The message names it.
    """
    files = _fingerprint_files(folder)
    try:
        manifest = Manifest(
            version=_make_version(created_at, files),
            created_at=created_at.astimezone(UTC),
            files=files,
            networks=dict(networks),
            sources=tuple(sources),
            training=training,
            libraries=libraries,
            git_commit=git_commit,
            data=data,
            headline=headline,
        )
    except ValidationError as error:
        raise ManifestInvalid(f"{folder}: {describe_first_problem(error)}") from error
    verify_release(folder, manifest)
    (folder / SIGNATURE_FILE).unlink(missing_ok=True)
    write_atomically(folder / MANIFEST_FILE, manifest.serialize())
    return manifest


def _fingerprint_files(folder: Path) -> dict[str, FileEntry]:
    paths = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
    return {name: fingerprint_file(paths[name]) for name in sorted(paths.keys() - UNLISTED_FILES)}


def _make_version(created_at: datetime, files: dict[str, FileEntry]) -> str:
    return f"{created_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{hash_release_files(files)[:8]}"
