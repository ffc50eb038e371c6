"""Clients that others generate from /openapi.json: they type-check, and call a running service."""

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from app import __version__
from tests.commands import Ended, done
from tests.service import ROOT, Service
from tests.system_parts import require_system_part

pytestmark = pytest.mark.slow

SOURCES = ROOT / "tests/clients"
BOOT = ROOT / "examples/ankle-boot.png"


@pytest.fixture
def document(bundled_service: Service, tmp_path: Path) -> Path:
    """What the service says of itself, in a file."""
    path = tmp_path / "openapi.json"
    path.write_text(bundled_service.get("/openapi.json").text, "utf-8")
    assert json.loads(path.read_text("utf-8"))["info"]["version"] == __version__
    return path


def test_a_python_client_imports_type_checks_and_calls(
    document: Path, bundled_service: Service, tmp_path: Path
) -> None:
    client, script = tmp_path / "wardrobe_client", shutil.copy(SOURCES / "call.py", tmp_path)
    tool = [sys.executable, "-m", "openapi_python_client", "generate", "--meta", "none"]

    well(done([*tool, "--path", document, "--output-path", client], tmp_path))

    modules = [
        ".".join(file.relative_to(tmp_path).with_suffix("").parts).removesuffix(".__init__")
        for file in client.rglob("*.py")
    ]
    well(done([sys.executable, "-c", f"import {', '.join(modules)}"], tmp_path))
    # The calls and the types that they rest on: how the generator writes its own code is its affair.
    mypy = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--config-file="]
    well(done([*mypy, script], tmp_path))
    check(well(done([sys.executable, script, bundled_service.url, BOOT], tmp_path)))


def test_a_typescript_client_type_checks_and_calls(
    document: Path, bundled_service: Service, tmp_path: Path
) -> None:
    require_system_part("npm", shutil.which("npm") is not None, "Node.js brings it along")
    folder = Path(shutil.copytree(SOURCES, tmp_path / "client"))
    well(done(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"], folder))

    well(done(["npx", "openapi-typescript", document, "--output", "wardrobe.d.ts"], folder))

    well(done(["npx", "tsc", "--project", "."], folder))
    check(well(done(["node", "built/call.js", bundled_service.url, BOOT], folder)))


def well(ended: Ended) -> Any:
    """What a command that succeeded printed, as JSON if it is that."""
    assert ended.returncode == 0, ended.stdout[-3000:] + ended.stderr[-3000:]
    return ended.stdout


def check(printed: str) -> None:
    """A sure answer, a problem with its status and words, and the release."""
    called = json.loads(printed)
    assert (called["label"], called["sure"], called["status"]) == ("Ankle boot", True, 400)
    assert "URLs are not fetched" in called["words"]
    assert called["version"].startswith("20")
