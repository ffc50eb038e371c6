"""What a review sheet or a page of changes shows: the JSON that its script makes cards of."""

import json
from pathlib import Path
from typing import Any

from labelling.review.changes import Change


def a_change(path: str, attribute: str = "", first: str = "Bag", second: str = "Coat") -> Change:
    """A picture to which the first release says one label, and the second one another."""
    return Change(
        path=path,
        attribute=attribute,
        sha256="ab" * 32,
        label_a=first,
        confidence_a=0.9,
        decision_a="accept",
        label_b=second,
        confidence_b=0.8,
        decision_b="review",
    )


def shown_on(page: Path) -> dict[str, Any]:
    """All that a page embeds."""
    shown: dict[str, Any] = json.loads(
        page.read_text("utf-8").partition('id="shown">')[2].partition("</script>")[0]
    )
    return shown


def cards_of(page: Path) -> list[dict[str, Any]]:
    """The cards of all parts of a sheet that ask for the class, in order."""
    cards = [card for part in shown_on(page)["parts"] for card in part["cards"]]
    return [card for card in cards if not card.get("attribute")]
