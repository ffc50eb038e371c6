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
from model_store.local import open_release
from reports.answers import answers_of
from training.measure.evaluate import answer
from training.pictures.fashion import from_idx
from training.release.photo_release import decide_again


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
    decide_again(given.run, release, photo_answers, answer(session, model, test), print)
    return 0


if __name__ == "__main__":
    sys.exit(main())
