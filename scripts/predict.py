"""Say what is on pictures: the command-line twin of `POST /predict`.

wardrobe predict FILE... [--model bundled|FOLDER|STORE] [--json] [--plot OUT.png]
    [--stages OUT.png]

A file that cannot be read or decoded is one line on stderr; the others are answered all the same. Drawing
is in prediction_plot.py and stages_plot.py, finding the model in opening.py.
"""

import argparse
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from rich.bar import Bar
from rich.console import Console
from rich.table import Table
from rich.text import Text

from inference.arrays import Pixels
from inference.classifier import Classifier, Prediction
from inference.convert import decoded_to_pixels
from inference.decode import Decoded, decode, prepare_opencv
from inference.errors import UploadError
from inference.header import MAX_PIXELS
from inference.stages import stages
from scripts.command_line import command_parser
from scripts.opening import find_release, open_model
from scripts.prediction_plot import draw, require_matplotlib
from scripts.stages_plot import draw_stages
from scripts.terminal import FAILED, complain, console, run

_BAR_COLUMNS = 40


@dataclass(frozen=True)
class Answer:
    """What is known about one file: the picture, what the model saw of it, what it said."""

    file: Path
    decoded: Decoded
    seen: Pixels
    prediction: Prediction


EXAMPLES = (
    "wardrobe predict shirt.jpg",
    "wardrobe predict shirt.jpg bag.png --model s3://models/wardrobe --json",
    "wardrobe predict --image bag.png --plot answer.png --stages stages.png",
)


def main(argv: list[str] | None = None) -> int:
    """Classify every file named in the arguments; 1 when one of them could not be."""
    parser = build_parser()
    arguments = parser.parse_args(argv)
    files = [*arguments.files, *arguments.image]
    if not files:
        parser.error("name at least one picture")
    if arguments.plot or arguments.stages:
        require_matplotlib()
    prepare_opencv()
    release = find_release(arguments.model)
    classifier = open_model(release)
    answers = []
    for file in files:
        answer = _answer(file, classifier)
        if answer is None:
            continue
        answers.append(answer)
        if arguments.json:
            print(_as_json(answer, classifier, release.version))
        else:
            _show(answer, classifier, console())
    if arguments.plot and answers:
        rows = [(a.file.name, a.decoded.picture, a.seen, a.prediction) for a in answers]
        draw(rows, classifier, arguments.plot)
    if arguments.stages and answers:
        imaging = classifier.contract.input.imaging
        draw_stages([(a.file.name, stages(a.decoded, imaging)) for a in answers], arguments.stages)
    return 0 if len(answers) == len(files) else FAILED


def build_parser() -> argparse.ArgumentParser:
    """What the command takes."""
    parser = command_parser("predict", __doc__, EXAMPLES)
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="pictures")
    parser.add_argument(
        "--image", nargs="+", type=Path, default=[], metavar="FILE", help="pictures, named by an option"
    )
    parser.add_argument(
        "--model",
        default="bundled",
        help="bundled (the default), a release's folder, or a store: a folder or s3://bucket/prefix",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object per picture and line")
    parser.add_argument(
        "--plot", type=Path, metavar="OUT.png", help="draw picture, what the model saw, and its answer"
    )
    parser.add_argument(
        "--stages", type=Path, metavar="OUT.png", help="draw each step from the picture to what the model saw"
    )
    return parser


def _answer(file: Path, classifier: Classifier) -> Answer | None:
    """Classify one file; None, after a line on stderr, when it is no picture."""
    try:
        decoded = decode(file.read_bytes(), MAX_PIXELS)
    except OSError as error:
        complain(f"{file}: {error.strerror}.")
        return None
    except UploadError as error:
        complain(f"{file}: {error}")
        return None
    seen = decoded_to_pixels(decoded, classifier.contract.input.imaging)
    [prediction] = classifier.classify(seen[None])
    return Answer(file, decoded, seen, prediction)


def _show(answer: Answer, classifier: Classifier, out: Console) -> None:
    """Print label, decision and one bar per class."""
    prediction = answer.prediction
    verdict = prediction.decision + (f", {prediction.reason}" if prediction.reason else "")
    familiarity = "" if prediction.familiarity is None else f", familiarity {prediction.familiarity:.2f}"
    out.print(f"{answer.file}: {prediction.label}  ({verdict}{familiarity})", markup=False)
    bars = Table.grid(padding=(0, 1))
    for index, (label, share) in enumerate(
        zip(classifier.contract.labels, prediction.probabilities, strict=True)
    ):
        style = "bold" if index == prediction.class_id else ""
        bar = Bar(1.0, 0.0, float(share), width=_BAR_COLUMNS)
        bars.add_row(Text(f"  {label}"), bar, f"{share:7.2%}", style=style)
    out.print(bars)
    out.print()


def _as_json(answer: Answer, classifier: Classifier, version: str) -> str:
    """The answer of `POST /predict`, with the file in place of a request."""
    fields = answer.prediction.as_answer(classifier.contract.labels)
    line = {"file": str(answer.file)} | fields | {"model": {"version": version}}
    return json.dumps(line, ensure_ascii=False)


if __name__ == "__main__":
    sys.exit(run(main))
