"""Parts of the page that run without a browser: its words, ZIPs taken apart, results as a CSV."""

import csv
import io
import json
import shutil
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest

from app.web.translations import TRANSLATIONS
from inference.text.spreadsheets import escape_spreadsheet_path, escape_spreadsheet_text
from tests.uploads import zipped

PAGE = Path(__file__).parents[2] / "app" / "web" / "page"
ENTRY = b"PK\1\2"

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")


def run(folder: Path, script: str, given: bytes = b"") -> object:
    """What a script of the page's modules prints as JSON; `given` is its input."""
    for module in PAGE.glob("*.js"):
        shutil.copy(module, folder)
    (folder / "package.json").write_text('{"type": "module"}', "utf-8")
    (folder / "test.js").write_text(script, "utf-8")
    done = subprocess.run(["node", "test.js"], cwd=folder, input=given, capture_output=True, check=True)
    return json.loads(done.stdout)


WORDS = """
import { readFileSync } from "node:fs";
const [lang, texts, calls] = JSON.parse(readFileSync(0));
const getElementById = () => ({ textContent: JSON.stringify(texts) });
globalThis.document = { documentElement: { lang }, getElementById };
const words = { ...(await import("./words.js")), ...(await import("./problems.js")) };
console.log(JSON.stringify(calls.map(([name, given]) => words[name](given))));
"""


def an_answer(decision: str, confidence: float, reason: str | None = None, **more: Any) -> dict[str, Any]:
    shares = {"Shirt": 1 - confidence, "Dress": confidence}
    answer = {"label": "Dress", "decision": decision, "confidence": confidence, "reason": reason}
    return answer | {"probabilities": shares, "familiarity": 0.42} | more


LIKELY, AMBIGUOUS = an_answer("accept", 0.89), an_answer("review", 0.6, "ambiguous")
UNFAMILIAR = an_answer("review", 0.6, "unfamiliar", enlarged=True)
KIND = {
    "label": "skirt",
    "confidence": 0.97,
    "decision": "accept",
    "reason": None,
    "also": [],
    "probabilities": {},
}
COLOUR = KIND | {"label": "blue", "also": ["red"], "decision": "review", "reason": "ambiguous"}
UNFAMILIAR_DRESS = UNFAMILIAR | {"attributes": {"kind": KIND | {"label": "dress"}}}
SKIRT = UNFAMILIAR | {"attributes": {"kind": KIND}}
DOUBTED_KIND = UNFAMILIAR | {"attributes": {"kind": KIND | {"decision": "review", "reason": "ambiguous"}}}
WAITING = {"state": "held", "seconds": 7, "trouble": {"status": 429, "detail": "Ten a minute."}}


SAID: dict[str, list[tuple[str, Any, str]]] = {
    "en": [
        ("reason", LIKELY, "The model thinks it may be: Dress 89%, Shirt 11%."),
        ("reason", AMBIGUOUS, "Not sure enough to accept: Dress 60%, Shirt 40%."),
        ("reason", UNFAMILIAR, "may mean nothing. The picture is smaller than what the model reads"),
        ("sureness", UNFAMILIAR, "the nearest class: 60%"),
        ("headline", UNFAMILIAR, "Dress"),
        ("headline", DOUBTED_KIND, "Dress"),
        ("headline", SKIRT, "skirt"),
        ("sureness", SKIRT, "97% sure"),
        ("decision", SKIRT, "Kind accepted"),
        ("reason", SKIRT, "learnt of its classes, so only the kind is accepted."),
        ("reason", UNFAMILIAR_DRESS, "learnt of its classes, so only the kind is accepted."),
        (
            "tally",
            [{"state": "done", "answer": SKIRT}, {"state": "done", "answer": UNFAMILIAR}],
            "1 accepted by its kind alone, 1 to review",
        ),
        (
            "tally",
            [{"answer": one} for one in (LIKELY, LIKELY, LIKELY, SKIRT)],
            "4 pictures: 3 accepted, and 1 more by its kind alone",
        ),
        ("facts", SKIRT, "97% sure"),
        (
            "facts",
            LIKELY | {"attributes": {"kind": KIND, "colour": COLOUR}},
            "89% sure \u00b7 skirt \u00b7 blue, red?",
        ),
        ("timeLeft", 59, "Less than a minute left."),
        ("timeLeft", 200, "About 3 minutes left."),
        ("sureness", an_answer("accept", 0.9999), "> 99.9% sure"),
        ("familiarity", LIKELY, "of 100 pictures that the model was checked on, 42 look less typical"),
        ("tally", [{"answer": LIKELY}, {"state": "failed"}], "2 pictures: 1 accepted, 1 failed"),
        ("holding", [WAITING], "The rate limit is used up: 1 picture waits, the next try is in 7 seconds."),
        ("meaning", {"status": 400, "title": "No", "detail": "Its own words"}, "Its own words"),
    ],
    "de": [
        ("meaning", {"status": 400, "title": "No"}, "Ungültige Anfrage"),
        ("meaning", {"status": 500, "title": "No"}, "Interner Fehler"),
        ("meaning", {"type": "urn:wardrobe:problem:busy", "status": 503}, "Ausgelastet"),
        ("sureness", LIKELY, "89\u00a0% sicher"),
    ],
}
"""By language: a function of words.js or problems.js, what it is given, and what it has to say."""


@pytest.mark.parametrize("language", SAID)
def test_the_page_says_of_an_answer_or_an_error_what_it_means(language: str, tmp_path: Path) -> None:
    calls = [(name, given) for name, given, _ in SAID[language]]
    asked = [language, TRANSLATIONS.get(language, {}), calls]

    found = run(tmp_path, WORDS, json.dumps(asked).encode())

    assert isinstance(found, list)
    wanted = [text for _, _, text in SAID[language]]
    said = ["; ".join([one] if isinstance(one, str) else one) for one in found]
    assert [(text, one) for text, one in zip(wanted, said, strict=True) if text not in one] == []


UNZIP = """
import { readFileSync } from "node:fs";
import { File } from "node:buffer";
import { unzipped } from "./archive.js";
globalThis.File = File;
const zip = new File([readFileSync(0)], "shop.zip");
const sizes = (found) => found.map(({ path, file }) => [path, file.size]);
console.log(JSON.stringify(await unzipped(zip).then(sizes, (error) => error.message)));
"""


def test_pictures_of_a_zip_have_the_names_that_the_service_reads(tmp_path: Path) -> None:
    names = {"utf-8": "größer 靴.png", "cp850": "Übergröße.png"}
    packed = zipped(**{name: bytes(9) for name in ("1" * len(names["utf-8"].encode()), "2" * 13)})
    packed = packed.replace(b"1" * len(names["utf-8"].encode()), names["utf-8"].encode())
    packed = packed.replace(b"2" * 13, names["cp850"].encode("cp850"))

    assert run(tmp_path, UNZIP, packed) == [[f"shop.zip/{name}", 9] for name in names.values()]


@pytest.mark.parametrize(
    ("held", "declared", "said"),
    [
        (3_000, 3_000, [["shop.zip/a.png", 3_000]]),
        (3_000, 2 << 30, "too large"),
        (50_000_000, 1_000, "more bytes than declared"),
    ],
)
def test_a_zip_is_not_inflated_beyond_what_it_declares_or_a_tab_can_hold(
    held: int, declared: int, said: object, tmp_path: Path
) -> None:
    packed = bytearray(zipped(**{"a.png": bytes(held)}))
    struct.pack_into("<I", packed, packed.index(ENTRY) + 24, declared)

    assert run(tmp_path, UNZIP, bytes(packed)) == said


CELLS = """
import { readFileSync } from "node:fs";
import { asPath, asText } from "./cells.js";
const texts = JSON.parse(readFileSync(0));
console.log(JSON.stringify(texts.map((text) => [asText(text), asPath(text)])));
"""


def test_the_page_marks_the_same_cells_as_the_tables(tmp_path: Path) -> None:
    begins = ("", "'", ",", "x;", "\t", "\r\n", "a\t'")
    ends = [*map(chr, range(128)), "\uff1d1", "\uff20", "-10", "-8,50", "+1e-05", "-1-1", "=1+1,-2"]
    texts = [begin + end for begin in begins for end in ends]

    found = run(tmp_path, CELLS, json.dumps(texts).encode())

    assert found == [
        [escape_spreadsheet_text(text), escape_spreadsheet_text(escape_spreadsheet_path(text))]
        for text in texts
    ]


RESULTS = """
import { readFileSync } from "node:fs";
import { asCsv } from "./results.js";
console.log(JSON.stringify(asCsv(JSON.parse(readFileSync(0)))));
"""


def test_the_csv_of_the_page_has_answers_attributes_and_errors_as_the_tables_write_them(
    tmp_path: Path,
) -> None:
    colour = {
        "label": "blue",
        "confidence": 0.812345678,
        "decision": "accept",
        "reason": None,
        "also": ["red", "green"],
    }
    fields = {"label": "Dress", "confidence": 0.9, "probabilities": {"Dress": 1}, "model": {"version": "v1"}}
    items = [
        {"path": "a.png", "state": "done", "answer": fields | {"attributes": {"colour": colour}}},
        {"path": "b.png", "state": "done", "answer": fields},
        {"path": "c.png", "state": "failed", "trouble": {"title": "no", "detail": "picture", "status": 415}},
    ]

    table = run(tmp_path, RESULTS, json.dumps(items).encode())

    first, second, third = csv.DictReader(io.StringIO(str(table), newline=""))
    names = ["colour", "colour_confidence", "colour_decision", "colour_also"]
    assert [first[name] for name in names] == ["blue", "0.81235", "accept", "red|green"]
    assert [one[name] for one in (second, third) for name in names] == [""] * 8
    assert list(first)[-5:] == ["p_Dress", *names]
    assert [first[name] for name in ("path", "label", "confidence", "model", "p_Dress", "error")] == [
        *("a.png", "Dress", "0.9", "v1", "1", ""),
    ]
    assert (third["path"], third["error"], third["label"]) == ("c.png", "no: picture", "")


PACE = """
import { Pace } from "./pace.js";
const pace = new Pace();
const unknown = pace.secondsFor(100);
for (let second = 0; second < 15; second += 1) pace.count(second * 1000);
for (let second = 100; second < 120; second += 1) pace.count(second * 2000); // after a pause, half as quick
console.log(JSON.stringify([unknown, pace.secondsFor(100), pace.secondsFor(9)]));
"""


def test_the_time_left_follows_the_pace_of_the_latest_pictures_and_no_pause(tmp_path: Path) -> None:
    assert run(tmp_path, PACE) == [None, 200, None]
