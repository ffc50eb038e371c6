"""What may be wrong when a service starts, or while commands meet in a store: `make chaos` tries it all.

Each function starts a real service with an empty or a filled cache behind Swift, asserts what is promised,
and returns how long things took. The service has one worker and asks the store five times a second.
"""

import fcntl
import gzip
import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

from model_store.cache import LOCK
from model_store.catalogue import promotion_key
from model_store.errors import StoreError
from model_store.promotions import append, current, is_whole, newest, promotion_bytes, roll_back
from model_store.publish import promote, prune, publish
from model_store.s3 import S3Store
from reports.judge import forced
from tests.fault_proxy import fault_proxy
from tests.releases import a_release
from tests.s3_faults import FILLED, Outcome, Stage
from tests.s3_servers import S3Server
from tests.service import running
from tests.swaps import UPLOAD

START_SECONDS = 120
"""After which gunicorn would end a worker that does not start."""

RECORDS = 1500

MOST_REQUESTS = 40
"""Of a start, whatever the length of the log: manifest and files of the release are most of them."""

ROUNDS = 20

HEALTH_SECONDS = 5
"""In which /healthz answers on however busy a machine; the attack held it for 26."""


def many_promotions(stage: Stage) -> Outcome:
    """A start asks no more than behind a short log."""
    record = promotion_bytes(current(stage.store))
    bucket, _, prefix = stage.store.address.removeprefix("s3://").partition("/")

    def write(number: int) -> None:
        key = f"{prefix}/{promotion_key(number)}"
        stage.server.client.put_object(Bucket=bucket, Key=key, Body=record)

    with ThreadPoolExecutor(4) as writers:
        list(writers.map(write, range(2, RECORDS + 1)))
    return _served_at_start(stage, stage.current)


def held_lock(stage: Stage) -> Outcome:
    """The last good release of the cache is served, while another process holds the cache's lock."""
    stage.promote_upcoming()
    with (stage.folder / FILLED / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return _served_at_start(stage, stage.current, cache=FILLED, stale=True)


def _served_at_start(stage: Stage, version: str, *, cache: str = "empty", stale: bool = False) -> Outcome:
    with fault_proxy(stage.server.endpoint) as proxy:
        begun = time.monotonic()
        with running(stage.folder, **stage.environment(proxy, cache)) as service:
            seconds, asked = time.monotonic() - begun, proxy.passed
            ready, answer = service.get("/readyz").json(), service.post("/predict", data=UPLOAD)
    assert (answer.status_code, answer.headers["X-Model-Version"]) == (200, version), ready
    assert (ready["stale"], ready["refused"]) == (stale, []), ready
    assert asked <= MOST_REQUESTS, asked
    assert seconds < START_SECONDS
    return Outcome(seconds, None, 1, f"{asked} requests. {ready['store'].get('error', '')}".strip())


STARTS: dict[str, Callable[[Stage], Outcome]] = {
    f"{RECORDS} promotions": many_promotions,
    "a held lock": held_lock,
}
"""By what is wrong."""


def rolls_back(store: S3Store, versions: list[str]) -> None:
    roll_back(store, "eve")


def promotes(store: S3Store, versions: list[str]) -> None:
    promote(versions[0], store, forced, by="bob")


def prunes(store: S3Store, versions: list[str]) -> None:
    prune(store, keep=1, older_than=timedelta(0))


MEETINGS: dict[str, tuple[Callable[[S3Store, list[str]], None], ...]] = {
    "prune beside rollback": (prunes, rolls_back),
    "two prunes": (prunes, prunes),
    "two prunes beside promote": (prunes, prunes, promotes),
}
"""Commands that run at the same time."""


def meet(server: S3Server, folder: Path, commands: str, rounds: int = ROUNDS) -> list[str]:
    """Run commands at once, again and again; the rounds that ended without a whole current release."""
    store = S3Store(f"s3://{server.new_bucket()}/wardrobe")
    releases = [a_release(folder / str(seed), seed=seed, keeps_answers=False) for seed in range(3)]
    versions = [publish(one, store, forced, by="ann").manifest.version for one in releases]
    chance, broken = random.Random(73), list[str]()
    for number in range(rounds):
        for release, version in zip(releases, versions, strict=True):
            publish(release, store, forced, by="ann", promote=False)
            append(store, version, "promote", "ann", newest(store))
        pauses = [chance.uniform(0, 0.2) for _ in MEETINGS[commands]]

        def act(which: int, pauses: list[float] = pauses) -> None:
            time.sleep(pauses[which])
            with suppress(StoreError):  # of two that meet, one gives way
                MEETINGS[commands][which](S3Store(store.address), versions)

        with ThreadPoolExecutor(len(pauses)) as actors:
            list(actors.map(act, range(len(pauses))))
        if not is_whole(store, current(store).version):
            broken.append(f"round {number}: {current(store).version} is current and not in the store")
    return broken


SURROGATES = gzip.compress(b"\xff\xfe" + b'"\0' + b"\0\xd8" * 24_000_000, 9)
"""47 kB that unpack to 48 MB of UTF-16 with lone surrogates: a batch may not be much larger."""


def health_during_attack(folder: Path, requests: int = 8, at_once: int = 4) -> tuple[float, list[int]]:
    """Seconds of the slowest /healthz while such bodies arrive, and the statuses of these."""
    waits, ended = list[float](), threading.Event()
    with running(folder, MODEL_STORE="bundled", WEB_CONCURRENCY="1") as service:

        def attack(_: int) -> int:
            headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
            return service.post("/predict/batch", data=SURROGATES, headers=headers).status_code

        def ask() -> None:
            while not ended.is_set():
                begun = time.monotonic()
                assert service.get("/healthz").status_code == 200
                waits.append(time.monotonic() - begun)

        with ThreadPoolExecutor(at_once + 1) as clients:
            asking = clients.submit(ask)
            statuses = list(clients.map(attack, range(requests)))
            ended.set()
            asking.result()
    return max(waits), statuses
