"""`wardrobe calibrate`: the same weights under thresholds that one's own checked pictures show.

What the pictures decide: tests/unit/test_decide.py.
"""

import csv
import hashlib
import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from inference.contract import Head, whole_pictures
from inference.decode import MAX_PIXELS, decode
from inference.onnx_session import OnnxSession
from model_store.assemble import seal
from model_store.errors import GateRefused
from model_store.files import GRAPH, MODEL, REPORT
from model_store.local import LocalRelease, bundled, open_release
from model_store.promotions import newest
from model_store.publish import publish
from model_store.store import open_store
from reports.answers import ANSWERS, NO_ANSWERS, TEST_SET, Answers, answers_of, packed
from reports.judge import judge
from reports.model_card import MODEL_CARD
from reports.values import AllAccepted, ProductPromise, Report, report_of
from tests.commands import wardrobe
from tests.photos import write_photos
from tests.releases import LABELS, a_release, with_contract, with_label
from tests.saved_again import SAVED_AGAIN
from training.data.learnt_hashes import LEARNT_NEAR, Learnt
from training.data.near_copies import perceptual_hash
from training.data.photos import NamedPhotos, read_photos
from training.errors import BadPictures, BadRecipe, NotShown
from training.progress import Lines
from training.release.kept_evidence import farthest

PICTURES = 130
WHOLE = whole_pictures(32, 3)
HEADS = {
    "colour": Head(labels=("red", "blue"), temperature=1.0, confidence=0.6, withheld=("blue",)),
    "sleeve": Head(labels=("long", "short"), temperature=1.0, confidence=0.6, applies_to=LABELS[:1]),
}
PRODUCTS = {
    "label": ProductPromise(
        pictures="products", accuracy=0.95, needed=59, n=90, accepted=80, right=80, lower_bound=0.96
    )
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("calibrated")


@pytest.fixture(scope="module")
def parent(place: Path) -> LocalRelease:
    """It answers attributes and three photos of tier B, too."""
    folder = a_release(place / "parent", reads=WHOLE, attributes=HEADS)
    tested = answers_of((folder / ANSWERS).read_bytes())
    a_top, trousers = (tested.pictures[tested.predicted == one][:2].tolist() for one in (0, 1))
    of_attributes = Answers.of(
        TEST_SET,
        [0] * 6,
        pictures=[*a_top, *trousers, a_top[0], trousers[0]],
        familiarity=[1, 0, 1, 1, 1, 1],
        decisions=["accept", "accept", "ambiguous", "unfamiliar", "accept", "unfamiliar"],
        attributes=["colour"] * 4 + ["sleeve"] * 2,
        probabilities=np.array([[0.9, 0.1], [0.9, 0.1], [0.55, 0.45], [0.1, 0.9], [0.9, 0.1], [0.9, 0.1]]),
    )
    shares = np.full((3, len(LABELS)), [[0.00001], [0.1], [0.00001]])
    shares[[0, 2], 0] = 0.99991
    photos = Answers.of(
        "B",
        [0, 0, 0],
        pictures=["sure", "unsure", "far"],
        familiarity=[1, 1, 0],
        decisions=["ambiguous", "accept", "accept"],
        probabilities=shares,
    )
    figures = dict.fromkeys(HEADS, report_of(bundled()).attributes["colour"])
    more = {"attributes": figures, "all_accepted": AllAccepted(pictures=9, right=9)}
    return changed(sure(folder, photos + of_attributes), lambda _, report: report.model_copy(update=more))


def sure(folder: Path, others: Answers = NO_ANSWERS) -> LocalRelease:
    """A release that keeps how sure it is of each answer, and its answers to other pictures."""

    def answers(folder: Path, report: Report) -> Report:
        found = answers_of((folder / ANSWERS).read_bytes())
        shares = np.full((len(found), len(LABELS)), 0.02)
        shares[np.arange(len(found)), found.predicted] = 0.82
        found = replace(found, familiarity=np.ones(len(found)), probabilities=shares)
        (folder / ANSWERS).write_bytes(packed(found + others))
        return report

    return changed(open_release(folder), answers)


@pytest.fixture(scope="module")
def pictures(place: Path, parent: LocalRelease) -> Path:
    """A table of drawn pictures, most under the label that the release answers."""
    folder = write_photos(place / "drawn", PICTURES, {"own": ("0",)})
    return a_table(place / "mine.csv", answered(parent, folder))


@dataclass(frozen=True)
class Chain:
    """A release calibrated on tier own, its child on tier A with a correction; and what was said of each."""

    first: LocalRelease
    second: LocalRelease
    said: str
    document: dict[str, Any]


@pytest.fixture(scope="module")
def chain(place: Path, parent: LocalRelease, pictures: Path) -> Chain:
    others = answered(parent, write_photos(place / "others", PICTURES, {"A": ("0",)}, seed=PICTURES))
    (place / "corrections.csv").write_text(f"path,label\n{next(iter(others))},none of these\n", "utf-8")
    with redirect_stdout(io.StringIO()) as said:
        first = calibrating(place, parent, pictures)
    with redirect_stdout(io.StringIO()) as document, redirect_stderr(io.StringIO()) as doubts:
        table = a_table(place / "A.csv", others, tier="A")
        corrections = ("--corrections", str(place / "corrections.csv"))
        second = calibrating(place, first, table, *corrections, "--json")
    words = " ".join(f"{said.getvalue()} {doubts.getvalue()}".split())
    return Chain(first, second, words, json.loads(document.getvalue()))


def answered(release: LocalRelease, folder: Path) -> dict[str, str]:
    """The class that a release answers to each picture of a folder, by its path; one in twenty another."""
    contract = release.manifest.contract("photos")
    named = NamedPhotos(place=folder, use="learn")
    (photos,) = read_photos(named, contract.labels, contract.input, Lines())
    found = OnnxSession(release.graph("photos"), shape=contract.input.array_shape).run(photos.images).of_label
    order = np.argsort(-found, axis=1)
    unsure = set(np.argsort(found.max(axis=1))[: len(photos) // 20].tolist())
    return {str(file): LABELS[order[at, int(at in unsure)]] for at, file in enumerate(photos.files)}


def a_table(path: Path, labels: Mapping[str, str], **more: str) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", *more])
        rows.writerows([picture, label, *more.values()] for picture, label in labels.items())
    return path


def changed(release: LocalRelease, change: Callable[[Path, Report], Report]) -> LocalRelease:
    """A release that was sealed again after a change."""
    report, before = change(release.folder, report_of(release)), release.manifest
    (release.folder / REPORT).write_bytes(report.as_bytes())
    seal(
        release.folder,
        created_at=before.created_at,
        networks=before.networks,
        training=before.training,
        libraries=before.libraries,
        git_commit=None,
        data=before.data,
        headline=before.headline,
    )
    return open_release(release.folder)


def learning(release: LocalRelease, *pictures: str) -> LocalRelease:
    """The release, which has learnt these pictures."""

    def learnt(folder: Path, report: Report) -> Report:
        files = [Path(one).read_bytes() for one in pictures]
        near = [perceptual_hash(decode(file, MAX_PIXELS).picture) for file in files]
        contents = [hashlib.sha256(file).hexdigest() for file in files]
        Learnt.of(np.array(contents), np.stack(near)).save(folder)
        return report

    return changed(release, learnt)


def calibrating(tmp_path: Path, parent: LocalRelease, pictures: Path, *more: str) -> LocalRelease:
    """Run the command; the release that it made, which is current in the store `out`."""
    run = tmp_path / f"run-{parent.version}"
    words = [str(parent.folder), "--photos", str(pictures), "--run", str(run)]
    words += ["--accept-confidence", "0.2"]  # the drawn network is unsure of what it answers right
    assert wardrobe("calibrate", [*words, "--publish", str(tmp_path / "out"), *more]) == 0
    return open_release(run / "release")


def test_the_child_has_the_parents_weights_and_names_it(parent: LocalRelease, chain: Chain) -> None:
    child, report, before = chain.first, report_of(chain.first), report_of(parent)

    assert report.calibrated is not None
    assert (report.calibrated.parent, report.calibrated.n) == (parent.version, PICTURES)
    assert all(child.manifest.files[name] == parent.manifest.files[name] for name in (MODEL, GRAPH))
    assert (report.train, report.data) == (before.train, before.data)
    assert report.photos.keys() == {"own", "B"}
    assert parent.version in (child.folder / MODEL_CARD).read_text("utf-8")


def test_it_says_what_share_is_accepted_and_how_sure_that_is(parent: LocalRelease, chain: Chain) -> None:
    (promise,), decisions = chain.document["promises"], chain.document["photos"]["A"]["decisions"]
    low, high = decisions["coverage_interval"]
    first, second = (
        one.manifest.contract("photos").of_label.confidence for one in (chain.first, chain.second)
    )

    assert chain.document["version"] == chain.second.version
    assert (promise["accuracy"], promise["lower_bound"] >= 0.95) == (0.95, True)
    assert low < decisions["coverage"] < high
    assert decisions["confidence_threshold"] == second
    assert f"those of {parent.version}, and so are answers to other pictures" in chain.said
    assert (
        f"Calibrated on {PICTURES} pictures. An answer is accepted where its confidence is {first:.1%}"
        in (chain.said)
    )


def test_figures_of_pictures_that_the_parent_answered_are_by_the_new_thresholds(chain: Chain) -> None:
    first, child = map(report_of, (chain.first, chain.second))
    contract = chain.second.manifest.contract("photos")

    assert child.photos["own"].accuracy == first.photos["own"].accuracy
    assert child.photos["own"].decisions.confidence_threshold == contract.of_label.confidence
    assert child.test.decisions.confidence_threshold == contract.of_label.confidence
    assert (child.test.accuracy, child.test.split) == (first.test.accuracy, first.test.split)
    assert [one.pictures for one in child.promises] == ["photos of tier A"]
    stored = answers_of((chain.second.folder / ANSWERS).read_bytes()).of_head("")
    for figures, name in ((child.test, TEST_SET), (child.photos["own"], "own")):
        assert figures.decisions.coverage == stored.of_set(name).accepted.mean()
    assert stored.of_set("B").decisions.tolist() == ["accept", "ambiguous", "unfamiliar"]


def test_attributes_stay_and_of_an_unfamiliar_picture_none_is_accepted(
    parent: LocalRelease, chain: Chain
) -> None:
    child, found = report_of(chain.first), answers_of((chain.first.folder / ANSWERS).read_bytes())

    assert chain.first.manifest.attributes == HEADS
    assert child.attributes == report_of(parent).attributes
    assert child.all_accepted is None
    assert found.of_head("colour").decisions.tolist() == ["accept", "unfamiliar", "ambiguous", "unproven"]
    assert found.of_head("sleeve").decisions.tolist() == ["accept", "inapplicable"]


def test_attributes_are_accepted_no_farther_where_the_class_is_and_lose_their_figures_where_they_are(
    chain: Chain,
) -> None:
    before, now = (one.manifest.contract("photos") for one in (chain.first, chain.second))
    colour, sleeve = now.heads["colour"], now.heads["sleeve"]

    assert farthest(now, now.least_familiarity) > farthest(before, before.least_familiarity)
    for label in colour.labels:
        reach = farthest(now, now.least_familiarity_of(colour, label))
        assert reach == pytest.approx(farthest(before, before.least_familiarity))
    assert sleeve == HEADS["sleeve"]
    assert report_of(chain.second).attributes.keys() == {"colour"}
    assert f"What {chain.first.version} showed of sleeve is not in the report" in chain.said


def test_corrections_win_over_the_labels_of_the_pictures(chain: Chain) -> None:
    assert report_of(chain.second).photos["A"].n == PICTURES - 1


def test_it_follows_its_parent_through_the_gate(place: Path, chain: Chain) -> None:
    current = newest(open_store(str(place / "out")))

    assert current is not None
    assert (current.number, current.version) == (2, chain.second.version)
    assert ANSWERS in chain.second.manifest.files


def test_the_child_of_a_worse_and_stricter_release_is_refused_and_promises_nothing_of_products(
    tmp_path: Path, pictures: Path
) -> None:
    as_strict = sure(a_release(tmp_path / "before", reads=WHOLE, products=PRODUCTS))
    release = a_release(tmp_path / "worse", accuracy=0.8, reads=WHOLE, products=PRODUCTS)
    before = sure(release)
    strict = with_label(before.manifest.contract("pixels"), confidence=0.999999)
    worse = changed(
        replace(before, manifest=with_contract(before.manifest, strict)), lambda _, report: report
    )
    current = publish(
        a_release(tmp_path / "best", seed=1, reads=WHOLE),
        open_store(str(tmp_path / "out")),
        judge,
        by="tests",
    )

    with pytest.raises(GateRefused, match=r"80\.00% are right, 93\.00% before: more than chance"):
        calibrating(tmp_path, worse, pictures)

    assert newest(open_store(str(tmp_path / "out"))) == current.promotion
    child = open_release(tmp_path / f"run-{worse.version}" / "release")
    kept = calibrating(tmp_path / "kept", as_strict, pictures)
    assert (report_of(child).products, report_of(kept).products) == ({}, PRODUCTS)


def test_of_two_networks_the_one_that_answers_photos_is_calibrated(tmp_path: Path) -> None:
    parent = open_release(a_release(tmp_path / "two", photos=whole_pictures(32, 3)))
    folder = write_photos(tmp_path / "shown", PICTURES, {"own": ("0",)})

    child = calibrating(tmp_path, parent, a_table(tmp_path / "shown.csv", answered(parent, folder)))

    now, then = child.manifest.networks["photos"], parent.manifest.networks["photos"]
    assert child.manifest.networks["pixels"] == parent.manifest.networks["pixels"]
    assert now.contract.of_label.confidence != then.contract.of_label.confidence
    assert (now.contract.input, now.golden) == (then.contract.input, then.golden)


def test_a_release_without_a_network_for_photos_is_refused(tmp_path: Path, pictures: Path) -> None:
    release = a_release(tmp_path / "pixels")

    with pytest.raises(BadRecipe, match="no network that answers photos"):
        wardrobe("calibrate", [str(release), "--photos", str(pictures)])


def test_pictures_of_a_sender_of_whom_the_release_learnt_one_calibrate_nothing(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *rows = pictures.read_text("utf-8").splitlines()
    senders = [f"{row},ann" if number < 20 else f"{row},{number}" for number, row in enumerate(rows)]
    (tmp_path / "sent.csv").write_text("\n".join([f"{header},group", *senders]), "utf-8")
    files = [row.split(",")[0] for row in rows]
    parent = learning(sure(a_release(tmp_path / "parent", reads=WHOLE)), files[0])

    child = calibrating(tmp_path, parent, tmp_path / "sent.csv")

    assert report_of(child).photos["own"].n == PICTURES - 20
    assert "20 of 130 pictures are left out" in " ".join(capsys.readouterr().err.split())
    knows_all = learning(parent, *files)
    with pytest.raises(NotShown, match=f"{knows_all.version[:8]}.* learnt these pictures"):
        calibrating(tmp_path, knows_all, pictures)


def test_copies_of_what_the_parent_learnt_that_were_saved_again_do_not_calibrate_it(
    tmp_path: Path, pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    header, *rows = pictures.read_text("utf-8").splitlines()
    files = [Path(row.split(",")[0]) for row in rows]
    copies = tmp_path / "copies.csv"
    copies.write_text("\n".join([header, *(saved_again(row, tmp_path / "copies") for row in rows)]), "utf-8")
    knows_half = learning(sure(a_release(tmp_path / "parent", reads=WHOLE)), *map(str, files[:65]))

    with pytest.raises(NotShown, match="tier own: 65 answers"):
        calibrating(tmp_path, knows_half, copies, "--accept-right", "0.97")

    assert "65 of 130 pictures are left out" in " ".join(capsys.readouterr().err.split())
    with pytest.raises(NotShown, match="learnt these pictures, or nearly the same"):
        calibrating(tmp_path, learning(knows_half, *map(str, files)), copies)
    (knows_half.folder / LEARNT_NEAR).unlink()
    bytes_alone = changed(knows_half, lambda _, report: report)
    assert report_of(calibrating(tmp_path, bytes_alone, copies)).photos["own"].n == PICTURES
    assert "knows what it learnt by bytes alone" in capsys.readouterr().err


def saved_again(row: str, folder: Path) -> str:
    """A row of a copy of a picture, scaled and as a JPEG."""
    file, label = row.split(",")
    copy = folder / Path(file).with_suffix(".jpg").name
    folder.mkdir(exist_ok=True)
    copy.write_bytes(SAVED_AGAIN["scaled"](decode(Path(file).read_bytes(), MAX_PIXELS).picture))
    return f"{copy},{label}"


def test_a_list_that_is_too_short_is_refused_before_a_picture_is_read(
    tmp_path: Path, parent: LocalRelease
) -> None:
    (tmp_path / "no-picture.jpg").write_bytes(b"no picture")
    table = a_table(tmp_path / "short.csv", {"no-picture.jpg": LABELS[0]})

    with pytest.raises(
        NotShown, match=r"tier own: 1 answer cannot .* 99% .* takes 299 answers without an error"
    ):
        calibrating(tmp_path, parent, table, "--accept-right", "0.99")

    assert list(tmp_path.glob("run-*")) == []


def test_answers_against_a_sure_model_are_asked_back_wherever_they_are(
    tmp_path: Path, parent: LocalRelease, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("photos", "corrections"):
        (tmp_path / f"{name}.jpg").write_bytes(b"no picture")
        row = f"{name}.jpg,{LABELS[0]},{LABELS[1]},0.999"
        (tmp_path / f"{name}.csv").write_text(f"path,label,predicted,confidence\n{row}\n", "utf-8")
    words = [str(parent.folder), "--photos", str(tmp_path / "photos.csv")]

    with pytest.raises(NotShown, match="takes 59 answers"):
        wardrobe("calibrate", words)
    with pytest.raises(BadPictures):
        wardrobe("calibrate", [*words, "--corrections", str(tmp_path / "corrections.csv")])

    alone, both = capsys.readouterr().out.split("Look again at ")[1:]
    assert (alone[:6], both[:6]) == ("1 of 1", "2 of 2")


def test_the_release_that_is_calibrated_is_not_overwritten(tmp_path: Path, pictures: Path) -> None:
    parent = open_release(a_release(tmp_path / "release", reads=WHOLE))

    with pytest.raises(BadRecipe, match="lies there"):
        wardrobe("calibrate", [str(parent.folder), "--photos", str(pictures), "--run", str(tmp_path)])

    assert open_release(parent.folder).version == parent.version
