"""A user with three folders of pictures: one command trains, one serves, and answers bear their names."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import Serve
from tests.own_pictures import KINDS, a_photo, write_class_folders
from tests.service import ROOT
from tests.uploads import png

pytestmark = pytest.mark.slow


def test_three_folders_of_pictures_become_a_service_that_tells_them_apart(
    tmp_path: Path, serve: Serve
) -> None:
    things, store = write_class_folders(tmp_path / "things", 30), str(tmp_path / "store")
    (things / "Ball" / "Thumbs.db").write_bytes(b"left by a file manager")
    command = [sys.executable, "-m", "scripts.train", "--data", str(things), "--out", store]
    command += ["--network", "dense", "--epochs", "10", "--learning-rate", "0.005"]

    trained = subprocess.run(
        [*command, "--run", str(tmp_path / "run")], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert trained.returncode == 0, trained.stderr[-3000:]
    with serve(MODEL_STORE=store) as service:
        answers = [service.post("/predict", data=png(a_photo(kind, 900))).json() for kind in KINDS]
        metrics = service.get("/metrics").json()

    assert "left out 1 that are not taken for pictures of a class" in trained.stderr
    assert "6 pictures are held out to choose the decision's thresholds." in trained.stderr
    assert [answer["label"] for answer in answers] == list(KINDS)
    assert [tuple(answer["probabilities"]) for answer in answers] == [KINDS] * 3
    assert (tuple(metrics["labels"]), metrics["data"]["name"]) == (KINDS, "things")
