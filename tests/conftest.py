"""What every kind of test may ask for: S3 servers for the session, and the count of what could not run."""

import logging.config
import os
import signal
from collections.abc import Generator, Iterator
from functools import partial

import numpy as np
import pytest

from model_store.local_releases import LocalRelease, open_bundled_release
from tests import s3_servers
from tests.s3_servers import S3Server
from tests.service import Service
from tests.system_parts import missing_parts

# The commands that the tests start shall say as little as a user's.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

# A shell's background job ignores Ctrl+C, and so would each command that is started here to be stopped by it.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def handlers_of_collection_closed() -> None:
    """Close what libraries log to while pytest's own stream is in place.

    TensorFlow is imported while tests are collected, and brings absl. Where logging is configured for the
    first time in a test whose stderr is captured, absl closes the stream that pytest captures all others by.
    """
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": False})


@pytest.fixture(scope="session", autouse=True)
def fetched_releases(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is fetched with this run's files: no release of an earlier run is read, and none stays."""
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("WARDROBE_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def swift_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """OpenStack Swift, started for the first test that asks."""
    with s3_servers.swift(tmp_path_factory.mktemp("swift")) as server:
        yield server


@pytest.fixture(scope="session")
def moto_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """moto_server, started for the first test that asks."""
    with s3_servers.moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="session")
def release_with_parts() -> LocalRelease:
    """The bundled release, whose network also answers `kind` for the parts of a photo, with a second look."""
    return open_bundled_release()


@pytest.fixture(scope="module")
def short_fits() -> Iterator[None]:
    """Heads have a quarter of their units and learn in half of their steps, each on an eighth of a batch.

    OOD scores learn in a tenth of theirs.
    Corrections are learnt beside a tenth of the photos that come with the package: that all of them are is in
    tests/contract/training/test_photo_features.py.
    """
    from training import ten_classes  # noqa: PLC0415 - it imports TensorFlow
    from training.features.shipped import read_shipped_photos  # noqa: PLC0415
    from training.heads import hidden, ood, photo_head  # noqa: PLC0415

    shipped = read_shipped_photos()
    tenth = shipped.take(np.arange(0, len(shipped), 10))
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(ten_classes, "read_shipped_photos", lambda: tenth)
        for name, part in (("MIN_FIT_STEPS", 2), ("PASSES_OVER_PICTURES", 4), ("HEAD_BATCH_SIZE", 8)):
            changed.setattr(hidden, name, getattr(hidden, name) // part)
        fit = partial(hidden.fit_hidden_layer_head, units=hidden.HIDDEN_UNITS // 4)
        changed.setattr(photo_head, "fit_hidden_layer_head", fit)
        changed.setattr(ood, "MIN_ADAM_STEPS", ood.MIN_ADAM_STEPS // 10)
        yield


LOG_CHARACTERS = 4000
"""Of the end of each log that is shown with a failure."""


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show with a failure what the services of the test have logged: its reader may not have the machine."""
    report = yield
    if report.failed:
        used = getattr(item, "funcargs", {})
        logs = {one.log for one in used.values() if isinstance(one, Service | S3Server)}
        if "tmp_path" in used:
            logs.update(used["tmp_path"].rglob("service-*.log"))
        report.sections += [
            (str(log), log.read_text("utf-8", "replace")[-LOG_CHARACTERS:]) for log in sorted(logs)
        ]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests did not run for want of a part of the system."""
    skipped = terminalreporter.stats.get("skipped", [])
    parts = missing_parts([str(report.longrepr) for report in skipped])
    if parts:
        terminalreporter.section("missing system parts")
        for name, count in sorted(parts.items()):
            terminalreporter.line(f"{count} tests skipped for want of {name}")
