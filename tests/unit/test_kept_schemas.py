"""Releases of the schemas that are read: tests/fixtures/schema-N/ keeps the papers of one of each.

Who raises SCHEMA_VERSION writes a release with the new code, keeps its manifest.json and report.json there,
and never touches the older ones.
"""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from model_store.errors import ManifestInvalid
from model_store.local import check_names
from model_store.manifest import SCHEMA_VERSION, Manifest, parse_manifest
from model_store.older_schemas import OLDER
from reports.values import parse_report

FIXTURES = Path(__file__).parents[1] / "fixtures"
KEPT = [FIXTURES / f"schema-{schema}" for schema in (*OLDER, SCHEMA_VERSION)]


def manifest_in(folder: Path) -> Manifest:
    return parse_manifest((folder / "manifest.json").read_bytes(), str(folder))


def test_papers_of_every_schema_that_is_read_are_kept() -> None:
    assert sorted(KEPT) == sorted(FIXTURES.glob("schema-*"))


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_a_release_of_each_schema_is_read_and_says_what_it_said_then(folder: Path) -> None:
    manifest = manifest_in(folder)
    report = parse_report((folder / "report.json").read_bytes(), str(folder))

    check_names(manifest, str(folder))
    assert manifest.labels[9] == report.labels[9] == "Ankle boot"
    assert manifest.headline.test_accuracy == report.test.accuracy == 0.93
    network = manifest.network("pixels")
    assert network.golden.inputs(network.contract.input).shape == (3, 28, 28)
    assert network.golden.probabilities()["label"].shape == (3, 10)


@pytest.mark.parametrize("folder", KEPT[:-1], ids=lambda folder: folder.name)
def test_what_a_network_of_an_older_schema_decides_by_is_what_its_manifest_says(folder: Path) -> None:
    manifest, kept = manifest_in(folder), json.loads((folder / "manifest.json").read_bytes())

    parts = {"pixels": kept["model"] | {"golden": kept["golden"]}}
    parts |= {"photos": kept["photos"]} if "photos" in kept else {}
    for name, network in manifest.networks.items():
        part, contract = parts[name], network.contract
        assert asdict(contract.thresholds) == part["thresholds"]
        assert contract.temperature == part["temperature"]
        assert contract.familiarity is not None
        assert list(contract.familiarity.quantiles) == part["familiarity"]["quantiles"]
        assert list(contract.input.shape) == part["input"]["shape"]
        assert network.golden.pixels == part["golden"]["pixels"]
        assert network.golden.answers == {
            "label": tuple(map(tuple, part["golden"]["probabilities"])),
        }
    assert manifest.networks.keys() == parts.keys()


def test_what_is_written_today_is_what_is_kept_of_the_newest_schema() -> None:
    kept = (KEPT[-1] / "manifest.json").read_bytes()

    assert json.loads(manifest_in(KEPT[-1]).as_bytes()) == json.loads(kept)


def test_photos_of_a_schema_that_has_none_are_refused() -> None:
    text = (FIXTURES / "schema-9" / "manifest.json").read_bytes()

    with pytest.raises(ManifestInvalid, match="photos: only from schema_version 9 on"):
        parse_manifest(text.replace(b'"schema_version": 9', b'"schema_version": 8'), "here")
