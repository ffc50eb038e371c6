"""Releases of the schemas that are read: tests/fixtures/schema-N/ keeps the papers of one of each.

Who raises SCHEMA_VERSION writes a release with the new code, keeps its manifest.json and report.json there,
and never touches the older ones.
"""

import json
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from model_store.errors import ManifestInvalid, NothingPromoted
from model_store.local_releases import BUNDLED_FOLDER, check_manifest
from model_store.manifest import OLDER_SCHEMAS, SCHEMA_VERSION, FrozenModel, Manifest, parse_manifest
from model_store.promotions import read_current_promotion, roll_back_release
from model_store.publish import promote_release, prune_releases, publish_release
from model_store.release_files import REPORT_FILE
from model_store.store import FolderStore
from model_store.store_keys import make_promotion_key
from reports.judge import describe_release_verdict, judge_release
from reports.photo_figures import SourceFigures
from reports.promises import AcceptPoint, Promise
from reports.values import parse_report
from reports.word_figures import OutsideKinds, WordsOf
from tests.commands import wardrobe
from tests.releases import a_release

FIXTURES = Path(__file__).parents[1] / "fixtures"
KEPT = [FIXTURES / f"schema-{schema}" for schema in (*OLDER_SCHEMAS, SCHEMA_VERSION)]


OF_1_0_0 = [f"20261120T101500Z-{digits}" for digits in ("0d6d7415", "53c487b8", "a0eddcf1")]
OF_2_0_0 = [f"20261120T101500Z-{digits}" for digits in ("5d22fbbb", "ab816418")]
"""Of the store that 1.0.0 began; 2.0.0 promoted both of its own and rolled back to the first."""


@pytest.fixture
def begun(tmp_path: Path) -> FolderStore:
    """That store."""
    shutil.copytree(FIXTURES / "stores" / "1.0.0", tmp_path / "store")
    return FolderStore(tmp_path / "store")


def manifest_in(folder: Path) -> Manifest:
    return parse_manifest((folder / "manifest.json").read_bytes(), str(folder))


def test_papers_of_every_schema_that_is_read_are_kept() -> None:
    assert sorted(KEPT) == sorted(FIXTURES.glob("schema-*"))


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_a_release_of_each_schema_is_read_and_says_what_it_said_then(folder: Path) -> None:
    manifest = manifest_in(folder)
    report = parse_report((folder / "report.json").read_bytes(), str(folder))

    check_manifest(manifest, str(folder))
    assert manifest.labels[9] == report.labels[9] == "Ankle boot"
    assert manifest.headline.test_accuracy == report.test.accuracy == 0.93
    network = manifest.get_network("pixels")
    assert network.golden.decode_pixels(network.contract.input).shape == (3, 28, 28)
    assert network.golden.decode_answers()["label"].shape == (3, 10)


def test_a_release_from_before_heads_had_a_familiarity_decides_by_the_class_s() -> None:
    kept = json.loads((FIXTURES / "schema-10" / "manifest.json").read_bytes())

    read = json.loads(manifest_in(FIXTURES / "schema-10").serialize())

    for network in read["networks"].values():
        for head in network["contract"]["heads"].values():
            assert head.pop("familiarity") is None
    assert read == kept | {"schema_version": SCHEMA_VERSION}
    assert manifest_in(KEPT[-1]).attributes["kind"].familiarity == {"shorts": 0, "skirt": 0}


def test_what_is_written_today_is_what_is_kept_of_the_newest_schema() -> None:
    kept = (KEPT[-1] / "manifest.json").read_bytes()

    assert json.loads(manifest_in(KEPT[-1]).serialize()) == json.loads(kept)


def test_a_field_that_no_report_has_is_an_error_where_a_report_is_made() -> None:
    tier = next(iter(parse_report((BUNDLED_FOLDER / REPORT_FILE).read_bytes(), REPORT_FILE).photos.values()))

    with pytest.raises(ValidationError, match="unfamilar"):
        tier.decisions.replace_fields(unfamilar=0.2)

    assert tier.decisions.replace_fields(unfamiliar=0.2).unfamiliar == 0.2


def test_fields_that_are_no_longer_written_are_read_in_reports_that_have_them() -> None:
    report = json.loads((BUNDLED_FOLDER / REPORT_FILE).read_bytes())
    for tier in report["photos"].values():
        tier["decided_by"] = "an older release"
    report["calibrated"] = {"parent": "an older release", "n": 3, "groups": 3, "accuracy": 0.95}

    written = parse_report(json.dumps(report).encode(), REPORT_FILE).model_dump_json()

    assert "calibrated" not in json.loads(written)
    assert "decided_by" not in written


PROMISE = {"pictures": "products", "needed": 59, "n": 60, "accepted": 59, "lower_bound": 0.95}
POINT = {"threshold": 0.5, "lower_bound": 0.9}
WORDS = {"n": 9, "accepted": 8, "wrong_n": 9, "wrong_accepted": 1}
OUTSIDE = {"n": 200, "right": 199, "lower_bound": 0.98}


@pytest.mark.parametrize(
    ("figures", "same", "older", "today"),
    [
        (Promise, PROMISE, {"accuracy": 0.95, "right": 58}, {"promised": 0.95, "accepted_right": 58}),
        (AcceptPoint, POINT, {"accepted": 0.8, "right": 0.9}, {"accepted_share": 0.8, "right_share": 0.9}),
        (
            WordsOf,
            WORDS,
            {"right": 0.99, "needed": 0.98},
            {"right_lower_bound": 0.99, "needed_lower_bound": 0.98},
        ),
        (OutsideKinds, OUTSIDE, {"needed": 0.97}, {"needed_lower_bound": 0.97}),
        (SourceFigures, {"n": 7, "unfamiliar": 0.5}, {"accepted": 0.2}, {"accepted_share": 0.2}),
    ],
)
def test_figures_are_read_under_the_keys_of_older_reports_and_written_under_their_own(
    figures: type[FrozenModel], same: dict[str, object], older: dict[str, float], today: dict[str, float]
) -> None:
    read = [figures.model_validate(same | keys) for keys in (older, today)]

    assert [one.model_dump() for one in read] == [same | today] * 2


def test_a_store_that_1_0_0_began_is_listed_promoted_in_rolled_back_and_pruned(
    begun: FolderStore, capsys: pytest.CaptureFixture[str]
) -> None:
    wardrobe("releases", ["--store", begun.address, "list", "--json"])
    listed = {one["version"]: one for one in json.loads(capsys.readouterr().out)}

    assert [one["version"] for one in listed.values() if one["headline"]] == OF_2_0_0
    assert [listed[version]["state"] for version in OF_2_0_0] == ["current", "promoted"]
    assert {"schema_version: 5, but" in listed[version]["state"] for version in OF_1_0_0} == {True}
    with pytest.raises(ManifestInvalid, match=f"{OF_1_0_0[0]}/manifest.json: schema_version: 5, but"):
        promote_release(OF_1_0_0[0], begun, describe_release_verdict, author="eve")
    with pytest.raises(NothingPromoted, match="no earlier release to go back to"):
        roll_back_release(begun, "eve")
    promote_release(OF_2_0_0[1], begun, describe_release_verdict, author="eve")
    assert roll_back_release(begun, "eve").version == OF_2_0_0[0]
    assert [release.version for release in prune_releases(begun, keep=2, older_than=timedelta(0))] == [
        version for version in OF_1_0_0 if version != OF_1_0_0[1]
    ]


def test_where_a_release_of_1_0_0_is_current_the_next_one_is_forced(
    begun: FolderStore, tmp_path: Path
) -> None:
    for number in (5, 6, 7):
        begun.delete(make_promotion_key(number))
    made = a_release(tmp_path / "made", seed=9, keeps_answers=False)

    with pytest.raises(ManifestInvalid, match=r"schema_version: 5, but"):
        publish_release(made, begun, judge_release, author="ann")
    published = publish_release(made, begun, describe_release_verdict, author="ann")

    assert read_current_promotion(begun) == published.promotion
    assert published.verdict.startswith("Forced, as current could not be compared with: ")
    assert read_current_promotion(begun).candidates[1:] == (OF_1_0_0[1],)
