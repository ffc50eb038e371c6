"""What S3Store makes of a broken network and a broken server: one error, in time, and nothing left behind."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest

from app.releases.load import cache_of, load
from app.settings import Settings
from model_store.cache import pull, remember
from model_store.deadlines import at_most
from model_store.errors import OutOfTime, StoreError, StoreRefused, StoreUnreachable
from model_store.promotions import current
from model_store.s3 import S3Store
from model_store.store import open_store
from tests.contract.store.conftest import use
from tests.fault_proxy import FAULTS, FaultProxy, Mode, fault_proxy
from tests.releases import a_store
from tests.s3_servers import S3Server
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

KEY = "promotions/00000001.json"
RECORD = b'{"version": "20261120T101500Z-3f9a1c2e", "by": "ann"}' * 20


@pytest.fixture(scope="module")
def way(swift_server: S3Server) -> Iterator[FaultProxy]:
    """The way to Swift that this process's boto3 takes."""
    with pytest.MonkeyPatch.context() as patch, fault_proxy(swift_server.endpoint) as proxy:
        use(swift_server, patch)
        patch.setenv("AWS_ENDPOINT_URL_S3", proxy.endpoint)
        yield proxy


@pytest.fixture(scope="module")
def address(way: FaultProxy, swift_server: S3Server) -> str:
    """A bucket with one record in it."""
    address = f"s3://{swift_server.new_bucket()}/wardrobe"
    S3Store(address).create(KEY, RECORD)
    return address


@pytest.fixture
def proxy(way: FaultProxy) -> Iterator[FaultProxy]:
    """The same, well again for the next test."""
    yield way
    way.heal()


@pytest.fixture
def store(address: str, proxy: FaultProxy) -> S3Store:
    """A store that loses its patience sooner than the service's."""
    return S3Store(address, read_seconds=0.7)


TOLD = {
    Mode.REFUSE: (StoreUnreachable, "EndpointConnectionError"),
    Mode.BLACK_HOLE: (StoreUnreachable, "ReadTimeoutError"),
    Mode.SLOW: (StoreUnreachable, "ReadTimeoutError"),
    Mode.RESET: (StoreUnreachable, "reset by peer|Connection"),
    Mode.TRUNCATE: (StoreUnreachable, r"IncompleteRead|bytes read"),
    Mode.BEHEAD: (StoreUnreachable, "The answer ended before its headers did"),
    Mode.FORBIDDEN: (StoreRefused, "AccessDenied on GetObject. The service needs s3:GetObject"),
    Mode.NO_BUCKET: (StoreRefused, "NoSuchBucket on GetObject. There is no such bucket"),
    Mode.BROKEN: (StoreUnreachable, "InternalError on GetObject. The server could not answer now"),
    Mode.SLOW_DOWN: (StoreUnreachable, "SlowDown on GetObject. The server could not answer now"),
    Mode.CHECKSUM: (StoreUnreachable, "What arrived on GetObject is not what the server has"),
    Mode.DAMAGE: (StoreUnreachable, "What arrived on GetObject is not what the server has"),
    Mode.SKEW: (StoreRefused, "RequestTimeTooSkewed on GetObject. This machine's clock"),
}
"""For each fault the error, and the words in it that tell an operator what it was."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
def test_a_fault_is_reported_in_time_with_bucket_key_and_cause_and_is_over_when_it_is_over(
    store: S3Store, proxy: FaultProxy, fault: Mode
) -> None:
    error, words = TOLD[fault]
    proxy.break_by(fault)

    with pytest.raises(error, match=words) as caught:
        store.read(KEY)

    assert f"{store.address}/{KEY}" in str(caught.value)
    proxy.heal()
    assert store.read(KEY) == RECORD


def a_listing(store: S3Store, file: Path) -> None:
    store.entries("")


def an_upload(store: S3Store, file: Path) -> None:
    store.upload("file", file)


def a_missing_record(store: S3Store, file: Path) -> None:
    store.read("promotions/00000002.json")


Ask = Callable[[S3Store, Path], None]


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (a_missing_record, Mode.RESET),
        (a_missing_record, Mode.TRUNCATE),
        (a_missing_record, Mode.DAMAGE),
        (a_missing_record, Mode.CHECKSUM),
        (a_listing, Mode.BEHEAD),
        (a_listing, Mode.TRUNCATE),
        (a_listing, Mode.RESET),
        (a_listing, Mode.SLOW),
        (an_upload, Mode.SLOW),
    ],
)
def test_a_broken_answer_is_an_error_and_not_taken_for_a_no_or_an_empty_listing(
    store: S3Store, proxy: FaultProxy, tmp_path: Path, ask: Ask, fault: Mode
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    proxy.break_by(fault)

    with pytest.raises(StoreError):
        ask(store, tmp_path / "file")


@pytest.mark.parametrize("fault", [Mode.RESET, Mode.DAMAGE, Mode.SLOW])
def test_faults_leave_no_thread_and_no_descriptor(store: S3Store, proxy: FaultProxy, fault: Mode) -> None:
    proxy.break_by(fault)
    fail(store, 1)
    before = left_open()

    fail(store, 3)

    wait_for(f"no more than {before} open", lambda: left_open() <= before)  # the proxy's sockets are here too


def fail(store: S3Store, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StoreError):
            store.read(KEY)


def left_open() -> tuple[int, int]:
    """Threads and descriptors of this process."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("end", [b"", b"Content-Length: 9000\r\n\r\n"], ids=["head", "body"])
@pytest.mark.parametrize("ask", [a_missing_record, a_listing])
def test_an_answer_that_trickles_in_ends_with_the_time_of_its_operation(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ask: Ask, end: bytes
) -> None:
    with trickling(b"HTTP/1.1 200 OK\r\n" + end) as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        impatient, patient = S3Store(address, operation_seconds=1), S3Store(address)
        begun = time.monotonic()

        with pytest.raises(OutOfTime, match=rf"{address}/.*: no whole answer to \w+ within 1 s"):
            ask(impatient, tmp_path)
        with at_most(0.5), pytest.raises(OutOfTime, match="no whole answer"):
            ask(patient, tmp_path)
        with at_most(0), pytest.raises(OutOfTime, match="no time is left"):
            ask(patient, tmp_path)

    assert time.monotonic() - begun < 30  # boto3 waits between its tries


def test_a_start_behind_a_store_that_trickles_ends_with_the_cached_release(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf, settings = open_store(a_store(tmp_path)), Settings(cache_dir=tmp_path / "cache")
    release = pull(shelf, current(shelf).version, cache_of(settings))
    remember(cache_of(settings), address, release, datetime.now(UTC))
    monkeypatch.setattr("app.releases.load.START_SECONDS", 1)

    with trickling(b"HTTP/1.1 200 OK\r\n") as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
        served = load(settings, S3Store(address)).current

    assert served.version == release.version
    assert served.stale_since is not None


@contextmanager
def trickling(head: bytes) -> Iterator[str]:
    """The endpoint of a server that sends this at once, and one byte after another from then on."""

    class Trickle(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError):
                self.request.recv(65536)
                self.request.sendall(head)
                while not ended.wait(0.05):
                    self.request.sendall(b"x")

    ended = threading.Event()
    with ThreadingTCPServer(("127.0.0.1", 0), Trickle) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        ended.set()
        server.shutdown()
