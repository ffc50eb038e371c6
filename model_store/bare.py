"""The rules for a bare artifact: one `.keras` and one metrics `.json`, as a hand-made upload would be.

Pure but for hashing the two files that it is handed. local.py finds one in a folder, pull.py in a store.
"""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from model_store.errors import NothingPromoted, ReleaseCorrupt
from model_store.files import content_hash, fingerprint, refuse_unsafe_formats


@dataclass(frozen=True)
class BareFiles:
    """The names of the two files."""

    model: str
    report: str


def bare_files(names: Collection[str], where: str) -> BareFiles:
    """Choose the model and the metrics among the names in a folder or directly under a prefix.

    Other files (a README, a picture) are let be.

    Args:
        names: file names without folders.
        where: the address, for messages.

    Raises:
        NothingPromoted: there is neither a release nor a model here.
        FormatRefused: a format that can run code when it is read; the message says how to convert it.
        ReleaseCorrupt: no metrics beside the model, or several of either; the message names them.
    """
    refuse_unsafe_formats(names, where)
    models = sorted(name for name in names if name.lower().endswith(".keras"))
    reports = sorted(name for name in names if name.lower().endswith(".json"))
    if not models:
        raise NothingPromoted(
            f"{where}: neither a promoted release nor a .keras file is here. "
            "Publish a release (python -m scripts.publish), or mend the address."
        )
    return BareFiles(_only(models, ".keras", where), _only(reports, ".json", where))


def bare_version(model: Path, report: Path) -> str:
    """`bare-` and the first eight hex digits of the hash of both files."""
    files = {path.name: fingerprint(path) for path in (model, report)}
    return f"bare-{content_hash(files)[:8]}"


def _only(names: list[str], suffix: str, where: str) -> str:
    if not names:
        raise ReleaseCorrupt(
            f"{where}: a model without its metrics. Put one {suffix} file beside it, or publish a release."
        )
    if len(names) > 1:
        raise ReleaseCorrupt(
            f"{where}: {len(names)} {suffix} files ({', '.join(names)}), and nothing says which is meant. "
            "Leave one, or publish a release."
        )
    return names[0]
