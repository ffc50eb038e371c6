"""report.html of a release: one file that can be read and sent without a server."""

import re

import pytest
from markupsafe import escape

from inference.contract import ACCEPT_NOTHING
from model_store.local_releases import BUNDLED_FOLDER, open_bundled_release
from model_store.manifest import DataSet
from reports.model_card import make_model_card
from reports.page.html_page import make_report_page_file, read_report_figures
from reports.values import read_report
from tests.releases import a_contract, a_report, with_label


@pytest.fixture(scope="module")
def page() -> str:
    release = open_bundled_release()
    return make_report_page_file(
        release.manifest.contracts, read_report(release), read_report_figures(BUNDLED_FOLDER)
    ).decode()


def test_the_page_has_every_section_of_the_report_photographs_first(page: str) -> None:
    report = read_report(open_bundled_release())

    sections = ["Product shots", "X_kaggle:Belts", ">Accuracy<", "smooth noise", "muon"]
    figures = [f"{report.test.accuracy:.2%}", f"{report.model.parameters:,}"]
    assert [shown for shown in sections + figures if shown not in page] == []
    order = [
        "Of a shop or person that it does not know, the model names the right class for",
        "What it gets wrong",
        "A shop or person that the model does not know</h3>",
        ">Product shots<",
        ">Users&#39; own photos<",
        "Titles of a list and photos together</h3>",
        ">Accuracy<",
    ]
    assert sorted(order, key=page.index) == order
    assert "Undefined" not in page


def test_the_large_figures_are_those_of_unknown_shops_and_no_other(page: str) -> None:
    unknown = read_report(open_bundled_release()).unknown_sources.values()

    assert re.findall(r'<dd class="value">(.*?)</dd>', page) == [
        f"{one.right_share[0]:.1%}" for one in unknown
    ]


def test_without_unknown_shops_a_tier_has_one_large_figure_that_of_the_summary() -> None:
    release = open_bundled_release()
    report = read_report(release).model_copy(update={"unknown_sources": {}})
    tiers = report.photos.values()
    page = make_report_page_file(release.manifest.contracts, report, {}).decode()

    (summary,) = re.findall(r"(The model names .*?)</p>", page)
    (cards,) = re.findall(r"Photographs, as users send them</h3>(.*?)</dl>", page, re.DOTALL)
    large = re.findall(r'<dd class="value">(.*?)</dd>', cards)
    assert large == [f"{one.accuracy:.1%}" for one in tiers if one.macro_accuracy is not None]
    assert re.findall(r"([\d.]+%) of (?!the)", summary) == large
    assert len(large) == len(re.findall(r"<dd>mean of the classes [\d.]+%", cards)) == 3


def test_accepted_photos_have_their_interval_and_weaknesses_no_names_of_statistics(page: str) -> None:
    (wrong,) = re.findall(r"What it gets wrong</h2>(.*?)</ul>", page, re.DOTALL)

    assert re.search(r"accepted, [\d.]+% of these right \(95% interval [\d.]+ to [\d.]+%\)", page)
    assert "Noise: only 1.0% of 2,000 pictures are called unfamiliar." in wrong
    assert "AUROC" not in wrong


def test_promises_are_about_products_too_and_say_where_the_bound_for_another_shop_is(page: str) -> None:
    report = read_report(open_bundled_release())

    (table, notes) = re.findall(
        r"<caption>What is promised of accepted answers</caption>(.*?)</table>(.*?)</p>", page, re.DOTALL
    )[0]
    rows = re.findall(r'<th scope="row">(Products.*?)</th>' + 4 * '<td class="number">(.*?)</td>', table)

    assert rows == [
        (
            "Products of several photos" + ("" if name == "label" else f", {name}"),
            *("95%", f"{of.accepted:,}", f"{of.accepted_right:,}", f"{of.lower_bound:.1%}"),
        )
        for name, of in report.products.items()
    ]
    assert "it is about further photos of the shops and people that were measured" in notes
    assert "Products stay in review if" in notes
    assert "not for others" not in notes
    alone = report.model_copy(update={"unknown_sources": {}, "products": {}})
    of_known = make_report_page_file(open_bundled_release().manifest.contracts, alone, {}).decode()
    assert "it holds for the shops and senders of these photos, not for others" in of_known
    assert "Products" not in of_known


def test_the_page_says_of_cross_fitted_figures_what_they_are() -> None:
    release, report = open_bundled_release(), read_report(open_bundled_release())
    test = report.test.model_copy(update={"split": "cross-fitted"})

    page = make_report_page_file(
        release.manifest.contracts, report.model_copy(update={"test": test}), {}
    ).decode()

    assert "each was answered by a network that had not learnt it (cross-fitted)" in page
    assert "Calibration and decisions on all pictures, cross-fitted" in page
    assert "test picture" not in page


def test_a_calibration_error_stands_beside_what_chance_gives() -> None:
    release, report = open_bundled_release(), read_report(open_bundled_release())
    test = report.test.model_copy(update={"ece_null": (0.0021, 0.0084)})

    page = make_report_page_file(
        release.manifest.contracts, report.model_copy(update={"test": test}), {}
    ).decode()

    assert "chance gives a calibrated network 0.21 to 0.84%" in page
    for one in report.photos.values():
        if one.ece is not None and one.ece_null is not None:
            assert f"{one.ece:.1%} ({100 * one.ece_null[0]:.1f} to " in page


def test_the_page_of_a_release_needs_nothing_but_itself(page: str) -> None:
    addresses = re.findall(r'\b(?:src|href)="([^"]*)"', page)

    assert addresses
    embedded = {one.partition(",")[0] for one in addresses if not one.startswith("#")}
    assert embedded - {"data:image/jpeg;base64"} == {"data:image/png;base64"}
    assert "<script" not in page
    assert "--ground: #f7f5f1" in page
    assert "url(" not in page


def test_labels_and_names_are_shown_as_they_are_and_do_nothing() -> None:
    labels = ("<script>alert(1)</script>", '" onload="alert(2)', "Größe & {{ 7 * 7 }}")
    data = DataSet(name="<script>alert(3)</script>", train_sha256="d" * 64, test_sha256="e" * 64)

    page = make_report_page_file({"pixels": a_contract(labels)}, a_report(labels, 1.0, data), {}).decode()

    assert "<script" not in page
    assert ' onload="' not in page
    for shown in (*labels, data.name):
        assert escape(shown) in page


def test_page_and_card_say_which_labels_need_a_higher_confidence_or_are_withheld() -> None:
    release = open_bundled_release()
    photos = release.manifest.get_contract("photos")
    stricter = {"Coat": 0.96, "Bag": photos.class_head.confidence / 2}
    photos = with_label(photos, stricter=stricter, withheld=("Shirt",))
    contracts = {**release.manifest.contracts, "photos": photos}

    page = make_report_page_file(contracts, read_report(release), {}).decode()

    assert photos.class_head.exceptions_text == ", Coat from 96%, Shirt never"
    assert "on, Coat from 96%, Shirt never." in make_model_card(contracts, read_report(release))
    rows = re.findall(r"threshold, photos: (.*?)</th><td class=\"number\">(.*?)</td>", page)
    assert rows == [("Coat", "96.0%"), ("Shirt", "nothing is accepted")]
    nothing = with_label(photos, confidence=ACCEPT_NOTHING)
    assert not nothing.class_head.exceptions_text


def test_page_and_card_say_by_how_much_a_release_is_too_sure() -> None:
    release, report = open_bundled_release(), read_report(open_bundled_release())
    tiers = {
        name: one.model_copy(update={"overconfidence": None if one.ece is None else -0.0213})
        for name, one in report.photos.items()
    }
    test = report.test.model_copy(update={"overconfidence": 0.0128})
    report = report.model_copy(update={"test": test, "photos": tiers})

    page = make_report_page_file(release.manifest.contracts, report, {}).decode()

    assert "mean confidence minus accuracy: +1.3 points" in page
    assert page.count("-2.1") == sum(one.ece is not None for one in tiers.values())
    card = make_model_card(release.manifest.contracts, report)
    assert "Mean confidence minus accuracy: +1.3 points." in card


def test_the_table_of_titles_has_the_figures_of_the_threshold(page: str) -> None:
    words = read_report(open_bundled_release()).words
    assert words is not None
    [chosen] = [figures for figures in words.named.at if figures.threshold == words.named.threshold]

    (table,) = re.findall(r"Titles of a list and photos together</h3>(.*?)</table>", page, re.DOTALL)

    assert table.count("titles that name a kind") == 1
    of = chosen.sets["A"]
    assert f"{of.accepted:,} / {of.n:,}" in table
    assert f"{of.wrong_accepted:,} / {of.wrong_n:,}" in table
