"""Write MODEL_CARD.md, the description of a release for people and for model hubs.

It begins with a block of YAML that hubs read. Each value in it is JSON, which is valid YAML, so that no label
can break the block. Everything comes from the report and the contracts of the networks.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from jinja2 import Environment, StrictUndefined

from inference.contract import ModelContract, NetworkName
from reports.values import Report

MODEL_CARD_FILE: Final = "MODEL_CARD.md"
"""Name of the model card in a release."""

DATA_LICENCE_KEY: Final = "data_licence"
"""Key of a training's configuration for the licence of the data, if the user stated one."""

MODEL_CARD_TEMPLATE: Final = Path(__file__).with_name("model_card.md")
"""Path of the Jinja template of the model card."""


def make_model_card(contracts: Mapping[NetworkName, ModelContract], report: Report) -> str:
    """Return the text of a release's model card: Markdown with a YAML block at the top.

    Args:
        contracts: the contract of each network: labels, input and thresholds.
        report: the evaluation of the networks.
    """
    contract = contracts.get("pixels") or contracts["photos"]
    photos = None if contract is contracts.get("photos") else contracts.get("photos")
    # The card is Markdown, so nothing is escaped as in HTML. The filter `markdown` escapes labels instead.
    environment = Environment(
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
    )
    environment.filters |= {"markdown": _escape_markdown, "json": _format_json, "known": _format_or_unknown}
    template = environment.from_string(MODEL_CARD_TEMPLATE.read_text("utf-8"))
    return template.render(contract=contract, report=report, photos=photos)


def _escape_markdown(label: str) -> str:
    """Return a label with its special characters escaped, since labels are names of folders."""
    return re.sub(r"([\\`*_\[\]<>&|#])", r"\\\1", " ".join(label.split()))


def _format_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _format_or_unknown(value: object) -> str:
    return "unknown" if value is None else str(value)
