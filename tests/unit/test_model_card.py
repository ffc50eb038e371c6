"""The model card: what it says is what contract and report say, and hubs can read its block."""

import json
import re
from pathlib import Path

import pytest
from pydantic import JsonValue

from inference.contract import ACCEPT_NOTHING, InputContract, ModelContract, NetworkName
from model_store.errors import ReleaseCorrupt
from model_store.local_releases import LocalRelease, open_bundled_release
from reports.model_card import MODEL_CARD_FILE, make_model_card
from reports.values import read_report
from reports.word_figures import WordFigures, WordsAt, WordsOf, WordsPromise
from tests.commands import wardrobe
from tests.releases import a_contract, a_release, with_label


@pytest.fixture(scope="module")
def release() -> LocalRelease:
    return open_bundled_release()


def card_of(release: LocalRelease, **configuration: JsonValue) -> str:
    report = read_report(release)
    training = report.training.model_copy(
        update={"configuration": {**report.training.configuration, **configuration}}
    )
    return make_model_card(release.manifest.contracts, report.model_copy(update={"training": training}))


def metadata(card: str) -> dict[str, JsonValue]:
    """The block between the first two lines of dashes; each value is JSON, which YAML contains."""
    _, block, _ = card.split("---\n", 2)
    return {key: json.loads(value) for key, _, value in (line.partition(": ") for line in block.splitlines())}


def test_hubs_find_kind_licence_and_accuracy_in_the_block(release: LocalRelease) -> None:
    found = metadata(card_of(release, data_licence="MIT"))

    assert found["pipeline_tag"] == "image-classification"
    assert (found["license"], found["license_name"]) == ("other", "MIT")
    assert json.dumps(read_report(release).test.accuracy) in json.dumps(found["model-index"])


def test_a_licence_is_as_it_was_stated_and_never_made_up(release: LocalRelease) -> None:
    unstated, odd = card_of(release, data_licence=None), 'ours: "all" # of it\n---\nlicense: mit'

    assert metadata(unstated)["license"] == "unknown"
    assert "Licence of the data: not stated by the person who trained the model." in unstated
    assert metadata(card_of(release, data_licence=odd))["license_name"] == odd


def test_a_class_that_is_called_like_markup_is_shown_as_it_is_called(release: LocalRelease) -> None:
    report, model = read_report(release), release.manifest.get_contract("pixels")
    hostile = "<img src=x> | [a](b)"
    figures = next(iter(report.test.per_class.values()))
    test = report.test.model_copy(update={"per_class": {hostile: figures}})

    card = make_model_card(
        {"pixels": with_label(model, labels=(hostile, *model.labels[1:]))},
        report.model_copy(update={"test": test}),
    )

    assert r"| \<img src=x\> \| \[a\](b) |" in card
    assert "<img" not in card.replace(r"\<", "")


def test_the_card_says_what_is_accepted_of_photos_and_how_noise_is_recognised(release: LocalRelease) -> None:
    report, card = read_report(release), card_of(release)

    for one in report.photos.values():
        assert f"| {one.decisions.coverage:.1%} (" in card
    for name, noise in report.out_of_scope.items():
        assert f"| {name} | {noise.n:,} | {noise.unfamiliar:.1%} |" in card


def test_the_card_has_the_recall_of_each_label_of_an_attribute(release: LocalRelease) -> None:
    labels = {
        f"| {attribute} | {label} | {figures.n:,} | {f'{figures.recall:.2f}' if figures.n else ''} |"
        for attribute, its in read_report(release).attributes.items()
        for label, figures in its.labels.items()
    }

    assert labels - set(card_of(release).splitlines()) == set()


def test_a_head_says_which_networks_it_is_on(release: LocalRelease) -> None:
    card = card_of(release, head={"blocks": ["lite2", "palette"]})

    assert "Only the last layer was trained, on lite2, palette." in card
    assert "Only the last layer was trained" not in card_of(release)


def test_the_card_says_that_sources_of_learnt_photos_state_no_licence(release: LocalRelease) -> None:
    report, contract = read_report(release), release.manifest.get_contract("pixels")

    of_pixels = make_model_card({"pixels": contract}, report.model_copy(update={"photo_model": None}))

    assert "learnt state no licence" in card_of(release)
    assert "learnt state no licence" in card_of(release, head={"blocks": ["lite2", "palette"]})
    assert "learnt state no licence" not in of_pixels


def test_figures_have_their_n_and_interval(release: LocalRelease) -> None:
    card, test = card_of(release), read_report(release).test
    low, high = test.accuracy_interval

    assert (
        f"| test set | {test.n:,} | test | accuracy | {test.accuracy:.4f} | {low:.4f} to {high:.4f} |" in card
    )
    for tier, one in read_report(release).photos.items():
        assert f"photos of tier {tier}" in card or f"(tier {tier}, n = {one.n:,})" in card


def test_cross_fitted_figures_are_called_that_and_no_test_set_is_named(release: LocalRelease) -> None:
    report = read_report(release)
    cross_fitted = report.test.model_copy(update={"split": "cross-fitted"})

    card = make_model_card(release.manifest.contracts, report.model_copy(update={"test": cross_fitted}))

    assert f"| all pictures | {report.test.n:,} | cross-fitted | accuracy |" in card
    assert "for the test" not in card


def test_what_was_not_measured_is_a_limit(release: LocalRelease) -> None:
    report = read_report(release).model_copy(update={"photos": {}, "promises": ()})

    alone: dict[NetworkName, ModelContract] = {"pixels": release.manifest.get_contract("pixels")}
    of_pixels = "- Photos: nothing is accepted, as the network was not measured on photos.\n"
    assert of_pixels in make_model_card(alone, report)
    assert "It was not measured on photos" in make_model_card(release.manifest.contracts, report)


def test_the_limits_of_photos_agree_with_the_table_of_unknown_sources(release: LocalRelease) -> None:
    report = read_report(release)

    with_table = make_model_card(release.manifest.contracts, report)
    without = make_model_card(release.manifest.contracts, report.model_copy(update={"unknown_sources": {}}))

    assert "the first table has the bound for one more shop or sender." in with_table
    assert "hold for the shops and senders of these photos, not for others." in without
    assert "not for others" not in with_table


@pytest.mark.parametrize(
    ("threshold", "said"),
    [
        (ACCEPT_NOTHING, "nothing is accepted, as the measured answers do not prove the promise."),
        (0.75, "from confidence 0.7500 and familiarity 0.0000 on."),
    ],
)
def test_a_network_of_whole_pictures_alone_has_one_line_of_thresholds_and_figures_of_photos(
    release: LocalRelease, threshold: float, said: str
) -> None:
    report = read_report(release).model_copy(update={"photos": {}, "promises": ()})
    reads = InputContract(shape=(192, 192), channels=3, polarity="none", framing="whole")
    contract = with_label(a_contract(("hat", "scarf"), reads), confidence=threshold)

    card = make_model_card({"photos": contract}, report)

    assert f"- Pictures: {said}\n" in card
    assert "Photos: " not in card.partition("What is accepted")[2]
    assert "not measured on photos" not in card
    assert "hold for pictures from the sources that it was measured on" in card


@pytest.mark.parametrize(
    ("threshold", "row"), [(0.8, "118 of 120 | 29 of 120"), (None, "117 of 120 | 8 of 120")]
)
def test_the_table_of_titles_has_the_figures_of_the_threshold(
    release: LocalRelease, threshold: float | None, row: str
) -> None:
    at = tuple(
        WordsAt(
            threshold=tried,
            sets={
                "A": WordsOf(n=120, accepted=right, wrong_n=120, wrong_accepted=wrong, right_lower_bound=0.99)
            },
        )
        for tried, right, wrong in [(0.8, 118, 29), (0.9, 117, 8)]
    )
    words = WordFigures(network="photos", wrong_titles=0.03, named=WordsPromise(threshold=threshold, at=at))
    report = read_report(release).model_copy(update={"words": words})

    card = make_model_card(release.manifest.contracts, report)

    assert f"| names a kind of the model | A | {row} | 99.0% |" in card
    assert ("together is at least 0.8." in card) == (threshold is not None)
    assert ("A title never makes an answer accepted" in card) == (threshold is None)


def test_titles_of_kinds_without_a_label_are_shown_at_the_threshold_that_the_release_uses(
    release: LocalRelease,
) -> None:
    words = read_report(release).words
    assert words is not None
    assert words.other is not None
    assert words.other.threshold != words.named.threshold
    used = words.other.find_figures(words.named.threshold or 0)
    assert used is not None

    rows = re.findall(r"^\| names another kind \| (\w) \| ([\d,]+) of ", card_of(release), re.MULTILINE)

    assert dict(rows) == {tier: f"{figures.accepted:,}" for tier, figures in used.sets.items()}


@pytest.mark.parametrize("kept", [True, False], ids=["its own", "made of the report"])
def test_show_prints_the_card_of_any_release_unless_it_was_changed(
    kept: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extra = {MODEL_CARD_FILE: "its own card\n"} if kept else {}
    folder, store = a_release(tmp_path / "made", extra=extra), tmp_path / "store"
    wardrobe("publish", [str(folder), str(store), "--by", "ann"])
    capsys.readouterr()
    words = ["--store", str(store), "show", "current", "--card"]

    assert wardrobe("releases", words) == 0

    printed = capsys.readouterr().out
    assert printed == "its own card\n" if kept else "# Wardrobe release: 10 classes" in printed
    cards = list(store.glob(f"releases/*/{MODEL_CARD_FILE}"))
    assert len(cards) == kept
    for card in cards:
        card.write_text("another one\n", "utf-8")
        with pytest.raises(ReleaseCorrupt, match="its sha256 is not that of the manifest"):
            wardrobe("releases", words)


def test_of_two_networks_the_photos_that_the_one_for_photos_learnt_are_named(release: LocalRelease) -> None:
    learnt: dict[str, JsonValue] = {"photos": {"A": 5179, "C": 2807}}

    card = card_of(release, learnt_photos={"A": 5179, "C": 2246}, photo_network=learnt)

    assert "- Photos learnt: 5,179 of tier A, 2,807 of tier C." in card
    assert "2,246" not in card


def test_a_promise_is_called_not_shown_where_its_bound_lies_below_it(release: LocalRelease) -> None:
    report = read_report(release)
    kept, *_ = report.promises
    broken = kept.model_copy(update={"pictures": "photos of tier A", "lower_bound": kept.promised - 0.01})

    card = make_model_card(
        release.manifest.contracts, report.model_copy(update={"promises": (kept, broken), "products": {}})
    )

    assert re.findall(r"^\| (.*?) \| .*: not shown \|$", card, re.MULTILINE) == ["photos of tier A"]
