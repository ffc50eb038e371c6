"""Calibrate a release on checked pictures of your own.

The new release has the same weights, and accepts what the pictures show to be right often enough. It needs
59 of each tier, in practice some hundred: a random sample of what will be asked, which it did not learn. What
is fitted: training/decide/decide.py; what the report says: training/release/recalibrate.py.
"""

import argparse
from pathlib import Path

from app.settings import settings_of_commands
from inference.contract import ModelContract
from labelling.lists import Reading
from model_store.files import NEW_RELEASE
from model_store.local import LocalRelease, open_release
from model_store.named_release import find_release
from reports.values import PHOTOS_OF_TIER, PhotoFigures, Promise, Report, report_of
from scripts.__main__ import command
from scripts.audit import tell_audit
from scripts.lists import add_encoding
from scripts.options import add_accept_options, conditions_of
from scripts.progress import Terminal
from scripts.target import add_store_options, open_target
from scripts.terminal import RELEASE_HELP, command_parser, complain, console, print_table
from training.data.labels import OOD
from training.data.listing import Listing
from training.data.photos import NamedPhotos, read_photos
from training.errors import BadRecipe
from training.loading import require

EXAMPLES = (
    "wardrobe calibrate bundled --photos checked.csv --out releases",
    "wardrobe calibrate s3://models/wardrobe --photos mine --accept-right 0.99 --publish s3://models/wardrobe",
)


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("calibrate", __doc__, EXAMPLES)
    add = parser.add_argument
    add("release", metavar="RELEASE", help=RELEASE_HELP)
    layout = (
        "your pictures under their right labels: FOLDER/[tier/]label/files, or a CSV of `path`, `label` and "
        "perhaps `tier` and `group`"
    )
    add("--photos", type=Path, required=True, metavar="FOLDER|CSV", help=layout)
    corrected = "other labels of some of them, in the columns `path` and `label`. May be given again"
    add("--corrections", type=Path, action="append", default=[], metavar="CSV", help=corrected)
    add_encoding(parser)
    add_accept_options(parser, right="of each tier: 0.95")
    group = parser.add_argument_group("where it goes")
    place = "folder of the new release (default: one per parent in runs/)"
    group.add_argument("--run", type=Path, metavar="FOLDER", help=place)
    add_store_options(group)
    return parser


def execute(arguments: argparse.Namespace) -> object:
    """Calibrate the release that the arguments name."""
    require("sklearn", "scikit-learn")
    from training.release.recalibrate import recalibrate  # noqa: PLC0415 - needs scikit-learn

    parent = find_release(arguments.release, settings_of_commands().cache_dir)
    if parent.manifest.contract("photos").photos_unproven:
        raise BadRecipe(
            f"{parent.version} has no network that answers photos, so there is nothing to calibrate: its "
            "answers to photos are `review`. Calibrate a release that has one, such as the bundled one."
        )
    target = open_target(arguments)
    reading, files = Reading(encoding=arguments.encoding or ""), tuple(arguments.corrections)
    named = NamedPhotos(place=arguments.photos, corrections=files, reading=reading, use="measure")
    tell_audit([row for answers in (named.answers, named.listing.answers) if answers for row in answers.rows])
    contract = parent.manifest.contract("photos")
    if not files:  # which may give a class to pictures that have none
        (listing,) = named.classified(contract.labels)
        _check_listed(listing, arguments.accept_right)
    (photos,) = read_photos(named, contract.labels, contract.input, Terminal())
    folder = (arguments.run or Path("runs") / f"calibrated-{parent.version}") / NEW_RELEASE
    recalibrate(folder, parent, photos, conditions_of(arguments), complain)
    made = open_release(folder)
    report = report_of(made)
    show(made, report)
    return {
        **target.hand_over(folder),
        "calibrated": report.calibrated and report.calibrated.model_dump(mode="json"),
        "promises": [promise.model_dump(mode="json") for promise in _own(report)],
        "photos": {tier: figures.model_dump(mode="json") for tier, figures in report.photos.items()},
    }


def _check_listed(listing: Listing, accuracy: float | None) -> None:
    """Refuse pictures that are too few, even if all can be read, before one is read."""
    from training.decide.requirements import ACCEPTED_OF_PHOTOS  # noqa: PLC0415 - needs scikit-learn
    from training.decide.why_nothing import check_enough  # noqa: PLC0415 - as above

    tiers = [picture.tier for picture in listing.pictures if picture.class_id != OOD]
    check_enough(tiers, accuracy or ACCEPTED_OF_PHOTOS)


def show(made: LocalRelease, report: Report) -> None:
    """Print the thresholds, what each tier's pictures say of them, and what is the parent's."""
    calibrated, contract = report.calibrated, made.manifest.contract("photos")
    if calibrated is None:
        return
    out = console()
    of_groups = f" of {calibrated.groups:,} senders or products" if calibrated.groups < calibrated.n else ""
    out.print(
        f"Calibrated on {calibrated.n:,} pictures{of_groups}. An answer is accepted where its confidence is "
        f"{contract.of_label.confidence:.1%} or more{contract.of_label.exceptions_in_words}"
        f"{_familiar_enough(contract)}."
    )
    by_tier = {promise.pictures: promise for promise in _own(report)}
    print_table(
        [
            {"tier": tier} | _row(figures, by_tier.get(f"{PHOTOS_OF_TIER}{tier}"))
            for tier, figures in report.photos.items()
        ]
    )
    out.print(
        "`right` is the share of accepted answers that are right here, `right at least` that of all which "
        f"will be accepted (95% sure). Weights are those of {calibrated.parent}, and so are answers to other "
        f"pictures, which were decided again. Temperature: {contract.temperature:.3f}."
    )


def _familiar_enough(contract: ModelContract) -> str:
    """What an answer needs beside its confidence; nothing where no picture is unfamiliar."""
    if not contract.least_familiarity:
        return ""
    return f", unless the picture is among the {contract.least_familiarity:.1%} least like those learnt"


def _row(figures: PhotoFigures, promise: Promise | None) -> dict[str, str]:
    """The cells of a tier; without a promise where it shows none of the classes."""
    decisions = figures.decisions
    low_high = decisions.coverage_interval
    return {
        "pictures": f"{figures.n:,}",
        "accepted": f"{decisions.coverage:.1%}",
        "95% interval": " to ".join(f"{bound:.1%}" for bound in low_high) if low_high else "-",
        "right": "-" if decisions.accuracy is None else f"{decisions.accuracy:.1%}",
        "right at least": f"{promise.lower_bound:.1%}" if promise else "-",
        "unfamiliar": f"{decisions.unfamiliar:.1%}",
    }


def _own(report: Report) -> list[Promise]:
    """The promises that the pictures at hand keep."""
    return [promise for promise in report.promises if promise.pictures.startswith(PHOTOS_OF_TIER)]


if __name__ == "__main__":
    raise SystemExit(command("calibrate"))
