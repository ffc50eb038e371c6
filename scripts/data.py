"""Check pictures of your own before training.

Unreadable, tiny, copied, nearly the same, in two classes: training/data/check.py. Exit code 1 where a
file cannot be read, where one picture has two classes or, or nearly the same one, is in both parts of a
divided folder, or where fewer than two classes can be learnt. Near copies in two classes, and classes with
too few pictures, are named: a training leaves them out.
"""

import argparse
import shlex
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path

from inference.arrays import Pixels
from inference.contract import GREY_28, LABEL
from inference.decode import prepare_decoders
from labelling.lists import Reading
from labelling.outputs import may_write
from model_store.files import expanded
from reports.intervals import needed
from scripts.__main__ import command
from scripts.lists import add_list_options, add_product_column, typed_list_options
from scripts.progress import counting
from scripts.terminal import Failed, command_parser, complain, console, print_table, program
from training.data.check import Findings, check
from training.data.fashion import LABELS
from training.data.files import read_files
from training.data.labels import Column, check_columns, column_in
from training.data.listed_folders import has_idx, list_pictures, unwrapped
from training.data.listing import ListedPicture, Listing
from training.data.photos import with_classes
from training.data.pixel_files import is_pixel_table
from training.data.rare import Measurable
from training.errors import BadClasses, BadPictures
from training.loading import require

EXAMPLES = (
    "wardrobe data my-pictures",
    "wardrobe data labels.csv --json",
    "wardrobe data my-pictures --sheet pictures.png",
)

SHOWN = 10
"""Files or groups of each kind that are printed; --json has all."""


def execute(arguments: argparse.Namespace) -> object:
    """Check the pictures, and print what was found."""
    require("scipy", "SciPy")
    prepare_decoders()
    place = unwrapped(expanded(arguments.place))
    if has_idx(place) or (place.is_file() and is_pixel_table(place)):
        raise BadPictures(
            f"{place}: pixels in the form of Fashion-MNIST, which are checked as they are learnt: "
            f"{program()} train --data FOLDER, or --train CSV --test CSV."
        )
    listing, attributes = _listed(place, arguments), arguments.attribute or []
    is_tiered, unknown = any(picture.tier for picture in listing.pictures), list[str]()
    if is_tiered:
        listing, unknown = with_classes(listing, LABELS)
    else:
        listing.classes()
        _, wrong = _or_why_not(listing.measurable)
        if wrong:  # before minutes of reading
            complain(wrong)
    if attributes:
        check_columns(listing, attributes, listing.classes())
    findings = _findings(listing)
    _show(findings)
    learnt, wrong = (None, "") if is_tiered else _or_why_not(findings.measurable)
    if learnt and learnt.rare:
        console().print(learnt.of_rare(str(place)), markup=False, highlight=False)
    columns = {name: _column(name, findings) for name in attributes}
    for name, column in columns.items():
        print_table([{name: label, "pictures": f"{n:,}"} for label, n in column.counts.items()])
        for finding in column.findings:
            console().print(finding, markup=False, highlight=False)
    if arguments.sheet is not None:
        _draw(listing.pictures, arguments.sheet)
    wrong_columns = [name for name, column in columns.items() if column.is_wrong]
    options = (word for name in columns for word in ("--attribute", name))
    named = shlex.join([str(place), *typed_list_options(arguments), *options])
    also_wrong = [
        *filter(None, [wrong]),
        *(f"what is said above of the column {name}" for name in wrong_columns),
    ]
    print("", *_verdict(findings, learnt, named, unknown, also_wrong), sep="\n")
    document = _as_json(findings) | {"too_few": [rare.label for rare in learnt.rare] if learnt else []}
    if columns:
        document["attributes"] = {name: asdict(column) for name, column in columns.items()}
    is_wrong = findings.unreadable or findings.in_two_classes or unknown or also_wrong
    return Failed(document) if is_wrong else document


def _listed(place: Path, arguments: argparse.Namespace) -> Listing:
    """The pictures of a place; what a person should know of it is printed."""
    listing = list_pictures(place, Reading.of(arguments), arguments.attribute or [])
    if arguments.sheet is not None:
        may_write([arguments.sheet], [place, *(picture.path for picture in listing.pictures)])
    for sentence in listing.warnings:
        console().print(sentence, markup=False, highlight=False)
    return listing


def _findings(listing: Listing) -> Findings:
    with counting("checking pictures") as watch:
        findings = check(listing, watch)
    if findings.unreadable and not any(findings.counts.values()):
        raise BadPictures(
            f"{listing.place}: none of {len(findings.unreadable):,} pictures can be read. "
            f"{findings.unreadable[0]}"
        )
    return findings


def _or_why_not(find: Callable[[], Measurable]) -> tuple[Measurable | None, str]:
    """The classes that a training learns, or why it cannot."""
    try:
        return find(), ""
    except BadClasses as error:
        return None, str(error)


def _column(name: str, findings: Findings) -> Column:
    """A column of the pictures that are learnt."""
    learnt = findings.learnt
    return column_in(learnt.column(name), learnt.cells(name), [picture.group for picture in learnt.pictures])


def build_parser() -> argparse.ArgumentParser:
    """The arguments of this command."""
    parser = command_parser("data", __doc__, EXAMPLES)
    place = (
        "a folder with one sub-folder of pictures per class, or of photos in FOLDER/tier/label/; "
        "or a CSV with `path` and `label`"
    )
    parser.add_argument("place", type=Path, metavar="FOLDER|CSV", help=place)
    column = "check this column of the CSV, too, as `wardrobe train --attribute` learns it; more than once"
    parser.add_argument("--attribute", action="append", metavar="COLUMN", help=column)
    add_list_options(parser)
    add_product_column(parser)
    shown = (
        "draw some pictures of each class, as a network of 28 x 28 sees them (needs the training packages)"
    )
    parser.add_argument("--sheet", type=Path, metavar="PNG", help=shown)
    return parser


def _draw(pictures: Sequence[ListedPicture], target: Path) -> None:
    """Draw some pictures of each class."""
    require("matplotlib", "matplotlib")
    # matplotlib takes seconds to load, which the check alone should not.
    from training.measure.plots import PER_CLASS, draw_sheet, font_for, save  # noqa: PLC0415

    paths: dict[str, list[Path]] = {}
    for picture in pictures:
        paths.setdefault(picture.label, []).append(picture.path)
    shown = {label: _pixels_of(paths[label][:PER_CLASS]) for label in sorted(paths)}
    with font_for(tuple(shown)):
        save(draw_sheet(shown), target)
    console().print(f"Pictures of each class: {target}")


def _pixels_of(paths: Sequence[Path]) -> list[Pixels]:
    files = read_files(paths, GREY_28, complain, lambda *_: None, skip_unreadable=True)
    return [file.pixels for file in files if file and file.pixels is not None]


def _show(findings: Findings) -> None:
    out = console()
    print_table([{"class": label, "pictures": f"{count:,}"} for label, count in findings.counts.items()])
    if findings.uneven is not None:
        largest, smallest = findings.uneven
        out.print(
            f"{largest!r} has {findings.counts[largest]:,} pictures, {smallest!r} only "
            f"{findings.counts[smallest]:,}: what is rare is learnt badly."
        )
    for heading, lines in _paragraphs(findings):
        out.print(f"\n{heading}", *lines[:SHOWN], sep="\n  ")
        if len(lines) > SHOWN:
            out.print(f"  and {len(lines) - SHOWN:,} more: --json lists all.")


def _verdict(
    findings: Findings,
    learnt: Measurable | None,
    named: str,
    unknown: Sequence[str],
    also_wrong: Sequence[str],
) -> list[str]:
    """Whether these pictures can be learnt, and the command that comes next: to paste.

    Args:
        findings: of the pictures.
        learnt: the classes that a training learns; None for tiers of photos.
        named: what was checked, as it is typed.
        unknown: names of folders of no class.
        also_wrong: what else is.
    """
    counts = ("unreadable", findings.unreadable), ("in two places at once", findings.in_two_classes)
    wrong = [f"{len(finding):,} {what}" for what, finding in counts if finding]
    wrong += also_wrong
    if unknown:
        wrong.append(
            f"{', '.join(unknown[:SHOWN])} in folders of folders, as photos of the ten classes; put a class "
            "of your own right into the folder, or divide it into `train` and `test`"
        )
    if wrong:
        return [
            f"Not yet: {'; '.join(wrong).removesuffix('.')}. Mend that, then look again.",
            f"Next: {program()} data {named}",
        ]
    # Here: SciPy is not installed where serving alone is.
    from training.decide.requirements import usual_accept_right  # noqa: PLC0415

    labels = learnt.labels if learnt else tuple(findings.counts)
    pictures, classes = sum(label in labels for label in findings.learnt.cells(LABEL)), len(labels)
    few = needed(usual_accept_right(own_classes=True))
    doubt = "" if pictures >= few else f" With fewer than {few}, a person has to look at every answer."
    option = "--from bundled --photos" if learnt is None else "--data"
    return [
        f"These {pictures:,} pictures of {classes} classes can be learnt.{doubt}",
        f"Next: {program()} train {option} {named}",
    ]


def _paragraphs(findings: Findings) -> Iterator[tuple[str, Sequence[str]]]:
    """A heading and its lines for each kind of finding that there is."""
    alike, mixed = _grouped(findings.near), _grouped(findings.in_two_classes)
    kinds = (
        ("unreadable; mend them, or train with --skip-unreadable", findings.unreadable),
        ("the same in several classes, or nearly so in train and test; look which label is wrong", mixed),
        (
            "nearly the same, in several classes; none of them is learnt, as one label is wrong",
            _grouped(findings.near_in_two_classes),
        ),
        (
            "nearly the same, without a common label of an attribute, which is not learnt of them",
            _grouped(findings.near_of_two_labels),
        ),
        (
            "the same or nearly so, in several classes by way of several products, which are not learnt",
            _grouped(findings.of_products),
        ),
        (
            "in test, of a group or a product that is in train, too, so that accuracies are too good",
            [str(picture.path) for picture in findings.of_learnt_groups],
        ),
        ("copies, which count once", _grouped(findings.copies)),
        ("nearly the same, which are learnt or measured on together", alike),
        ("smaller than the model's input", [str(picture.path) for picture in findings.tiny]),
    )
    return ((f"{what}: {len(lines):,}", lines) for what, lines in kinds if lines)


def _grouped(groups: Sequence[Sequence[ListedPicture]]) -> list[str]:
    return [", ".join(str(picture.path) for picture in group) for group in groups]


def _as_json(findings: Findings) -> dict[str, object]:
    def paths(groups: Sequence[Sequence[ListedPicture]]) -> list[list[str]]:
        return [[str(picture.path) for picture in group] for group in groups]

    return {
        "counts": findings.counts,
        "unreadable": findings.unreadable,
        "in_two_classes": paths(findings.in_two_classes),
        "near_in_two_classes": paths(findings.near_in_two_classes),
        "near_of_two_labels": paths(findings.near_of_two_labels),
        "of_learnt_groups": [str(picture.path) for picture in findings.of_learnt_groups],
        "of_products": paths(findings.of_products),
        "copies": paths(findings.copies),
        "near": paths(findings.near),
        "tiny": [str(picture.path) for picture in findings.tiny],
        "uneven": findings.uneven,
    }


if __name__ == "__main__":
    raise SystemExit(command("data"))
