"""What `pip install .[train]` puts beside Python's own libraries: a wheel, away from any checkout."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from app import __version__
from tests.commands import done
from tests.service import ROOT, ready, start

UV = ROOT / ".cache/uv/bin/uv"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the wheel puts into site-packages."""
    if not UV.exists():
        pytest.skip("uv is not installed here: scripts/setup_venv.sh made the environment with pip")
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run([UV, "build", "--quiet", "--offline", "--wheel", "--out-dir", folder, ROOT], check=True)
    [wheel] = folder.glob("*.whl")
    site = folder / "site"
    zipfile.ZipFile(wheel).extractall(site)
    for file in site.glob("*.data/purelib/*"):
        file.rename(site / file.name)
    return site


@pytest.mark.slow
def test_the_commands_of_a_wheel_run_away_from_a_checkout(site: Path, tmp_path: Path) -> None:
    picture = ROOT / "examples/sneaker.png"

    helped = done([sys.executable, "-m", "scripts", "train", "--help"], tmp_path, PYTHONPATH=str(site))
    answered = done([sys.executable, "-m", "scripts", "predict", picture], tmp_path, PYTHONPATH=str(site))

    assert (helped.returncode, helped.stderr) == (0, "")
    assert "Sneaker" in answered.stdout, answered.stderr


@pytest.mark.slow
def test_a_wheel_serves(site: Path, tmp_path: Path) -> None:
    words = ["-m", "scripts", "serve", "--workers", "1"]
    with ready(start(tmp_path, words=words, cwd=str(tmp_path), PYTHONPATH=str(site))) as service:
        assert service.get("/openapi.json").json()["info"]["version"] == __version__
        assert service.get("/docs").ok


@pytest.mark.slow
def test_a_wheel_has_the_file_of_every_language(site: Path) -> None:
    ours = {file.name for file in (ROOT / "inference" / "words" / "languages").glob("*.toml")}

    assert {file.name for file in (site / "inference" / "words" / "languages").glob("*.toml")} == ours


@pytest.mark.slow
def test_a_type_checker_reads_the_types_of_every_package_in_a_wheel(site: Path) -> None:
    packages = {folder.parent.name for folder in site.glob("*/__init__.py")}

    assert len(packages) == 7
    assert {file.parent.name for file in site.glob("*/py.typed")} == packages
