"""One S3 fault, one situation: what the service does.

Each function starts a real service with a fault-making proxy between it and Swift, and asserts what is
promised. The service has one worker and asks the store five times a second.
"""

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from model_store.cache import pull_release
from model_store.cache_notes import remember_current_release
from model_store.promotions import append_promotion, read_newest_promotion
from model_store.publish import publish_release
from model_store.s3 import S3Store
from reports.judge import judge_release
from tests.fault_proxy import FAULTS, FaultProxy, Mode, fault_proxy
from tests.load import Answers, under_load
from tests.releases import a_release
from tests.s3_servers import S3Server
from tests.service import Service, running, start
from tests.swaps import known_answers
from tests.uploads import UPLOAD
from tests.waiting import wait_for

FILLED = "filled"
"""The cache that knows the current release."""

HANGS_SECONDS = 240
"""After which a start, a report of a fault or a recovery hangs, on however busy a machine."""

# botocore takes a listing that it cannot parse for an answer with status 500.
DAMAGED = "not what the server has|XML|unable to parse|not a promotion|500 on ListObjectsV2"
CAUSES = {
    Mode.REFUSE: "EndpointConnectionError|Connection",
    Mode.BLACK_HOLE: "ReadTimeoutError",
    Mode.STALL: "no time is left|ReadTimeoutError",
    Mode.RESET: "Connection|reset",
    Mode.TRUNCATE: "IncompleteRead|bytes read|Connection|500 on ListObjectsV2",
    Mode.BEHEAD: "ended before its headers did",
    Mode.FORBIDDEN: "AccessDenied",
    Mode.NO_BUCKET: "NoSuchBucket",
    Mode.BROKEN: "InternalError",
    Mode.SLOW_DOWN: "SlowDown",
    Mode.CHECKSUM: DAMAGED,
    Mode.SKEW: "RequestTimeTooSkewed.*clock",
}
"""The words by which an operator recognises each fault."""


@dataclass(frozen=True)
class Stage:
    """A bucket of its own with a current release and one to come, and a cache that knows the current one."""

    server: S3Server
    folder: Path
    store: S3Store
    current: str
    upcoming: str
    answers: Answers

    def environment(self, proxy: FaultProxy, cache: str = FILLED) -> dict[str, str]:
        """Of a service behind a proxy; `cache` names a folder here."""
        return self.server.environment() | {
            "AWS_ENDPOINT_URL_S3": proxy.endpoint,
            "MODEL_STORE": self.store.address,
            "CACHE_DIR": str(self.folder / cache),
            "REFRESH_SECONDS": "0.2",
            "WEB_CONCURRENCY": "1",
        }

    def serving(self, proxy: FaultProxy) -> AbstractContextManager[Service]:
        return running(self.folder, **self.environment(proxy))

    def promote_upcoming(self) -> None:
        append_promotion(self.store, self.upcoming, "promote", "tests", read_newest_promotion(self.store))


def a_stage(server: S3Server, folder: Path) -> Stage:
    """Set one up; AWS_* in this process's environment must lead to the server itself."""
    store = S3Store(f"s3://{server.new_bucket()}/wardrobe")
    folders = [a_release(folder / name, seed=seed) for seed, name in enumerate(("now", "next"))]
    current, upcoming = (
        publish_release(
            each, store, judge_release, author="tests", promote=each.name == "now"
        ).manifest.version
        for each in folders
    )
    remember_current_release(
        folder / FILLED, store.address, pull_release(store, current, folder / FILLED), datetime.now(UTC)
    )
    return Stage(server, folder, store, current, upcoming, known_answers(folders))


def at_start_without_cache(stage: Stage, fault: Mode) -> None:
    """It ends in time, with one line that names bucket, key and cause."""
    with fault_proxy(stage.server.endpoint) as proxy:
        proxy.break_by(fault)
        service = start(stage.folder, **stage.environment(proxy, "empty"))
        status = service.process.wait(HANGS_SECONDS)
    [line] = {line for line in service.text().splitlines() if line.startswith("wardrobe: ")}
    assert status != 0, service.text()
    assert f"{stage.store.address}/promotions" in line
    assert re.search(CAUSES[fault], line), line
    assert "Traceback" not in service.text()


def at_start_with_cache(stage: Stage, fault: Mode) -> None:
    """It serves what it served last, reports it as stale with the cause, and recovers with the store."""
    with fault_proxy(stage.server.endpoint) as proxy:
        proxy.break_by(fault)
        with stage.serving(proxy) as service:
            ready = service.get("/readyz").json()
            answer = service.post("/predict", data=UPLOAD)
            proxy.heal()
            wait_for("the store works", lambda: _is_well(service, stage.current), HANGS_SECONDS)
    assert (answer.status_code, answer.headers["X-Model-Version"]) == (200, stage.current)
    assert (ready["stale"], ready["store"]["status"]) == (True, "failing"), ready
    assert re.search(CAUSES[fault], ready["store"]["error"]), ready
    assert f"Serving {stage.current} until then." in service.text()


def while_running(stage: Stage, fault: Mode) -> None:
    """It answers every request, reports since when the store fails, and serves what is newer once it can."""
    with (
        fault_proxy(stage.server.endpoint) as proxy,
        stage.serving(proxy) as service,
        under_load(service.url, UPLOAD, stage.answers, clients=1, pause=0.05) as seen,
    ):
        proxy.break_by(fault)
        stage.promote_upcoming()
        wait_for("/readyz reports it", lambda: _fails(service, CAUSES[fault]), HANGS_SECONDS)
        ready = service.get("/readyz").json()
        proxy.heal()
        wait_for("the newer release", lambda: _is_well(service, stage.upcoming), HANGS_SECONDS)
    assert (seen.mixed, seen.cut, seen.turned_away, set(seen.statuses)) == ([], [], 0, {200})
    assert (ready["status"], ready["stale"]) == ("ready", True)
    assert ready["store"]["since"]


SITUATIONS: dict[str, Callable[[Stage, Mode], None]] = {
    "start, no cache": at_start_without_cache,
    "start, cached": at_start_with_cache,
    "running": while_running,
}

OF_A_CACHED_START = (Mode.REFUSE, Mode.BLACK_HOLE, Mode.FORBIDDEN, Mode.CHECKSUM)
"""One fault of a kind: what the store said is found out as without a cache."""

SCENES = [
    (situation, fault)
    for situation in SITUATIONS
    for fault in (OF_A_CACHED_START if situation == "start, cached" else FAULTS)
]


def _fails(service: Service, cause: str) -> bool:
    """Whether a poll has failed for this cause; /readyz may report meanwhile that one takes long."""
    store = service.get("/readyz").json()["store"]
    return store["status"] == "failing" and re.search(cause, store["error"]) is not None


def _is_well(service: Service, version: str) -> bool:
    ready = service.get("/readyz").json()
    return ready["model"]["version"] == version and ready["store"]["status"] == "ok" and not ready["stale"]
