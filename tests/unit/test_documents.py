"""The list of what the container holds, against the lock that fills it."""

import json
import re
from pathlib import Path
from typing import Any

from scripts.documents import without_addresses

ROOT = Path(__file__).parent.parent.parent
SBOM = ROOT / "deploy" / "sbom.cdx.json"
ALLOWED_ADDRESS = "http://cyclonedx.org/schema/"


def committed() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(SBOM.read_text("utf-8"))
    return document


def test_it_names_every_package_of_the_container_with_its_version_and_no_other() -> None:
    lock = (ROOT / "requirements" / "serve.txt").read_text("utf-8")

    named = {(component["name"], component["version"]) for component in committed()["components"]}

    assert named == set(re.findall(r"^([a-z0-9._-]+)==([^ ]+)", lock, re.MULTILINE)), "`make sbom` renews it"


def test_it_names_no_address_of_an_index() -> None:
    addresses = re.findall(r"[a-z+]+://[^\"]+", SBOM.read_text("utf-8"))

    assert [address for address in addresses if not address.startswith(ALLOWED_ADDRESS)] == []
    assert "externalReferences" not in SBOM.read_text("utf-8")


def test_every_package_has_a_package_url_and_the_service_depends_on_it() -> None:
    document = committed()

    urls = {component["purl"] for component in document["components"]}

    assert all(re.fullmatch(r"pkg:pypi/[a-z0-9.-]+@[^?#]+", url) for url in urls)
    assert set(document["dependencies"][0]["dependsOn"]) == urls


def test_where_a_package_was_fetched_from_is_left_out() -> None:
    component = {
        "bom-ref": "requirements-L3",
        "description": "requirements line 3: flask==3.1 --hash=...",
        "externalReferences": [{"type": "distribution", "url": "https://index.example/simple/flask/"}],
        "name": "flask",
        "purl": "pkg:pypi/flask@3.1",
        "type": "library",
        "version": "3.1",
    }
    document = {"$schema": "s", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}

    kept = without_addresses(document | {"components": [component], "metadata": {"tools": {}}})

    assert "index.example" not in json.dumps(kept)
    assert kept["components"][0]["bom-ref"] == "pkg:pypi/flask@3.1"
