"""Seal a release anew: the same networks, decided again, with its answers to all pictures.

python -m lab.sealing RELEASE --photo-answers photo-answers.csv.gz --run FOLDER

What heads of folds answered to photos (lab/photo_network.py keeps it) decides temperature, familiarity and
thresholds of the network that answers photos; the graph that reads pixels answers the test set. Writes
FOLDER: answers, report, card, page and manifest are new, everything else is RELEASE's.
"""

import argparse
import sys
from pathlib import Path

from inference.onnx_session import OnnxSession
from model_store.local import LocalRelease, open_release
from model_store.manifest import Manifest
from reports.answers import Answers, answers_of
from reports.values import report_of
from training.errors import BadRecipe
from training.features.blocks import READS
from training.measure.evaluate import answer
from training.measure.statistics import overconfidence
from training.pictures.fashion import from_idx
from training.release.photo_release import decide_photos, measured_photos, successor
from training.release.sealing import begin_with, seal_measured


def main(argv: list[str] | None = None) -> int:
    """Seal it."""
    parser = argparse.ArgumentParser(prog="python -m lab.sealing", description=main.__doc__)
    add = parser.add_argument
    add("release", type=Path, metavar="RELEASE", help="folder of the release")
    add("--photo-answers", type=Path, required=True, metavar="FILE", help="of lab.photo_network")
    add("--run", type=Path, required=True, metavar="FOLDER", help="of the new release")
    idx = "IDX files whose test part the release was measured on"
    add("--data", type=Path, default=Path("/usr/share/datasets/fashion-mnist"), metavar="FOLDER", help=idx)
    given = parser.parse_args(argv)
    release = open_release(given.release)
    test, model = from_idx(given.data).test, release.manifest.contract("pixels")
    session = OnnxSession(release.graph("pixels"), shape=model.input.array_shape)
    photo_answers = answers_of(given.photo_answers.read_bytes())
    decide_again(given.run, release, photo_answers, answer(session, model, test))
    return 0


def decide_again(folder: Path, parent: LocalRelease, given: Answers, tested: Answers) -> Manifest:
    """Write a release with the networks of another one, and decide again from what heads of folds answered.

    Args:
        folder: emptied first, if it is there.
        parent: whose networks it has; one of them answers photos.
        given: `Made.answers`, as the parent's network was fitted.
        tested: what the parent answers to its test set.

    Raises:
        BadRecipe: the parent has no network that answers photos.
        StoreError: the folder cannot be sealed.
    """
    report = report_of(parent)
    if not parent.manifest.both or report.photo_model is None:
        raise BadRecipe(f"{parent.version} has no network that answers photos.")
    asked, found = decide_photos(given, parent, print)
    begin_with(folder, parent)
    before = parent.manifest.network("photos")
    contract = found.contract(parent.manifest.labels, READS).with_heads(before.contract.attributes)
    photos = before.model_copy(update={"contract": contract})
    figures = report.photo_model.model_copy(update={"temperature": photos.contract.temperature})
    difference = {"overconfidence": overconfidence(tested.confidences, tested.right)}
    test = report.test.model_copy(update=difference)
    known = report.model_copy(update={"test": test, "photo_model": figures})
    again, answers = measured_photos(folder, known, photos, found, asked)
    return seal_measured(folder, successor(parent, photos, again, tested + answers))


if __name__ == "__main__":
    sys.exit(main())
