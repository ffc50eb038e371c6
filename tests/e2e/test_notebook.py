"""The notebook of the examples runs from its first cell to its last, on little data."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fashion import write_idx_folder
from tests.service import ROOT

pytestmark = pytest.mark.slow

NOTEBOOK = ROOT / "examples" / "from-data-to-service.ipynb"


def test_the_notebook_gets_from_the_data_to_a_served_release(tmp_path: Path) -> None:
    write_idx_folder(tmp_path / "data", train=1000, test=200)
    cells = json.loads(NOTEBOOK.read_text("utf-8"))["cells"]
    program = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    places = {"DATA": str(tmp_path / "data"), "WORK": str(tmp_path / "work")}
    places["WARDROBE_CACHE_DIR"] = str(tmp_path / "cache")
    served = {name: value for name, value in os.environ.items() if not name.startswith("WARDROBE_")}

    ran = subprocess.run(
        [sys.executable, "-c", program],
        cwd=NOTEBOOK.parent,  # as Jupyter does
        env=served | places,
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 0, ran.stderr[-3000:]
    assert re.search(r"ankle-boot\.png: .+ \d\.\d\d, (accept|review)", ran.stdout)
    (accuracy,) = re.findall(r"test accuracy: (\S+) of 200", ran.stdout)
    assert float(accuracy) > 0.9
