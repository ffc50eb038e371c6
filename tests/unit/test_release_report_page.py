"""report.html of a release: one file that can be read and sent without a server."""

import re

import pytest

from inference.contract import ACCEPT_NOTHING
from model_store.local import BUNDLED, bundled
from reports.model_card import model_card
from reports.page.page import figures_in, file_page
from reports.values import report_of
from tests.releases import with_label


@pytest.fixture(scope="module")
def page() -> str:
    release = bundled()
    return file_page(release.manifest.contracts, report_of(release), figures_in(BUNDLED)).decode()


def test_the_page_of_a_release_says_what_the_services_page_says(page: str) -> None:
    report = report_of(bundled())

    for shown in ("What it gets wrong", "Product shots", f"{report.test.accuracy:.2%}", "X_kaggle:Belts"):
        assert shown in page
    assert "Undefined" not in page


def test_the_large_figure_of_a_tier_is_the_share_of_all_its_photos(page: str) -> None:
    tiers = report_of(bundled()).photos.values()

    shown = re.findall(r'<dd class="value">([^<]+)</dd>', page)

    assert {f"{one.accuracy:.1%}" for one in tiers if one.macro_accuracy is not None} <= set(shown)


def test_a_calibration_error_stands_beside_what_chance_gives() -> None:
    release, report = bundled(), report_of(bundled())
    test = report.test.model_copy(update={"ece_null": (0.0021, 0.0084)})

    page = file_page(release.manifest.contracts, report.model_copy(update={"test": test}), {}).decode()

    assert "chance gives a calibrated network 0.21 to 0.84%" in page
    for one in report.photos.values():
        if one.ece is not None and one.ece_null is not None:
            assert f"{one.ece:.1%} ({100 * one.ece_null[0]:.1f} to " in page


def test_the_page_of_a_release_needs_nothing_but_itself(page: str) -> None:
    addresses = re.findall(r'\b(?:src|href)="([^"]*)"', page)

    assert addresses
    assert {one.partition(",")[0] for one in addresses if not one.startswith("#")} == {
        "data:image/png;base64"
    }
    assert "<script" not in page
    assert "--ground: #f7f5f1" in page
    assert "url(" not in page


def test_a_label_cannot_put_tags_into_the_page_of_a_release() -> None:
    release = bundled()
    data = report_of(release).data.model_copy(update={"name": "<script>alert(1)</script>"})
    report = report_of(release).model_copy(update={"data": data})

    made = file_page(release.manifest.contracts, report, {}).decode()

    assert "<script" not in made
    assert "&lt;script&gt;alert(1)" in made


def test_page_and_card_say_which_labels_need_a_higher_confidence_or_are_withheld() -> None:
    release = bundled()
    photos = release.manifest.contract("photos")
    stricter = {"Coat": 0.96, "Bag": photos.of_label.confidence / 2}
    photos = with_label(photos, stricter=stricter, withheld=("Shirt",))
    contracts = {**release.manifest.contracts, "photos": photos}

    page = file_page(contracts, report_of(release), {}).decode()

    assert photos.of_label.exceptions_in_words == ", Coat from 96%, Shirt never"
    assert "on, Coat from 96%, Shirt never." in model_card(contracts, report_of(release))
    rows = re.findall(r"threshold, photos: (.*?)</th><td class=\"number\">(.*?)</td>", page)
    assert rows == [("Coat", "96.0%"), ("Shirt", "nothing is accepted")]
    nothing = with_label(photos, confidence=ACCEPT_NOTHING)
    assert not nothing.of_label.exceptions_in_words


def test_page_and_card_say_by_how_much_a_release_is_too_sure() -> None:
    release, report = bundled(), report_of(bundled())
    tiers = {
        name: one.model_copy(update={"overconfidence": None if one.ece is None else -0.0213})
        for name, one in report.photos.items()
    }
    test = report.test.model_copy(update={"overconfidence": 0.0128})
    report = report.model_copy(update={"test": test, "photos": tiers})

    page = file_page(release.manifest.contracts, report, {}).decode()

    assert "mean confidence minus accuracy: +1.3 points" in page
    assert page.count("-2.1") == sum(one.ece is not None for one in tiers.values())
    card = model_card(release.manifest.contracts, report)
    assert "Mean confidence minus accuracy: +1.3 points." in card
