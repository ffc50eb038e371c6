"""The unit for one machine without containers, and the page about it."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from app.settings import parse_settings
from tests.service import ROOT

UNIT = ROOT / "deploy" / "systemd" / "wardrobe.service"
PAGE = (ROOT / "docs" / "how-to" / "on-one-machine.md").read_text("utf-8")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_finds_no_fault_in_the_unit(tmp_path: Path) -> None:
    program = tmp_path / "wardrobe"  # systemd looks whether it is there
    program.touch(0o755)
    unit = tmp_path / UNIT.name
    unit.write_text(UNIT.read_text("utf-8").replace("/opt/wardrobe/bin/wardrobe", str(program)), "utf-8")

    checked = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", unit], capture_output=True, text=True, check=False
    )

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_the_page_writes_settings_that_the_service_takes() -> None:
    lines = re.findall(r"^ +(WARDROBE_\w+)=(\S+)$", PAGE, re.MULTILINE)

    settings = parse_settings(dict(lines))

    assert settings.model_store == "s3://models/wardrobe"


def test_the_page_removes_every_folder_that_the_unit_makes() -> None:
    kept = re.findall(r"^(State|Cache)Directory=(\w+)$", UNIT.read_text("utf-8"), re.MULTILINE)
    below = {"State": "lib", "Cache": "cache"}

    assert len(kept) == 2
    assert [name for kind, name in kept if f"/var/{below[kind]}/private/{name}" not in PAGE] == []
