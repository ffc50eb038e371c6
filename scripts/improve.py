"""Make a better release from people's corrections.

Of a release of the ten classes the head that answers photos is fitted again, as `wardrobe train --from …
--photos` does. A release of own classes is trained again, on the pictures that it learnt together with the
corrections, with the options of its own training. The command says what it will do, and how long that takes,
before it starts. Options of `wardrobe train` may follow `--`.
"""

import argparse
import shlex
import sys
from collections.abc import Collection
from functools import partial
from pathlib import Path
from typing import Any

from labelling.review.corrections import LEFT_OUT, NONE, read_corrections
from model_store.cache import find_release, store_in
from model_store.local import LocalRelease
from model_store.promotions import newest
from model_store.store import open_store
from reports.values import report_of
from scripts import train
from scripts.audit import tell_audit
from scripts.options import options_of_gradient, words_of
from scripts.progress import counting
from scripts.publish import DEFAULT_STORE
from scripts.terminal import RELEASE_HELP, command_parser, complain, console, perform, run
from training.errors import BadPictures
from training.measure.improvement import check_learns_photos
from training.pictures.fashion import NAME, OTHER_NAME
from training.pictures.joined import Joined, join
from training.pictures.learnt import load_learnt
from training.pictures.named import Named
from training.progress import as_time

EXAMPLES = (
    "wardrobe improve corrections.csv",
    "wardrobe improve corrections.csv --from s3://models/shoes --publish s3://models/shoes",
    "wardrobe improve corrections.csv --from bundled -- --run runs/mine",
)

SHOWN = 20
"""Pictures that a message names."""

Words = list[str]


def main(argv: list[str] | None = None) -> int:
    """Say what will be done, and do it."""
    words = sys.argv[1:] if argv is None else argv
    end = words.index("--") if "--" in words else len(words)
    return perform(build_parser(), partial(_improve, more=words[end + 1 :]), words[:end])


def _improve(arguments: argparse.Namespace, more: Words) -> object:
    name = arguments.release or _usual_release()
    parent = find_release(name)
    said = read_corrections([arguments.corrections], None)
    if not arguments.release:
        _check_classes({one.label for one in said} - {LEFT_OUT, NONE}, name, parent)
    tell_audit(said)
    target = [
        *(["--out", arguments.out] if arguments.out else []),
        *(["--publish", arguments.publish] if arguments.publish else []),
    ]
    if parent.manifest.data.name in {NAME, OTHER_NAME}:
        words = _further(arguments, name, parent)
    else:
        words = _again(arguments, parent)
        target = target or _beside(name)
    console().print(f"This runs: wardrobe train {shlex.join([*words, *target, *more])}")
    return train.trained([*words, *target, *more])


def _check_classes(given: Collection[str], name: str, parent: LocalRelease) -> None:
    """Refuse corrections of other classes, where no release was named.

    Raises:
        BadPictures: one is no class of the release, by its name or index.
    """
    labels = parent.manifest.model.labels
    known = {spelt.casefold() for one in labels for spelt in (one, one.replace("/", "_"))}
    strange = sorted(one for one in given if one.casefold() not in known and not one.isdecimal())
    if strange:
        raise BadPictures(
            f"{strange[0]!r} is none of the classes {', '.join(labels)} of {name}, which is taken without "
            "--from. Name the store whose release answered these pictures: --from STORE."
        )


def _usual_release() -> str:
    """The store that `wardrobe train` fills, where something is current in it; else the bundled release."""
    return DEFAULT_STORE if newest(open_store(DEFAULT_STORE)) is not None else "bundled"


def _beside(name: str) -> Words:
    """Where a release goes unless a store is named: beside its parent, where that is in a store."""
    return ["--out", store] if (store := store_in(name)) else []


def _further(arguments: argparse.Namespace, name: str, parent: LocalRelease) -> Words:
    """The words that fit the head of a release of Fashion-MNIST's classes."""
    check_learns_photos(parent, name, arguments.corrections)
    console().print(
        f"{parent.version} knows {len(parent.manifest.model.labels)} classes. Its head that answers photos "
        f"is fitted again, on {arguments.corrections} and photos that come with this package."
    )
    data = ["--data", arguments.data] if arguments.data else []
    return ["--from", name, "--photos", str(arguments.corrections), *data]


def _again(arguments: argparse.Namespace, parent: LocalRelease) -> Words:
    """Write the table of all pictures, say what is in it, and return the words that train on it."""
    settings = _settings_of(parent)
    learnt, earlier = settings.pop("data", None), settings.pop("corrections", [])
    place = Path(_place_of(arguments.data, learnt, parent)).expanduser()
    labels, known = parent.manifest.model.labels, load_learnt(parent.folder)
    with counting("comparing pictures") as watch:
        joined = join(place, [*map(Path, earlier), arguments.corrections], labels, known, watch)
    if joined.outdated:
        complain(
            f"{joined.outdated:,} corrections are of pictures that have changed since, and do not count."
        )
    if joined.missing:
        complain(
            f"{len(joined.missing):,} corrections are of pictures that are not found, and are left out: "
            f"{', '.join(joined.missing[:SHOWN])}{', ...' if len(joined.missing) > SHOWN else ''}"
        )
    if not joined.changes:
        raise BadPictures(f"{arguments.corrections}: nothing in it changes what {place} says already.")
    table = Path("runs") / f"improved-{joined.digest}" / "pictures.csv"
    joined.write(table)
    _announce(parent, joined, table)
    if Named(place=str(table)).shows_photos():
        for name in options_of_gradient(settings):
            del settings[name]
    return ["--data", str(table), *words_of(settings)]


def _settings_of(parent: LocalRelease) -> dict[str, Any]:
    """The options of its training, as the release records them; nothing where it does not."""
    recorded = parent.manifest.training.get("settings")
    return dict(recorded) if isinstance(recorded, dict) else {}


def _place_of(named: str | None, learnt: str | None, parent: LocalRelease) -> str:
    """The pictures that the release learnt."""
    if named is None and (learnt is None or not Path(learnt).expanduser().exists()):
        gone = (
            "does not say where these are"
            if learnt is None
            else f"learnt them from {learnt}, which is not here"
        )
        raise BadPictures(
            f"{parent.version} is trained again on the pictures that it learnt, together with the "
            f"corrections, and {gone}. Name them: --data FOLDER."
        )
    return named or str(learnt)


def _announce(parent: LocalRelease, joined: Joined, table: Path) -> None:
    """Say what is learnt, and how long it takes by the time of the parent."""
    out, report = console(), report_of(parent)
    out.print(
        f"{parent.version} knows {len(report.labels)} classes of your own. Of its {joined.before:,} "
        f"pictures {joined.relabelled:,} get another label and {joined.left_out:,} are left out; "
        f"{joined.new:,} are new."
    )
    seconds = report.training.seconds
    took = ""
    if seconds:
        about = as_time(seconds * len(joined.rows) / joined.before)
        took = f", about {about}: its training took {as_time(seconds)} for {joined.before:,}"
    out.print(f"It is trained again on {len(joined.rows):,} pictures, in {table}{took}.")


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("improve", __doc__, EXAMPLES)
    add = parser.add_argument
    corrections = "what people said of pictures: the review sheet, the page and doubted.html export it"
    add("corrections", type=Path, metavar="CSV", help=corrections)
    usual = f"{DEFAULT_STORE} where that has a release, else bundled"
    add("--from", dest="release", metavar="RELEASE", help=RELEASE_HELP.replace("the default", usual, 1))
    learnt = "the pictures that the release learnt (default: those that its training named)"
    add("--data", metavar="FOLDER|CSV", help=learnt)
    target = parser.add_mutually_exclusive_group()
    target.add_argument(
        "--out", metavar="STORE", help="a folder store; the release stands there beside what is current"
    )
    target.add_argument("--publish", metavar="STORE", help="a folder or s3:// store; current there")
    return parser


if __name__ == "__main__":
    sys.exit(run(main))
