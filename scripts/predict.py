"""Classify pictures here, as `POST /predict` does.

A file that cannot be read or decoded is reported on stderr, and the other files are answered all the same. An
option draws the pictures and answers, which needs the training packages.
"""

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.bar import Bar
from rich.console import Console
from rich.table import Table

from app.prediction.answer_fields import create_prediction_fields
from app.settings import read_command_settings
from inference.arrays import Picture, Pixels
from inference.classifier import LabelAnswer, Prediction
from inference.errors import UploadError
from inference.networks import Networks
from inference.pictures.decode import MAX_BYTES, MAX_PIXELS, DecodedPicture, decode_image, prepare_decoders
from labelling.write.outputs import check_outputs
from model_store.named_release import find_release
from model_store.release_files import add_path_to_errors, open_regular_file
from model_store.release_networks import open_networks
from scripts.__main__ import command
from scripts.console import BAR_WIDTH_CHARACTERS, make_console, print_message
from scripts.parsers import ANSWERING_HELP, make_command_parser
from scripts.terminal import FAILURE_EXIT_CODE, load_command_dotenv
from training.evaluation.statistics import find_likeliest_classes
from training.loading import require_library

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class FilePrediction:
    """The answer of a release about one picture file.

    Attributes:
        file: the path of the file.
        decoded_picture: the decoded picture.
        model_pixels: the input of the pixel network that was made of the picture.
        prediction: the answer.
    """

    file: Path
    decoded_picture: DecodedPicture
    model_pixels: Pixels
    prediction: Prediction


EXAMPLE_COMMANDS = (
    "wardrobe predict shirt.jpg",
    "wardrobe predict shirt.jpg bag.png --model s3://models/wardrobe --json",
    "wardrobe predict --image bag.png --plot answer.png",
)


def main(words: list[str]) -> int:
    """Classify picture files, and print the answer about each.

    Args:
        words: the words after `wardrobe predict`.

    Returns:
        The exit code: 0, or 1 if a file could not be classified.
    """
    parser = build_parser()
    arguments = parser.parse_args(words)
    load_command_dotenv()  # not by `run_command`: --json prints a line per picture as it comes
    files = [*arguments.files, *arguments.image]
    if not files:
        parser.error("name at least one picture")
    if arguments.plot:
        require_library("matplotlib", "matplotlib")
    prepare_decoders()
    release = find_release(arguments.model, read_command_settings().cache_dir)
    if arguments.plot and not arguments.plot.is_char_device():  # into which matplotlib writes
        check_outputs([arguments.plot], [*files, release.folder])
    networks = open_networks(release)
    answers = []
    for file in files:
        answer = _answer_file(file, networks)
        if answer is None:
            continue
        answers.append(answer)
        if arguments.json:
            print(_make_json_line(answer, release.version))
        else:
            _print_answer(answer, make_console())
    if answers and arguments.plot:
        draw_answers(answers, networks, arguments.plot)
    return 0 if len(answers) == len(files) else FAILURE_EXIT_CODE


def build_parser() -> argparse.ArgumentParser:
    """Return the argument parser of `wardrobe predict`."""
    parser = make_command_parser(
        "predict", __doc__, EXAMPLE_COMMANDS, json_help="print one line of JSON per picture"
    )
    add = parser.add_argument
    add("files", nargs="*", type=Path, metavar="FILE", help="pictures to classify")
    add(
        "--image",
        action="extend",
        nargs="+",
        type=Path,
        default=[],
        metavar="FILE",
        help="pictures to classify, named by an option",
    )
    add("--model", default="bundled", help=f"{ANSWERING_HELP} (default: bundled)")
    plot = "draw each picture, the input of the model and its answer"
    add("--plot", type=Path, metavar="OUT.png", help=plot)
    return parser


def _answer_file(file: Path, networks: Networks) -> FilePrediction | None:
    """Return the answer about one file. If it is no picture, print why, and return None."""
    try:
        with open_regular_file(file) as opened_file:
            content = opened_file.read(MAX_BYTES + 1)  # one byte more shows that the file is too large
        if len(content) > MAX_BYTES:
            print_message(f"{file}: more than {MAX_BYTES:,} bytes, which is the most that is read.")
            return None
        decoded_picture = decode_image(content, MAX_PIXELS, networks["pixels"].contract.input)
    except OSError as error:
        print_message(f"{file}: {error.strerror}.")
        return None
    except UploadError as error:
        print_message(f"{file}: {error}")
        return None
    model_input = networks.make_model_input(decoded_picture)
    [prediction] = networks.classify([model_input])
    return FilePrediction(file, decoded_picture, model_input.pixels, prediction)


def _format_decision(answer: LabelAnswer) -> str:
    """Return the decision about a label, with the reason of a review: "review, ambiguous"."""
    return f"{answer.decision}, {answer.reason}" if answer.reason else answer.decision


def _print_answer(answer: FilePrediction, console: Console) -> None:
    """Print the label, the decision and a bar for each class, then a line for each attribute."""
    prediction = answer.prediction
    class_answer = prediction.answer
    verdict = _format_decision(class_answer)
    familiarity = "" if prediction.familiarity is None else f", familiarity {prediction.familiarity:.2f}"
    console.print(f"{answer.file}: {class_answer.label}  ({verdict}{familiarity})", soft_wrap=True)
    bars = Table.grid(padding=(0, 1))
    for index, (label, share) in enumerate(zip(class_answer.labels, class_answer.probabilities, strict=True)):
        style = "bold" if index == class_answer.class_id else ""
        bar = Bar(1.0, 0.0, float(share), width=BAR_WIDTH_CHARACTERS)
        bars.add_row(f"  {label}", bar, f"{share:7.2%}", style=style)
    console.print(bars)
    for name, attribute_answer in answer.prediction.attributes.items():
        also_text = f", also {', '.join(attribute_answer.also)}" if attribute_answer.also else ""
        verdict = _format_decision(attribute_answer)
        line = f"  {name}: {attribute_answer.label} {attribute_answer.confidence:.2%}{also_text}  ({verdict})"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print()


def _make_json_line(answer: FilePrediction, version: str) -> str:
    """Return the answer of `POST /predict` as one line of JSON, with the path of the file."""
    fields = create_prediction_fields(answer.prediction)
    line = {"file": str(answer.file), **fields, "model": {"version": version}}
    return json.dumps(line, ensure_ascii=False)


_ROW_INCHES = (9.0, 2.6)
"""Width and height of the row of one picture in a plot, in inches."""

_ANSWER_COLOUR, _OTHER_COLOUR = "#1b6ca8", "#b8c4ce"
"""Colours of the bar of the answered class, and of all other bars."""


def draw_answers(answers: Sequence[FilePrediction], networks: Networks, file: Path) -> None:
    """Draw a row for each answer into a PNG file: the picture, the pixels that the model reads, the answer.

    Args:
        answers: the answers, at least one.
        networks: the networks of the release, whose labels name the bars.
        file: the file, which is replaced if it exists.

    Raises:
        OSError: the file cannot be written.
    """
    # Only training's requirements have matplotlib.
    from matplotlib.figure import Figure  # noqa: PLC0415

    from training.evaluation.plots import save_figure, use_label_fonts  # noqa: PLC0415

    labels = networks["pixels"].contract.labels
    width, height = _ROW_INCHES
    with use_label_fonts(labels):
        figure = Figure(figsize=(width, height * len(answers)), layout="constrained")
        grid = figure.subplots(len(answers), 3, squeeze=False, width_ratios=(1, 1, 1.6)).tolist()
        for axes, answer in zip(grid, answers, strict=True):
            _draw_row(axes, answer, labels)
        with add_path_to_errors(file):
            save_figure(figure, file, cut_to_content=True)  # no caption is cut off


def _draw_row(axes: "Sequence[Axes]", answer: FilePrediction, labels: Sequence[str]) -> None:
    """Draw the row of one answer into three axes."""
    left, middle, right = axes
    _show_image(left, answer.decoded_picture.picture, answer.file.name)
    _show_image(middle, answer.model_pixels, "what the model saw")
    prediction = answer.prediction.answer
    shown_classes = find_likeliest_classes(prediction.probabilities)
    colours = [_ANSWER_COLOUR if index == prediction.class_id else _OTHER_COLOUR for index in shown_classes]
    right.barh(range(len(shown_classes)), prediction.probabilities[shown_classes], color=colours)
    # A label may hold dollars, which matplotlib would take for a formula.
    right.set_yticks(
        range(len(shown_classes)), [labels[index] for index in shown_classes], fontsize=8, parse_math=False
    )
    right.invert_yaxis()  # class 0 on top, as everywhere else
    right.set_xlim(0, 1)
    right.set_title(
        f"{prediction.label} {prediction.confidence:.1%}, {prediction.decision}", fontsize=9, parse_math=False
    )


def _show_image(axes: "Axes", image: Picture | Pixels, title: str) -> None:
    """Draw a picture with a title and without scales."""
    axes.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes.set_title(title, fontsize=9, parse_math=False)
    axes.set(xticks=[], yticks=[])


if __name__ == "__main__":
    raise SystemExit(command("predict"))
