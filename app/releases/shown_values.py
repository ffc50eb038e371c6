"""Values of a release as the answers of the service show them.

A release is stored with a confidence of ACCEPT_NOTHING if nothing is accepted, and with the command that
trained it, whose paths tell about the machine and its users. The files keep both.
"""

import json
import shlex
from typing import Any, Final

from inference.contract import ACCEPT_NOTHING
from reports.values import Report

CONFIDENCE_NAMES: Final = ("confidence", "confidence_threshold")
"""Names of fields with the smallest confidence of an accepted answer."""

PLACE_NAMES: Final = ("data", "corrections", "photos", "release", "root")
"""Names of recorded options of a training whose values are paths or addresses."""

TEXT_OPTIONS: Final = (
    *("data-licence", "by", "labels"),
    *("attribute", "path-column", "product-column"),
)
"""Options of a training whose values are no paths, although they may have a slash."""


def hide_private_values(value: Any) -> Any:  # noqa: ANN401 - JSON
    """Return a JSON value without the paths of the machine that trained, and with null for "accepts nothing".

    Args:
        value: a manifest or report, or a part of one.
    """
    if isinstance(value, list):
        return [hide_private_values(part) for part in value]
    if isinstance(value, dict):
        return {name: _hide_field(name, part) for name, part in value.items()}
    return value


def _hide_field(name: str, value: Any) -> Any:  # noqa: ANN401 - JSON
    # Counts, which may have a label's name, are whole numbers.
    if name in CONFIDENCE_NAMES and isinstance(value, float):
        return show_confidence(value)
    if name == "command" and isinstance(value, str):
        return shorten_command(value)
    if name == "settings" and isinstance(value, dict):
        return {key: _shorten_places(part) if key in PLACE_NAMES else part for key, part in value.items()}
    return hide_private_values(value)


def show_confidence(confidence: float) -> float | None:
    """Return the smallest confidence of an accepted answer; None if nothing is accepted."""
    return None if confidence >= ACCEPT_NOTHING else confidence


def hide_in_report(report: bytes) -> bytes:
    """Return a stored report with the values that the service shows; as it is if nothing has to change."""
    try:
        document = json.loads(report)
        shown = hide_private_values(document)
    except (ValueError, RecursionError):  # the metrics of a model that is no release
        return report
    return report if shown == document else json.dumps(shown, indent=1).encode("ascii")


def hide_training_places(report: Report) -> Report:
    """Return a report with the recorded settings of the training as the service shows them."""
    configuration = hide_private_values(report.training.configuration)
    training = report.training.model_copy(update={"configuration": configuration})
    return report.model_copy(update={"training": training})


def shorten_command(command: str) -> str:
    """Return a command line in which each path has only its last part, and each address its scheme."""
    try:
        words = shlex.split(command)
    except ValueError:  # a quotation mark that is not closed
        words = command.split()
    shown = []
    option = ""
    for word in words:
        name, sign, value = word.partition("=")
        if word.startswith("-"):
            option = name.lstrip("-").replace("_", "-").lower()
            word = f"{name}={_shorten_value(option, value)}" if sign else word  # noqa: PLW2901
        else:
            word = _shorten_value(option, word)  # noqa: PLW2901
            option = ""
        shown.append(word)
    return shlex.join(shown)


def _shorten_value(option: str, value: str) -> str:
    return value if option in TEXT_OPTIONS else _shorten_place(value)


def _shorten_places(value: Any) -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        return [_shorten_places(part) for part in value]
    return _shorten_place(value) if isinstance(value, str) else value


def _shorten_place(place: str) -> str:
    """Return the last part of a path, or the scheme of an address, as in `s3://...`."""
    scheme, sign, _ = place.partition("://")
    if sign:
        return f"{scheme}://..."
    return place.rstrip("/").rpartition("/")[2] or place
