"""Print what a store has: a table of its releases, a log of its promotions, or the facts about one release.

A promotion makes a release the current one of its store, which services use.
"""

import argparse
import hashlib
from dataclasses import asdict, dataclass
from pathlib import Path
from textwrap import fill

from rich.filesize import decimal

from inference.contract import ModelContract
from model_store.errors import NotFound, NothingPromoted, ReleaseCorrupt, ReleaseError
from model_store.manifest import Manifest
from model_store.promotions import read_current_promotion, read_promotions
from model_store.records import Promotion
from model_store.release_files import REPORT_FILE
from model_store.store import Store
from model_store.store_keys import StoredRelease, list_releases, make_file_key, read_manifest
from reports.answers import CORRECTED_SET
from reports.model_card import MODEL_CARD_FILE, make_model_card
from reports.network_figures import describe_size
from reports.values import Report, parse_report
from scripts.console import make_console, print_table


@dataclass(frozen=True)
class PhotoSummary:
    """The figures of a release about photos that show one of its classes, over all tiers together.

    Photos that people corrected are left out, since the model chose them by its doubts.

    Attributes:
        n: the number of photos.
        right: the share of them that is answered right.
        accepted: the share of them whose answer is accepted.
    """

    n: int
    right: float
    accepted: float

    @classmethod
    def make_from_report(cls, report: Report) -> "PhotoSummary | None":
        """Add up the tiers of a report; None if it has none with photos of the classes."""
        tiers = [
            (figures.n, figures.accuracy, figures.decisions.coverage)
            for tier, figures in report.photos.items()
            if figures.accuracy is not None and tier != CORRECTED_SET
        ]
        if not (total := sum(n for n, _, _ in tiers)):
            return None
        return cls(
            n=total,
            right=sum(n * right for n, right, _ in tiers) / total,
            accepted=sum(n * accepted for n, _, accepted in tiers) / total,
        )


@dataclass(frozen=True)
class ReleaseRow:
    """A release of a store, as `wardrobe releases list` shows it.

    Attributes:
        release: the version of the release, and its files in the store.
        state: current, promoted, never promoted, unfinished, or the fault of the release.
        manifest: the manifest of the release; None if it cannot be read.
        photos: its figures of photos; None if it has none.
        last_promotion: the last promotion that made the release current; None without one.
    """

    release: StoredRelease
    state: str
    manifest: Manifest | None
    last_promotion: Promotion | None
    photos: PhotoSummary | None = None

    def make_table_cells(self) -> dict[str, str]:
        """Return the row of the release in the printed table: its cells, by heading."""
        headline = self.manifest and self.manifest.headline
        return {
            "version": self.release.version,
            "state": self.state,
            "accuracy": f"{headline.test_accuracy:.4f}" if headline else "",
            "n": f"{headline.test_n:,}" if headline else "",
            "photos right": f"{self.photos.right:.4f}" if self.photos else "",
            "photos accepted": f"{self.photos.accepted:.4f}" if self.photos else "",
            "parameters": f"{headline.parameters:,}" if headline else "",
            "size": decimal(self.release.size),
            "last promoted": _format_time(self.last_promotion) if self.last_promotion else "",
            "by": format_author(self.last_promotion) if self.last_promotion else "",
        }

    def make_json_values(self) -> dict[str, object]:
        """Return the facts about the release as JSON values."""
        return {
            "version": self.release.version,
            "state": self.state,
            "current": self.state == "current",
            "bytes": self.release.size,
            "headline": self.manifest and self.manifest.headline.model_dump(mode="json"),
            "photos": self.photos and asdict(self.photos),
            "last_promotion": self.last_promotion and self.last_promotion.model_dump(mode="json"),
        }


def print_releases(store: Store, arguments: argparse.Namespace) -> object:
    """Print a table of all releases in the store, and return their facts for --json."""
    promotions = read_promotions(store)
    last_promotions = {promotion.version: promotion for promotion in promotions}
    current_version = promotions[-1].version if promotions else None
    rows = [
        _describe_release(store, release, last_promotions.get(release.version), current_version)
        for release in read_stored_releases(store)
    ]
    print_table([row.make_table_cells() for row in rows], left_aligned_columns=("state", "by"))
    if (test_set_count := len({row.manifest.data.test_sha256 for row in rows if row.manifest})) > 1:
        make_console().print(
            f"The accuracies are of {test_set_count} test sets, so they do not compare. `wardrobe diff` "
            "compares two releases on the same pictures."
        )
    return [row.make_json_values() for row in rows]


def print_promotions(store: Store, arguments: argparse.Namespace) -> object:
    """Print every promotion and rollback, the newest first, and return them for --json."""
    promotions = list(reversed(read_promotions(store)))
    print_table(
        [
            {
                "number": str(promotion.number),
                "at": _format_time(promotion),
                "why": promotion.reason,
                "version": promotion.version,
                "in place of": promotion.previous or "",
                "by": format_author(promotion),
            }
            for promotion in promotions
        ],
        left_aligned_columns=("by",),
    )
    return [promotion.model_dump(mode="json") for promotion in promotions]


def read_stored_releases(store: Store) -> list[StoredRelease]:
    """Return the releases of a store.

    Raises:
        NothingPromoted: the store has none, for example because its address is mistyped.
    """
    if not store.address.startswith("s3://") and not Path(store.address).is_dir():
        raise NothingPromoted(f"{store.address}: no such folder. Correct the address.")
    if not (releases := list_releases(store)):
        raise NothingPromoted(
            f"{store.address}: there is no release here. Publish one (wardrobe publish), or correct "
            "the address."
        )
    return releases


def _describe_release(
    store: Store, release: StoredRelease, last_promotion: Promotion | None, current_version: str | None
) -> ReleaseRow:
    """Return the row of a release in the list.

    Args:
        last_promotion: the last promotion that made the release current; None without one.
        current_version: the version of the current release; None if the store has none.
    """
    if not release.is_complete:
        return ReleaseRow(release, "unfinished", None, last_promotion)
    try:
        manifest = read_manifest(store, release.version)
    except ReleaseError as error:
        return ReleaseRow(release, f"unusable: {error}", None, last_promotion)
    state = (
        "current"
        if release.version == current_version
        else "promoted"
        if last_promotion
        else "never promoted"
    )
    return ReleaseRow(release, state, manifest, last_promotion, _summarize_photos(store, manifest))


def _summarize_photos(store: Store, manifest: Manifest) -> PhotoSummary | None:
    """Return the figures of photos of a release; None if it has none, or if its report cannot be read."""
    if not manifest.has_both_networks:
        return None
    try:
        return PhotoSummary.make_from_report(
            parse_report(_read_release_file(store, manifest, REPORT_FILE), REPORT_FILE)
        )
    except (NotFound, ReleaseError):
        return None


def _format_time(promotion: Promotion) -> str:
    """Return the time of a promotion, such as "2026-11-20 10:15 UTC"."""
    return f"{promotion.at:%Y-%m-%d %H:%M} UTC"


def format_author(promotion: Promotion) -> str:
    """Return the name of the person who made a release current, with the reason if one was given."""
    return f"{promotion.by}: {promotion.note}" if promotion.note else promotion.by


def show_release(store: Store, arguments: argparse.Namespace) -> object:
    """Print the facts and promotions of a release, or its model card, and return them for --json."""
    version = read_current_promotion(store).version if arguments.version == "current" else arguments.version
    manifest = read_manifest(store, version)
    if arguments.card:
        return _print_card(store, manifest)
    promotions = [promotion for promotion in read_promotions(store) if promotion.version == version]
    facts = _list_facts(manifest)
    facts += [
        (promotion.reason, f"{promotion.number}, {_format_time(promotion)} by {format_author(promotion)}")
        for promotion in promotions
    ]
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        line_start = f"{name:{width}}  "
        print(
            fill(
                value,
                make_console().width,
                initial_indent=line_start,
                subsequent_indent=" " * len(line_start),
                break_long_words=False,
            )
        )
    return {
        "manifest": manifest.model_dump(mode="json"),
        "promotions": [promotion.model_dump(mode="json") for promotion in promotions],
    }


def _print_card(store: Store, manifest: Manifest) -> object:
    """Print the model card of a release. If an old release has none, it is made from the report."""
    path = MODEL_CARD_FILE if MODEL_CARD_FILE in manifest.files else REPORT_FILE
    text = _read_release_file(store, manifest, path)
    report = None if path == MODEL_CARD_FILE else parse_report(text, path)
    card = text.decode() if report is None else make_model_card(manifest.contracts, report)
    print(card, end="")
    return {"version": manifest.version, "card": card}


def _read_release_file(store: Store, manifest: Manifest, path: str) -> bytes:
    """Return the content of a file of a release, which has to be the one that its manifest names."""
    key = make_file_key(manifest.version, path)
    content = store.read(key)
    if hashlib.sha256(content).hexdigest() != manifest.files[path].sha256:
        raise ReleaseCorrupt(f"{store.address}/{key}: its sha256 is not that of the manifest.")
    return content


def _list_facts(manifest: Manifest) -> list[tuple[str, str]]:
    """Return the facts in a manifest as pairs of a name and a text, in the printed order."""
    headline = manifest.headline
    model = manifest.get_contract("pixels")
    return [
        ("version", manifest.version),
        ("made", f"{manifest.created_at:%Y-%m-%d %H:%M} UTC, commit {manifest.git_commit or 'unknown'}"),
        ("accuracy", f"{headline.test_accuracy:.4f} on {headline.test_n:,} of {manifest.data.name}"),
        ("size", describe_size(headline.parameters, headline.mflops)),
        ("labels", ", ".join(model.labels)),
        ("review below", _describe_threshold(model)),
        (
            "review photos below",
            _describe_threshold(manifest.get_contract("photos").find_deciding_contract("photos")),
        ),
        ("training", ", ".join(f"{key}={value}" for key, value in manifest.training.items())),
        ("libraries", ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())),
        *((path, f"{decimal(entry.size)}, sha256 {entry.sha256}") for path, entry in manifest.files.items()),
    ]


def _describe_threshold(contract: ModelContract) -> str:
    """Return the confidence and the familiarity below which an answer is reviewed, as text."""
    class_head = contract.class_head
    return (
        f"confidence {class_head.confidence}, familiarity {contract.minimum_familiarity}"
        f"{class_head.exceptions_text}"
    )
