"""What a review sheet or a page of changes shows: the JSON that its script makes cards of."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from labelling.review.changes import AnswerChange
from tests.tables import write_csv


def a_change(path: str, attribute: str = "", first: str = "Bag", second: str = "Coat") -> AnswerChange:
    """A picture to which the first release says one label, and the second one another."""
    return AnswerChange(
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


def parts_of(page: Path) -> list[dict[str, Any]]:
    """The parts of a sheet that ask something; those with settled answers are left out."""
    return [part for part in shown_on(page)["parts"] if not part.get("settled")]


def cards_of(page: Path, attribute: str | None = "") -> list[dict[str, Any]]:
    """The cards of the parts of a sheet that ask, in order: those about the class, or all for None."""
    shown = shown_on(page)
    cards = [card for part in parts_of(page) for card in part["cards"]]
    for photo in (photo for card in cards for photo in (card, *card.get("photos", ()))):
        photo["picture"] = shown.get("pictures", {}).get(photo["picture"], photo["picture"])
    return [card for card in cards if attribute in {None, card.get("attribute", "")}]


def export(sheet: Path, said: Mapping[str, str], file: Path) -> Path:
    """What a sheet exports when a person says this of the class of pictures, by sha256."""
    columns = ("path", "sha256", "audit", "audit_of", "predicted", "attribute", "product")
    always = {"at": "2026-11-22T10:00:00Z", "version": shown_on(sheet)["version"]}
    rows = [
        {name: card[name] for name in columns} | {"label": said[card["sha256"]]} | always
        for card in cards_of(sheet)
        if card["sha256"] in said
    ]
    return write_csv(file, rows)
