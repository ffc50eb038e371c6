"""What a review sheet or a page of changes shows: the JSON that its script makes cards of."""

import json
from pathlib import Path
from typing import Any


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
