"""Seal a release again: the same networks, decided again, with its answers to all pictures.

python -m lab.sealing RELEASE --photo-answers photo-answers.csv.gz --strangers FILE --run FOLDER

What heads of folds answered to photos (lab/photo_network.py keeps it), and networks to photos of sources that
they know nothing of (lab/strangers_heads.py), decides temperature, familiarity and thresholds of the network
that answers photos; the graph that reads pixels answers the test set. Writes FOLDER: both files of
that network, answers, report, card, page and manifest are new, everything else is RELEASE's.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import numpy as np

from inference.onnx_session import OnnxSession
from lab.strangers_table import Answered, read
from model_store.files import PHOTO_FILES
from model_store.local import LocalRelease, open_release
from model_store.manifest import Manifest
from reports.answers import NONE_OF_THESE, Answers, answers_of
from reports.values import report_of
from training.data.fashion import SYSTEM_FOLDER, from_idx
from training.data.photos import OOD_PREFIX
from training.decide.requirements import ACCEPTED_OF_PHOTOS
from training.errors import BadRecipe
from training.features.blocks import READS
from training.heads.photo_head import FOLDS
from training.measure.evaluate import answer
from training.measure.products import products_of
from training.measure.statistics import overconfidence
from training.release.make import begin, make_release
from training.release.photo_heads import below, export_heads
from training.release.photos import (
    decide_photos,
    measured_photos,
    network_that_sees_alike,
    photo_model_figures,
)

TOWNS: Final = "ek-t"
"""How groups of other sources begin that are a town, not a product."""


def main(argv: list[str] | None = None) -> int:
    """Seal it."""
    parser = argparse.ArgumentParser(prog="python -m lab.sealing", description=main.__doc__)
    add = parser.add_argument
    add("release", type=Path, metavar="RELEASE", help="folder of the release")
    add("--photo-answers", type=Path, required=True, metavar="FILE", help="of lab.photo_network")
    add("--run", type=Path, required=True, metavar="FOLDER", help="of the new release")
    add("--strangers", type=Path, required=True, metavar="FILE", help="of lab.strangers_heads")
    idx = "IDX files whose test part the release was measured on"
    add("--data", type=Path, default=SYSTEM_FOLDER, metavar="FOLDER", help=idx)
    given = parser.parse_args(argv)
    release = open_release(given.release)
    test, model = from_idx(given.data).test, release.manifest.contract("pixels")
    session = OnnxSession(release.graph("pixels"), shape=model.input.array_shape)
    photo_answers = answers_of(given.photo_answers.read_bytes())
    strangers = read(given.strangers)
    asked = photo_answers + answers_to(strangers)
    decide_again(given.run, release, asked, answer(session, model, test))
    return 0


def answers_to(strangers: Answered) -> Answers:
    """What was answered to photos of other sources; nothing is decided yet."""
    of = strangers.take(strangers.columns["name"] != "")
    names, shown = of.columns["name"], np.char.add(OOD_PREFIX, of.columns["shown"])
    return Answers.of(
        of.columns["tier"],
        np.where(of.known, of.labels, NONE_OF_THESE),
        pictures=of.columns["picture"],
        groups=of.columns["product"],
        folds=of.columns["part"].astype(np.int64) + 1 + FOLDS,
        networks="photos",
        spelt=np.where(of.known, "", shown),
        sources=names,
        distances=of.odds,
        probabilities=of.shares,
    )


def decide_again(folder: Path, parent: LocalRelease, given: Answers, tested: Answers) -> Manifest:
    """Write a release with the networks of another one, and decide again from what heads of folds answered.

    Args:
        folder: emptied first, if it is there.
        parent: whose networks it has; one of them answers photos.
        given: `answers_of_folds`, as the parent's network was fitted.
        tested: what the parent answers to its test set.

    Raises:
        BadRecipe: the parent has no network that answers photos.
        StoreError: the folder cannot be sealed.
    """
    report = report_of(parent)
    if not parent.manifest.both or report.photo_model is None:
        raise BadRecipe(f"{parent.version} has no network that answers photos.")
    asked, found = decide_photos(given, parent, print)
    begin(folder, parent, frozenset(PHOTO_FILES))
    before = parent.manifest.network("photos")
    contract = found.contract(parent.manifest.labels, READS).with_heads(before.contract.attributes)
    whole, golden = export_heads(network_that_sees_alike(parent), folder)
    photos = before.changed(contract=contract, golden=golden)
    figures = photo_model_figures(whole, folder, contract)
    difference = {"overconfidence": overconfidence(tested.confidences, tested.right)}
    test = report.test.changed(**difference)
    configuration = report.training.configuration | below()
    training = report.training.changed(configuration=configuration)
    known = report.changed(test=test, training=training, photo_model=figures)
    again, answers = measured_photos(folder, known, photos, found, asked)
    # Nothing is promised of tier X, of products as of photos.
    of_products = answers.of_unknown_sources & answers.known & ~np.char.startswith(answers.groups, TOWNS)
    products = products_of(answers.take(of_products), ACCEPTED_OF_PHOTOS)
    again = again.changed(products=products)
    return make_release(
        folder,
        networks=parent.manifest.networks | {"photos": photos},
        report=again,
        answers=tested + answers,
        parent=parent.manifest,
        sources=parent.manifest.sources,
    )


if __name__ == "__main__":
    sys.exit(main())
