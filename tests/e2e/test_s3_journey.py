"""An engineer with a bucket: train, publish, serve, publish again, roll back. Real Swift, real gunicorn."""

import os
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
import pytest

from tests.e2e.agreement import assert_answers_as_reported
from tests.releases import a_release
from tests.s3_servers import S3Server
from tests.service import ROOT, Service, running, start
from tests.system_parts import require_system_part
from tests.uploads import a_garment, png
from tests.waiting import wait_for
from training.data.datasets import SYSTEM_FOLDER, LabelledImages, from_idx

TRAINING_PICTURES = 6000
TEST_PICTURES = 1000


@pytest.fixture(scope="module")
def test_set() -> LabelledImages:
    """The pictures that the trained models are measured on."""
    require_system_part("dataset-fashion-mnist", SYSTEM_FOLDER.is_dir(), "`make data` installs it")
    test = from_idx(SYSTEM_FOLDER).test
    return LabelledImages(test.images[:TEST_PICTURES], test.labels[:TEST_PICTURES])


@pytest.fixture(scope="module")
def csv_pair(test_set: LabelledImages, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same data in the form in which it is often handed around: label, then 784 pixels."""
    folder = tmp_path_factory.mktemp("csv")
    train = from_idx(SYSTEM_FOLDER).train
    first = LabelledImages(train.images[:TRAINING_PICTURES], train.labels[:TRAINING_PICTURES])
    return (
        _write_csv(folder / "fashion-mnist_train.csv", first),
        _write_csv(folder / "fashion-mnist_test.csv", test_set),
    )


def test_train_publish_serve_publish_again_and_roll_back(
    tmp_path: Path, swift_server: S3Server, csv_pair: tuple[Path, Path], test_set: LabelledImages
) -> None:
    bucket = Bucket(swift_server, tmp_path)
    bucket.train(csv_pair, "--epochs", "2", "--seed", "1")

    with bucket.served() as service:
        first = version_of(service)
        assert_answers_as_reported(service, test_set)

        bucket.train(csv_pair, "--epochs", "2", "--seed", "2", "--force")
        second = wait_for("the second release", lambda: _other_than(first, service))
        assert_answers_as_reported(service, test_set)

        bucket.run("scripts.releases", "--store", bucket.address, "rollback")
        back = wait_for("the rollback", lambda: _other_than(second, service))
        assert_answers_as_reported(service, test_set)

    assert back == first
    listed = bucket.run("scripts.releases", "--store", bucket.address, "list")
    assert first in listed
    assert second in listed


def test_without_the_store_the_cached_release_is_served_and_called_stale(
    tmp_path: Path, swift_server: S3Server
) -> None:
    bucket = Bucket(swift_server, tmp_path)
    bucket.run("scripts.publish", str(a_release(tmp_path / "release")), bucket.address)
    with bucket.served() as service:
        served = version_of(service)

    with bucket.served(AWS_ENDPOINT_URL_S3="http://127.0.0.1:9") as service:
        ready = service.get("/readyz").json()
        answer = service.post("/predict", data=png(a_garment()))

    assert (ready["stale"], ready["model"]["version"]) == (True, served)
    assert ready["stale_since"]
    assert answer.headers["X-Model-Version"] == served


def test_without_the_store_and_without_a_cache_it_says_what_it_could_not_reach(
    tmp_path: Path, swift_server: S3Server
) -> None:
    bucket = Bucket(swift_server, tmp_path)
    unreachable = {**bucket.environment(), "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9"}

    service = start(tmp_path, MODEL_STORE=bucket.address, **unreachable)
    status = service.process.wait(60)

    log = service.log.read_text("utf-8")
    assert status != 0
    assert f"wardrobe: {bucket.address}/promotions" in log
    assert "127.0.0.1:9" in log
    assert "Traceback" not in log


def test_an_empty_bucket_and_a_missing_one_are_told_apart(tmp_path: Path, swift_server: S3Server) -> None:
    bucket = Bucket(swift_server, tmp_path)

    empty = start(tmp_path / "empty", MODEL_STORE=bucket.address, **bucket.environment())
    missing = start(tmp_path / "missing", MODEL_STORE="s3://no-such-bucket/x", **bucket.environment())
    statuses = [empty.process.wait(60), missing.process.wait(60)]

    assert 0 not in statuses
    assert "wardrobe publish" in empty.log.read_text("utf-8")
    assert "NoSuchBucket" in missing.log.read_text("utf-8")


class Bucket:
    """A fresh bucket, and the commands that an engineer types against it."""

    def __init__(self, server: S3Server, directory: Path) -> None:
        self._server = server
        self._directory = directory
        self.address = f"s3://{server.new_bucket()}/wardrobe"

    def environment(self) -> dict[str, str]:
        """What reaches the server."""
        return self._server.environment()

    def train(self, csv_pair: tuple[Path, Path], *options: str) -> None:
        """Train conv3 on a CSV pair and publish it here."""
        train, test = csv_pair
        self.run(
            *("scripts.train", "--network", "conv3", "--train", str(train), "--test", str(test)),
            *("--validation", "1000", "--run", str(self._directory / f"run-{options}".replace("/", "-"))),
            *("--publish", self.address, *options),
        )

    def run(self, module: str, *arguments: str) -> str:
        """`python -m module arguments`, which must succeed; what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=os.environ | self.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return done.stdout

    def served(self, **environment: str) -> AbstractContextManager[Service]:
        """A service on this bucket that asks for promotions twice a second."""
        ours = self.environment() | {"MODEL_STORE": self.address, "REFRESH_SECONDS": "0.5"}
        return running(self._directory, **ours | environment)


def version_of(service: Service) -> str:
    """The release that a service answers with."""
    version: str = service.get("/model").json()["version"]
    return version


def _other_than(version: str, service: Service) -> str | None:
    """The release that every worker serves, once it is another one."""
    served = {version_of(service) for _ in range(8 * len(service.worker_pids()))}
    return served.pop() if len(served) == 1 and version not in served else None


def _write_csv(path: Path, data: LabelledImages) -> Path:
    header = ",".join(["label", *(f"pixel{number}" for number in range(1, 785))])
    rows = np.column_stack([data.labels, data.images.reshape(len(data), -1)])
    np.savetxt(path, rows, fmt="%d", delimiter=",", header=header, comments="")
    return path
