"""A release, or a bare artifact, in a folder on this machine.

Reads that folder, writes nothing. How it gets there from a store: pull.py.
"""

from dataclasses import dataclass
from pathlib import Path

from model_store.bare import BareFiles, bare_files, bare_version
from model_store.errors import NotFound
from model_store.files import MANIFEST
from model_store.manifest import Manifest, parse_manifest
from model_store.signing import TrustedKeys, signature_in
from model_store.verify import verify

BUNDLED = Path(__file__).with_name("bundled")


@dataclass(frozen=True)
class LocalRelease:
    """A verified release; `folder` holds exactly what `manifest` says."""

    folder: Path
    manifest: Manifest

    @property
    def version(self) -> str:
        """The release's name."""
        return self.manifest.version


@dataclass(frozen=True)
class BareArtifact:
    """A model and its metrics without a manifest, as uploaded by hand; nothing vouches for them.

    Attributes:
        model: a `.keras` file in `folder`.
        report: a JSON file in `folder`, of whatever shape its maker liked.
        version: `bare-` and the first eight digits of the hash of both files.
    """

    folder: Path
    model: Path
    report: Path
    version: str


def open_release(folder: Path, trusted: TrustedKeys | None = None) -> LocalRelease:
    """Read and verify a release.

    Args:
        folder: where it is.
        trusted: whose signature it has to carry; None asks for none.

    Raises:
        NotFound: the folder has no manifest.json.
        ManifestInvalid, ManifestTooNew: it is none that is read here.
        ReleaseCorrupt: a file differs from it.
        FormatRefused: it names a format that can run code when it is read.
        SignatureMissing, SignatureWrong: a signature is asked for, and no trusted key has made one.
    """
    path = folder / MANIFEST
    try:
        text = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFound(f"{path}: no such file, so {folder} is no release.") from error
    if trusted is not None:
        trusted.check(text, signature_in(folder), str(path))
    manifest = parse_manifest(text, str(path))
    verify(folder, manifest)
    return LocalRelease(folder, manifest)


def open_bare(folder: Path) -> BareArtifact:
    """Find the one model and the one metrics file in a folder.

    Raises:
        NothingPromoted: the folder holds neither.
        ReleaseCorrupt: one of them is missing, or there are several; the message names them.
        FormatRefused: it holds a format that can run code when it is read.
    """
    names = [path.name for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    found = bare_files(names, str(folder))
    return bare_artifact(folder, found)


def bare_artifact(folder: Path, found: BareFiles) -> BareArtifact:
    """Name a bare artifact by its content."""
    model, report = folder / found.model, folder / found.report
    return BareArtifact(folder, model, report, bare_version(model, report))


def bundled() -> LocalRelease:
    """The release that comes with this package.

    Raises:
        NotFound: this copy of the package has none.
    """
    return open_release(BUNDLED)
