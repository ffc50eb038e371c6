"""MODEL_CARD.md: a release described for people, under the metadata block that model hubs read.

model_card.md lays it out, of the model's contract and its report alone, so that it says nothing that these
do not. Each value of the block is JSON, which YAML contains. Pure.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment

from inference.contract import ModelContract, NetworkName
from reports.values import Report

MODEL_CARD: Final = "MODEL_CARD.md"

DATA_LICENCE: Final = "data_licence"
"""The key of the training's configuration with the licence of the data, as the user stated it."""

TEMPLATE: Final = Path(__file__).with_name("model_card.md")


def model_card(contracts: Mapping[NetworkName, ModelContract], report: Report) -> str:
    """Make the card, Markdown with a YAML block, UTF-8.

    Args:
        contracts: labels, input and thresholds of each network.
        report: their evaluation.
    """
    contract = contracts.get("pixels") or contracts["photos"]
    photos = None if contract is contracts.get("photos") else contracts.get("photos")
    # Markdown, so nothing is escaped as HTML is: `markdown` escapes the names that folders gave.
    made = Environment(trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)  # noqa: S701
    made.filters |= {"markdown": _as_text, "json": _json, "known": _or_unknown}
    template = made.from_string(TEMPLATE.read_text("utf-8"))
    return template.render(contract=contract, report=report, photos=photos)


def _as_text(label: str) -> str:
    """Return a class as Markdown shows it, whatever a folder is called."""
    return re.sub(r"([\\`*_\[\]<>&|#])", r"\\\1", " ".join(label.split()))


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _or_unknown(value: object) -> str:
    return "unknown" if value is None else str(value)
