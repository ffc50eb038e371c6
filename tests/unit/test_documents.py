"""The list of what the container holds, against the lock that fills it."""

import json
import re
from pathlib import Path
from typing import Any

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
