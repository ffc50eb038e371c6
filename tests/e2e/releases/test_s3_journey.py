"""An engineer with a bucket: train, publish, serve, publish again, roll back. Real Swift, real gunicorn."""

import sys
from pathlib import Path

import pytest

from model_store.local_releases import open_release
from tests.commands import done
from tests.e2e.releases.agreement import assert_answers_as_reported
from tests.fashion import striped_pictures, write_csv
from tests.load import under_load
from tests.releases import a_release
from tests.s3_servers import S3Server
from tests.service import running
from tests.swaps import known_answers, wait_until_served
from tests.uploads import UPLOAD

pytestmark = pytest.mark.slow

TEST_SEED = 1
TRAIN_PICTURES, TEST_PICTURES = 400, 100


def test_train_publish_serve_publish_again_and_roll_back(tmp_path: Path, swift_server: S3Server) -> None:
    address = f"s3://{swift_server.new_bucket()}/wardrobe"
    test = striped_pictures(TEST_PICTURES, TEST_SEED)
    train_two_epochs(tmp_path, address, swift_server)
    made = [next(tmp_path.glob("run/**/manifest.json")).parent, a_release(tmp_path / "second")]
    first, second = (open_release(folder).version for folder in made)
    answers = known_answers(made)

    settings = {"MODEL_STORE": address, "REFRESH_SECONDS": "0.5"} | swift_server.environment()
    with (
        running(tmp_path, **settings) as service,
        under_load(service.url, UPLOAD, answers, pause=0.05) as seen,
    ):
        wait_until_served(service, first)
        assert_answers_as_reported(service, test)
        typed(swift_server, "scripts", "publish", str(tmp_path / "second"), address, "--force")
        wait_until_served(service, second)
        typed(swift_server, "scripts", "releases", "--store", address, "rollback")
        wait_until_served(service, first)
        assert_answers_as_reported(service, test)

    listed = typed(swift_server, "scripts", "releases", "--store", address, "list")
    assert first in listed
    assert second in listed
    assert (seen.mixed, seen.cut, seen.turned_away, set(seen.statuses)) == ([], [], 0, {200})
    assert set(seen.versions) == {first, second}


def train_two_epochs(folder: Path, address: str, server: S3Server) -> None:
    """Train conv3 on a CSV pair and publish it."""
    train = write_csv(folder / "fashion-mnist_train.csv", TRAIN_PICTURES)
    test = write_csv(folder / "fashion-mnist_test.csv", TEST_PICTURES, TEST_SEED)
    typed(
        server,
        *("scripts", "train", "--network", "conv3", "--train", str(train), "--test", str(test)),
        *("--epochs", "2", "--run", str(folder / "run"), "--publish", address),
    )


def typed(server: S3Server, module: str, *arguments: str) -> str:
    """`python -m module arguments` against the server, which must succeed; its output."""
    ended = done([sys.executable, "-m", module, *arguments], **server.environment())
    assert ended.returncode == 0, ended.stderr[-3000:]
    return ended.stdout
