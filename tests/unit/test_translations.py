"""The page's texts in other languages: Wardrobe's German is complete."""

import ast
import re
from html import unescape
from pathlib import Path

from jinja2 import Environment, nodes

from app.api.web_page import FOLDER
from app.web.translations import TRANSLATIONS
from inference.reasons import Reason
from labelling.review.cards import (
    ACCEPTED_CLASS_NOTE,
    ALL_SCREENS,
    ANSWERED_ATTRIBUTE_NOTE,
    ANSWERED_CLASS_NOTE,
    CLASS_NOTE,
    COLOUR_CONFLICT_NOTE,
    FOUND_NOTES,
    LIST_CONFLICT_NOTE,
    NO_SUGGESTION_NOTE,
    RIGHT_BUTTON_TEXT,
)
from labelling.review.page import AUDIT_HEADING, DOUBTFUL_HEADING, DOUBTFUL_LEAD, PAGE_SCRIPTS, PARTS_LEAD
from reports.page.sentences import TIER_NAMES, TIER_SHARE_TEXTS
from reports.page.wording import NUMBER_EXAMPLE, PERCENTAGE_EXAMPLE
from reports.promises import HELD_OUT_PICTURES
from scripts import doubted_labels
from tests.releases import LABELS
from tests.service import ROOT
from training.heads.ood import UNSEEN_THINGS_ROW

PLACES = re.compile(r"\{\w+\}")
JS_CALL = re.compile(r'\b(?:t|notify\(t)\(\s*"((?:[^"\\]|\\.)*)"')
"""A text in the scripts; the ones that are put together from parts are in ASSEMBLED."""

NOT_FOUND = FOLDER.parent / "templates" / "not-found.html"
REPORT = ROOT / "reports" / "page"
COUNTED = ("picture", "class", "second", "minute", "picture waits")
ASSEMBLED = {
    *(f"{{number}} {one}" for one in COUNTED),
    *(f"{{number}} {many}" for many in ("pictures", "classes", "seconds", "minutes", "pictures wait")),
    *(f"{{number}} {word}" for word in ("accepted", "to review", "failed", "to come")),
    *(f"and {{number}} more by {whose} kind alone" for whose in ("its", "their")),
    *(f"{{number}} accepted by {whose} kind alone" for whose in ("its", "their")),
    *(f"the {place}" for place in ("top", "bottom", "left", "right", "middle")),
    *(f"the {row} {column}" for row in ("top", "bottom") for column in ("left", "right")),
}
SAME_IN_EVERY_LANGUAGE = re.compile(
    r"Wardrobe|curl|JavaScript|Python|CSV|JSON|"
    r"clothing-dataset|, CC0 1\.0|wardrobe improve|[\u00d7.]|\{\w*\}"
)


def texts_of_markup(page: str) -> set[str]:
    """The texts that a reader of the page with scripts sees or hears."""
    named = re.findall(r'\b(?:alt|aria-label|title)="([^"]+)"', page)
    shown = re.sub(r"<!--.*?-->|<(noscript|script)\b.*?</\1>", "", page, flags=re.DOTALL)
    return {" ".join(unescape(text).split()) for text in [*named, *re.split(r"<[^>]*>", shown)]}


def texts_of_the_page() -> set[str]:
    """Every English text of the page: in its markup, in its scripts, and the bundled release's classes."""
    markup = texts_of_markup((FOLDER / "index.html").read_text("utf-8"))
    called = {
        text for path in FOLDER.glob("*.js") for text in JS_CALL.findall(path.read_text("utf-8"))
    } | texts_of_a_template(NOT_FOUND)
    shown = {text for text in markup if text and not SAME_IN_EVERY_LANGUAGE.fullmatch(text)}
    return shown | called | ASSEMBLED | set(LABELS)


def texts_of_a_template(path: Path) -> set[str]:
    """What a template says through `t`."""
    calls = Environment().parse(path.read_text("utf-8")).find_all(nodes.Call)
    named = [one.args[0] for one in calls if isinstance(one.node, nodes.Name) and one.node.name == "t"]
    return {one.value for one in named if isinstance(one, nodes.Const)}


def texts_of_a_module(path: Path) -> set[str]:
    """What a module says through `t`, of a Wording or by itself."""
    calls = [one for one in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(one, ast.Call)]
    named = [one.args[0] for one in calls if ast.unparse(one.func) in ("t", "wording.t")]
    return {str(one.value) for one in named if isinstance(one, ast.Constant)}


OF_REPORTS = {
    *(
        NUMBER_EXAMPLE,
        PERCENTAGE_EXAMPLE,
        HELD_OUT_PICTURES,
        UNSEEN_THINGS_ROW,
        "digits",
        "noise",
        "smooth noise",
    ),
    *("cross-fitted", "development", "test", "{low} to {high}"),
    *(
        f"{{number}} {many}"
        for many in (
            "accepted answer",
            "accepted answers",
            "answer",
            "answers",
            "corrected label",
            "corrected labels",
            "photo",
            "photos",
            "test picture",
            "test pictures",
        )
    ),
    *TIER_NAMES.values(),
    *TIER_SHARE_TEXTS.values(),
}
"""The texts of the report page that the report names, or that are put together."""


def texts_of_the_report() -> set[str]:
    """Every English text of the report page."""
    modules = (texts_of_a_module(REPORT / name) for name in ("advice.py", "sentences.py"))
    return texts_of_a_template(REPORT / "report.html").union(OF_REPORTS, *modules)


SHEET = ROOT / "labelling" / "review"
"""A sheet has no card for a product without a photo."""

OF_CARDS = {
    *(
        RIGHT_BUTTON_TEXT,
        CLASS_NOTE,
        doubted_labels.CARD_NOTE_TEMPLATE,
        DOUBTFUL_LEAD,
        PARTS_LEAD,
        *AUDIT_HEADING,
        *DOUBTFUL_HEADING,
        *(text for screen in ALL_SCREENS for text in screen[:2]),
        COLOUR_CONFLICT_NOTE,
        LIST_CONFLICT_NOTE,
        doubted_labels.DOUBTS_PAGE_INTRODUCTION,
    ),
    "accept",
    ACCEPTED_CLASS_NOTE,
    ANSWERED_ATTRIBUTE_NOTE,
    ANSWERED_CLASS_NOTE,
    *FOUND_NOTES.values(),
    NO_SUGGESTION_NOTE,
    "none of the kinds",
    "it does not say",
    *(text for reason in Reason if reason.card for text in (reason.sentence, reason.card.name)),
}
"""The texts of the review sheet that its Python writes."""


def texts_of_the_sheet() -> set[str]:
    """Every English text of the review sheet, whose frame marks what is translated."""
    frame, *scripts = (
        (SHEET / name).read_text("utf-8") for name in ("review.html", "cards.js", *PAGE_SCRIPTS)
    )
    marked = re.findall(r"data-t(?: disabled| hidden)?>([^<$]+)<", frame) + re.findall(
        r'aria-label="([^"]+)"', frame
    )
    called = (text for script in scripts for text in JS_CALL.findall(script))
    return {*marked, *called, "(leave out)", "none of these"} | OF_CARDS


def test_the_german_page_report_and_sheet_are_complete_and_have_nothing_to_spare() -> None:
    german = TRANSLATIONS["de"]
    shown = texts_of_the_page() | texts_of_the_report() | texts_of_the_sheet()

    assert (sorted(shown - set(german)), sorted(set(german) - shown)) == ([], [])
    assert [english for english in german if not places(german[english]) <= places(english)] == []


def places(text: str) -> set[str]:
    return set(PLACES.findall(text))
