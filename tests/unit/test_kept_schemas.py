"""Releases of the schemas that are read: tests/fixtures/schema-N/ keeps the papers of one of each.

Who raises SCHEMA_VERSION writes a release with the new code, keeps its manifest.json and report.json there,
and never touches the older ones.
"""

import json
from pathlib import Path

import pytest

from model_store.local import check_names
from model_store.manifest import ONE_NETWORK, SCHEMA_VERSION, VERSION_1, Manifest, parse_manifest
from reports.values import parse_report

KEPT = sorted((Path(__file__).parents[1] / "fixtures").glob("schema-*"))


def manifest_in(folder: Path) -> Manifest:
    return parse_manifest((folder / "manifest.json").read_bytes(), str(folder))


def test_papers_of_every_schema_that_is_read_are_kept() -> None:
    assert [folder.name for folder in KEPT] == [
        f"schema-{n}" for n in (VERSION_1, ONE_NETWORK, SCHEMA_VERSION)
    ]


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_a_release_of_each_schema_is_read_and_says_what_it_said_then(folder: Path) -> None:
    manifest = manifest_in(folder)
    report = parse_report((folder / "report.json").read_bytes(), str(folder))

    check_names(manifest, str(folder))
    assert manifest.model.labels[9] == report.labels[9] == "Ankle boot"
    assert manifest.headline.test_accuracy == report.test.accuracy == 0.93
    assert manifest.golden.inputs(manifest.model.input).shape == (3, 28, 28)
    assert manifest.golden.answers().shape == (3, 10)


@pytest.mark.parametrize("newest", KEPT[1:], ids=["one network", "two networks"])
def test_what_is_written_today_is_what_is_kept_of_the_newest_schema_without_what_is_ignored(
    newest: Path,
) -> None:
    kept = json.loads((newest / "manifest.json").read_bytes())
    written = json.loads(manifest_in(newest).as_bytes())

    gone = {key for key in keys_of(kept) if key not in keys_of(written)}

    assert keys_of(written) <= keys_of(kept)
    assert gone <= {"cascade", "photo_thresholds", "cluttered_thresholds", "photo_calibration"} | INSIDE
    assert written["golden"] == kept["golden"]


INSIDE = {"biases", "faint_below", "faint_floor", "plain_share", "segmentation", "segmentation_edge"} | {
    "segmentation_rounds", "studio_share", "worn"
}  # fmt: skip
"""Keys of what is ignored."""


def keys_of(value: object) -> set[str]:
    """All keys of a document."""
    if isinstance(value, list):
        return set().union(*map(keys_of, value))
    if not isinstance(value, dict):
        return set()
    return set(value).union(*map(keys_of, value.values()))
