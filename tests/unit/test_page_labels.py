"""The labels that people give on the page at /: each belongs to the content of a picture, not to its name."""

import shutil
from pathlib import Path

import pytest

from tests.unit.test_page_scripts import run

pytestmark = pytest.mark.skipif(shutil.which("node") is None, reason="needs node")

LABELS = """
import { File } from "node:buffer";
const store = new Map();
globalThis.localStorage = {
  getItem: (name) => store.get(name) ?? null,
  setItem: (name, text) => store.set(name, text),
};
const { Corrections } = await import("./corrections.js");
const answer = { label: "Dress", confidence: 0.9, decision: "accept", model: { version: "v1" } };
const path = "IMG_0001.jpg";
const picture = (bytes, lastModified) => ({ path, file: new File([bytes], path, { lastModified }), answer });
const labels = async (corrections, ...pictures) => {
  await Promise.all(pictures.map((one) => corrections.recognise(one)));
  return pictures.map((one) => corrections.labelOf(one));
};
const afterReload = async (...pictures) => labels(new Corrections(), ...pictures);
"""

SAME_NAME = """
const corrections = new Corrections();
corrections.set(picture("shirt", 1), "Shirt");
await corrections.csv();
const dress = picture("dress", 1); // of the same size and time
const before = await labels(corrections, dress);
corrections.set(dress, "Dress");
const rows = (await corrections.csv()).match(/^IMG_0001.jpg,[a-z]+/gim);
const after = await afterReload(picture("shirt", 2), picture("dress", 3), picture("boots", 1));
console.log(JSON.stringify([before, rows, after, new Corrections().size]));
"""


def test_a_second_picture_of_the_same_name_has_a_label_of_its_own(tmp_path: Path) -> None:
    assert run(tmp_path, LABELS + SAME_NAME) == [
        [""],  # what the dress shows at first
        ["IMG_0001.jpg,Shirt", "IMG_0001.jpg,Dress"],
        ["Shirt", "Dress", ""],
        2,
    ]


UNHASHED = """
Object.defineProperty(globalThis, "crypto", { value: {} });
const corrections = new Corrections();
corrections.set(picture("shirt", 1), "Shirt");
corrections.set(picture("dress", 2), "Dress");
await corrections.csv();
const pictures = [picture("shirt", 1), picture("dress", 2), picture("boots", 3), picture("shoe", 1)];
console.log(JSON.stringify(await afterReload(...pictures)));
"""


def test_without_hashes_a_label_belongs_to_a_name_a_size_and_a_time(tmp_path: Path) -> None:
    assert run(tmp_path, LABELS + UNHASHED) == ["Shirt", "Dress", "", ""]


CHANGED = """
const corrections = new Corrections();
const shirt = picture("shirt", 1);
corrections.set(shirt, "Coat");
corrections.set(shirt, "Dress"); // before the first hash is known
await corrections.csv();
const copied = picture("shirt", 9);
const before = corrections.labelOf(copied); // its hash is not known yet
await corrections.recognise(copied);
const after = corrections.labelOf(copied);
corrections.set(copied, "Shirt");
await corrections.csv();
const labelled = await afterReload(shirt);
corrections.set(copied, "");
console.log(JSON.stringify([before, after, labelled, await afterReload(shirt), new Corrections().size]));
"""


def test_a_copy_of_a_labelled_picture_shows_its_label_once_it_is_hashed_and_can_change_it(
    tmp_path: Path,
) -> None:
    assert run(tmp_path, LABELS + CHANGED) == ["", "Dress", ["Shirt"], [""], 0]


OF_2_0_0 = """
const kept = { path, at: "2026-11-01T00:00:00.000Z", predicted: "Dress", model: "v1", attribute: "" };
const { createHash } = await import("node:crypto");
const sha256 = createHash("sha256").update("shirt").digest("hex");
const rows = [{ ...kept, label: "Shirt", sha256 }, { ...kept, label: "Coat" }];
localStorage.setItem("wardrobe.corrections", JSON.stringify(rows));
const corrections = new Corrections();
const labelled = await labels(corrections, picture("shirt", 1), picture("dress", 1));
corrections.set(picture("dress", 1), "Dress");
const exported = (await corrections.csv()).match(/(?<=^IMG_0001.jpg,)[a-z]+/gim);
console.log(JSON.stringify([labelled, exported]));
"""


def test_labels_that_2_0_0_kept_are_shown_by_their_hash_and_none_is_lost(tmp_path: Path) -> None:
    assert run(tmp_path, LABELS + OF_2_0_0) == [["Shirt", ""], ["Shirt", "Coat", "Dress"]]
