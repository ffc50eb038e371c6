"""A garment that only a part of a photo shows is found by its title, in tables and by the service."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.factory import create_app
from app.settings import Settings
from lab.title_figures import seal_again
from labelling.review.cards import FOUND_NOTES
from model_store.local_releases import LocalRelease, open_release
from reports.values import read_report
from tests.service import ROOT
from tests.tables import label, products_of, write_csv

WIDTH = 300


def one_above_the_other(*names: str) -> bytes:
    """Photos of examples/ as one photo, the first one at the top."""
    pictures = [Image.open(ROOT / "examples" / f"photo-{name}.jpg").convert("RGB") for name in names]
    rows = [
        np.asarray(picture.resize((WIDTH, picture.height * WIDTH // picture.width))) for picture in pictures
    ]
    saved = io.BytesIO()
    Image.fromarray(np.concatenate(rows)).save(saved, "JPEG", quality=92)
    return saved.getvalue()


OUTFIT = one_above_the_other("t-shirt", "dress")
"""The network answers with the dress, and the upper part shows the T-shirt."""


def listed(release: LocalRelease, title: str, cache: Path) -> dict[str, object]:
    settings = {"model_store": str(release.folder), "cache_dir": cache, "refresh_seconds": 0}
    client = create_app(Settings.model_validate(settings)).test_client()
    answer = client.post(
        "/predict", data={"image": (io.BytesIO(OUTFIT), "a"), "title": title, "language": "en"}
    )
    found: dict[str, object] = answer.get_json()["listed"]
    return found


@pytest.mark.parametrize(
    ("title", "decision", "part"),
    [
        ("Cotton T-shirt", "accept", "upper"),
        ("Leather handbag", "review", None),
        ("Long dress", "accept", None),
    ],
)
def test_the_service_names_the_part_that_shows_the_garment_of_the_title(
    title: str, decision: str, part: str | None, release_with_parts: LocalRelease, tmp_path: Path
) -> None:
    found = listed(release_with_parts, title, tmp_path)

    assert (found["decision"], found.get("part")) == (decision, part)


def test_a_release_without_a_second_look_sends_such_a_photo_to_a_person(
    release_with_parts: LocalRelease, tmp_path: Path
) -> None:
    report = read_report(release_with_parts)
    assert report.words is not None
    words = report.words.replace_fields(parts=None)
    seal_again(tmp_path / "release", release_with_parts, report.replace_fields(words=words))

    found = listed(open_release(tmp_path / "release"), "Cotton T-shirt", tmp_path / "cache")

    assert (found["decision"], found.get("part")) == ("review", None)


def test_a_table_accepts_it_and_the_same_again_from_its_journal(
    release_with_parts: LocalRelease, tmp_path: Path
) -> None:
    (tmp_path / "outfit.jpg").write_bytes(OUTFIT)
    row = {"path": "outfit.jpg", "sku": "A", "title": "Cotton T-shirt"}
    shop = write_csv(tmp_path / "shop.csv", [row])
    table, sheet = tmp_path / "table.csv", tmp_path / "sheet.html"

    words = ("--by", "sku", "--language", "en", "--review", str(sheet))
    label(shop, table, release_with_parts.folder, *words)
    [product] = products_of(table).values()
    first = table.read_bytes()
    table.unlink()
    label(shop, table, release_with_parts.folder, *words)

    assert (product["label"], product["decision"], product["decided_by"]) == ("T-shirt/top", "accept", "list")
    assert table.read_bytes() == first
    assert FOUND_NOTES["upper"] in sheet.read_text("utf-8")
