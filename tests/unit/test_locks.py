"""The lock files and the list of what the container holds: every version held, no address of an index."""

import json
import re
from pathlib import Path

import pytest

from scripts.documents import remove_index_addresses

ROOT = Path(__file__).parent.parent.parent
LOCKS = sorted(
    str(path.relative_to(ROOT))
    for pattern in ("requirements.txt", "requirements/*.txt", "benchmarks/peers/*.txt")
    for path in ROOT.glob(pattern)
)

PIN = re.compile(r"^[a-z0-9][a-z0-9._-]*(\[[a-z0-9,._-]+\])?==[^ ]+( ; .+)? \\$")
"""`name==version`, perhaps a marker, and a continuation: hashes follow."""


def pins(lock: str) -> set[str]:
    """The lines of a lock that name a package, without what follows the version."""
    lines = (ROOT / lock).read_text("utf-8").splitlines()
    return {line.removesuffix(" \\") for line in lines if "==" in line and not line.startswith((" ", "#"))}


def versions(lock: str) -> set[str]:
    """Its `name==version`, whatever the platforms that need it."""
    return {pin.partition(" ; ")[0] for pin in pins(lock)}


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text("utf-8")

    assert "://" not in text
    assert not re.search(r"^-", text, re.MULTILINE), "options of an index, or of a folder of wheels"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_package_of_a_lock_file_is_held_by_hash(lock: str) -> None:
    lines = (ROOT / lock).read_text("utf-8").splitlines()

    named = [line for line in lines if line and not line.startswith((" ", "#"))]

    assert named
    assert [line for line in named if not PIN.match(line)] == []


@pytest.mark.parametrize(
    ("narrow", "wide"),
    [("requirements/serve.txt", "requirements.txt"), ("requirements.txt", "requirements/dev.txt")],
)
def test_training_and_testing_keep_the_versions_that_serve(narrow: str, wide: str) -> None:
    assert versions(narrow) <= versions(wide)


def test_the_lock_of_trainings_names_the_one_to_serve_with_and_make_lock_writes_that() -> None:
    [first, *_] = (ROOT / "requirements.txt").read_text("utf-8").splitlines()

    assert "requirements/serve.txt" in first
    assert first in (ROOT / "Makefile").read_text("utf-8").replace("\\#", "#")


def test_the_container_gets_no_training_libraries() -> None:
    served = {pin.split("==")[0] for pin in pins("requirements/serve.txt")}

    assert served.isdisjoint({"tensorflow", "keras", "scikit-learn", "matplotlib", "onnx", "tf2onnx"})


def test_the_list_of_what_the_container_holds_names_no_address_of_an_index() -> None:
    component = {"name": "flask", "version": "3.1.2", "purl": "pkg:pypi/flask@3.1.2", "bom-ref": "line 7"}
    of_the_index = {"externalReferences": [{"url": "https://index.example"}], "description": "line 7: ..."}
    made = {"$schema": "s", "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1}

    document = remove_index_addresses(made | {"components": [component | of_the_index]})

    assert document["components"] == [component | {"bom-ref": "pkg:pypi/flask@3.1.2"}]
    assert "index.example" not in json.dumps(document)
