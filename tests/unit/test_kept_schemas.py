"""Releases of the schemas that are read: tests/fixtures/schema-N/ keeps the papers of one of each.

Who raises SCHEMA_VERSION writes a release with the new code, keeps its manifest.json and report.json there,
and never touches the older ones.
"""

import json
from pathlib import Path

import pytest
from pydantic import ValidationError

from model_store.files import REPORT
from model_store.local import BUNDLED, check_claims
from model_store.manifest import SCHEMA_10, SCHEMA_VERSION, Manifest, parse_manifest
from reports.values import parse_report

FIXTURES = Path(__file__).parents[1] / "fixtures"
KEPT = [FIXTURES / f"schema-{schema}" for schema in (SCHEMA_10, SCHEMA_VERSION)]


def manifest_in(folder: Path) -> Manifest:
    return parse_manifest((folder / "manifest.json").read_bytes(), str(folder))


def test_papers_of_every_schema_that_is_read_are_kept() -> None:
    assert sorted(KEPT) == sorted(FIXTURES.glob("schema-*"))


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_a_release_of_each_schema_is_read_and_says_what_it_said_then(folder: Path) -> None:
    manifest = manifest_in(folder)
    report = parse_report((folder / "report.json").read_bytes(), str(folder))

    check_claims(manifest, str(folder))
    assert manifest.labels[9] == report.labels[9] == "Ankle boot"
    assert manifest.headline.test_accuracy == report.test.accuracy == 0.93
    network = manifest.network("pixels")
    assert network.golden.inputs(network.contract.input).shape == (3, 28, 28)
    assert network.golden.probabilities()["label"].shape == (3, 10)


def test_a_release_from_before_heads_had_a_familiarity_decides_by_the_class_s() -> None:
    kept = json.loads((FIXTURES / "schema-10" / "manifest.json").read_bytes())

    read = json.loads(manifest_in(FIXTURES / "schema-10").as_bytes())

    for network in read["networks"].values():
        for head in network["contract"]["heads"].values():
            assert head.pop("familiarity") is None
    assert read == kept | {"schema_version": SCHEMA_VERSION}
    assert manifest_in(KEPT[-1]).attributes["kind"].familiarity == {"shorts": 0, "skirt": 0}


def test_what_is_written_today_is_what_is_kept_of_the_newest_schema() -> None:
    kept = (KEPT[-1] / "manifest.json").read_bytes()

    assert json.loads(manifest_in(KEPT[-1]).as_bytes()) == json.loads(kept)


def test_a_field_that_no_report_has_is_an_error_where_a_report_is_made() -> None:
    tier = next(iter(parse_report((BUNDLED / REPORT).read_bytes(), REPORT).photos.values()))

    with pytest.raises(ValidationError, match="unfamilar"):
        tier.decisions.changed(unfamilar=0.2)

    assert tier.decisions.changed(unfamiliar=0.2).unfamiliar == 0.2


def test_fields_that_are_no_longer_written_are_read_in_reports_that_have_them() -> None:
    report = json.loads((BUNDLED / REPORT).read_bytes())
    for tier in report["photos"].values():
        tier["decided_by"] = "an older release"
    report["calibrated"] = {"parent": "an older release", "n": 3, "groups": 3, "accuracy": 0.95}

    written = parse_report(json.dumps(report).encode(), REPORT).model_dump_json()

    assert "calibrated" not in json.loads(written)
    assert "decided_by" not in written
