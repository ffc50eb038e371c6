"""What is none of the classes, and has a name: a skirt, in the service, a table, a sheet and the gate.

The class of so bright a picture is unfamiliar to this release. Its attribute `kind` does without the class.
"""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import expect

from inference.contract import Head, make_whole_picture_input
from model_store.errors import GateRefused
from reports.answers import NO_CLASS, Answers
from tests.browser import Visits
from tests.commands import wardrobe
from tests.picture_page import a_file, card, give, visit
from tests.releases import a_release, a_store
from tests.review_sheets import cards_of
from tests.service import Service, running
from tests.tables import label
from tests.uploads import png

publish = partial(wardrobe, "publish")

SKIRT_PIXELS = np.full((40, 40, 3), (250, 240, 250), np.uint8)
SKIRT_PIXELS[10:30, 15:25] = (235, 225, 235)  # `label` takes a picture of one colour for a placeholder
SKIRT = png(SKIRT_PIXELS)
KIND = Head(
    labels=("belt", "skirt", "other"),
    temperature=1.0,
    confidence=0.1,
    withheld=("other",),
    familiarity={"belt": 0.0, "skirt": 0.0},
)
COLOUR = Head(labels=("red", "blue"), temperature=1.0, confidence=0.1, familiarity={"blue": 0.0})
"""The answer is another label than the one that does without the class's familiarity."""
PICTURES = 150
"""That its answers were measured on, which show none of the classes."""


def answers_about_kinds(right: int) -> Answers:
    """Of PICTURES skirts whose class is unfamiliar so many are known as skirts; all are accepted."""
    names, place = [f"skirt {number}" for number in range(PICTURES)], np.arange(PICTURES)
    known: dict[str, Any] = {"pictures": names, "familiarity": 0.0, "networks": "photos"}
    shares = np.where((place < right)[:, None], (0.1, 0.9, 0.0), (0.9, 0.1, 0.0))
    of_class = Answers.make_answers(
        "X",
        np.full(PICTURES, NO_CLASS),
        probabilities=np.tile([0.6] + [0.0] * 9, (PICTURES, 1)),
        **known,
    )
    of_kind = Answers.make_answers(
        "X", np.full(PICTURES, KIND.labels.index("skirt")), probabilities=shares, **known
    )
    return of_class + replace(of_kind, attributes=np.full(PICTURES, "kind"))


def knowing(right: int, seed: int = 0) -> dict[str, Any]:
    """What is said of a release that knows so many skirts."""
    return {
        "reads": make_whole_picture_input(32, 3),
        "attributes": {"kind": KIND, "colour": COLOUR},
        "least_familiarity": 0.5,
        "further_answers": answers_about_kinds(right),
        "seed": seed,
    }


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    return a_store(tmp_path_factory.mktemp("kinds"), **knowing(PICTURES))


@pytest.fixture(scope="module")
def service(store: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with running(tmp_path_factory.mktemp("service"), MODEL_STORE=store) as service:
        yield service


def test_the_service_accepts_the_kind_of_what_has_no_class(service: Service) -> None:
    answer = service.post("/predict", data=SKIRT).json()

    attributes = answer["attributes"]
    assert (answer["decision"], answer["reason"]) == ("review", "unfamiliar")
    assert (attributes["kind"]["label"], attributes["kind"]["decision"]) == ("skirt", "accept")
    assert attributes["kind"]["reason"] is None
    assert attributes["colour"]["reason"] == "unfamiliar", "for this colour the class's familiarity holds"
    contract = service.get("/model").json()["manifest"]["networks"]["photos"]["contract"]
    assert {name: head["familiarity"] for name, head in contract["heads"].items()} == {
        "label": None,
        "kind": {"belt": 0.0, "skirt": 0.0},
        "colour": {"blue": 0.0},
    }


def test_the_page_shows_its_kind(service: Service, visiting: Visits) -> None:
    page = visit(visiting, service)

    give(page, a_file("skirt.png", SKIRT))

    shown = card(page, "skirt.png")
    expect(shown.locator(".label")).to_have_text("skirt")
    expect(shown.locator(".decision")).to_have_text("Kind accepted")
    chips = shown.get_by_role("list", name="Attributes").get_by_role("listitem")
    expect(chips.filter(has_text="kind: skirt")).to_have_attribute("data-decision", "accept")
    expect(chips.filter(has_text="colour")).to_have_attribute("data-decision", "review")


def test_a_table_has_its_kind_and_the_sheet_doubts_the_class_alone(store: str, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "skirt.png").write_bytes(SKIRT)
    table, sheet = tmp_path / "table.csv", tmp_path / "sheet.html"

    [row] = label(tmp_path / "shop", table, store, "--review", str(sheet), "--audit", "1")

    assert (row["decision"], row["reason"]) == ("review", "unfamiliar")
    assert (row["kind"], row["kind_decision"], row["colour_decision"]) == ("skirt", "accept", "review")
    [of_class] = cards_of(sheet)
    assert of_class["decision"] == "Unfamiliar picture"


def test_the_gate_compares_what_was_said_of_things_without_a_class(
    store: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    worse, alike = (
        a_release(tmp_path / str(right), **knowing(right, right)) for right in (100, PICTURES - 1)
    )

    with pytest.raises(GateRefused, match=rf"attribute kind, {PICTURES} pictures: 66\.67% right"):
        publish([str(worse), store])
    assert publish([str(alike), store]) == 0

    assert f"attribute kind, {PICTURES} pictures" in capsys.readouterr().out
