"""What S3Store makes of a broken network and a broken server: one error, in time, and nothing left behind."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from model_store.errors import StoreError, StoreRefused, StoreUnreachable
from model_store.s3 import S3Store
from tests.contract.store.conftest import use
from tests.fault_proxy import FAULTS, FaultProxy, Mode, fault_proxy
from tests.s3_faults import CAUSES
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


REFUSED = (Mode.FORBIDDEN, Mode.NO_BUCKET, Mode.SKEW)
"""What the server will answer tomorrow too; the others may be over soon."""


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
def test_a_fault_is_reported_in_time_with_bucket_key_and_cause_and_is_over_when_it_is_over(
    store: S3Store, proxy: FaultProxy, fault: Mode
) -> None:
    proxy.break_by(fault)

    with pytest.raises(StoreRefused if fault in REFUSED else StoreUnreachable, match=CAUSES[fault]) as caught:
        store.read(KEY)

    assert f"{store.address}/{KEY}" in str(caught.value)
    proxy.heal()
    assert store.read(KEY) == RECORD


def a_listing(store: S3Store, file: Path) -> None:
    store.list_entries("")


def an_upload(store: S3Store, file: Path) -> None:
    store.upload("file", file)


def a_missing_record(store: S3Store, file: Path) -> None:
    store.read("promotions/00000002.json")


Ask = Callable[[S3Store, Path], None]


@pytest.mark.parametrize(
    ("ask", "fault"),
    [
        (a_missing_record, Mode.TRUNCATE),
        (a_missing_record, Mode.CHECKSUM),
        (a_listing, Mode.BEHEAD),
        (a_listing, Mode.TRUNCATE),
        (a_listing, Mode.RESET),
        (an_upload, Mode.STALL),
    ],
)
def test_a_broken_answer_is_an_error_and_not_taken_for_a_no_or_an_empty_listing(
    store: S3Store, proxy: FaultProxy, tmp_path: Path, ask: Ask, fault: Mode
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    proxy.break_by(fault)

    with pytest.raises(StoreError):
        ask(store, tmp_path / "file")


@pytest.mark.parametrize("fault", [Mode.RESET, Mode.STALL])
def test_faults_leave_no_thread_and_no_descriptor(store: S3Store, proxy: FaultProxy, fault: Mode) -> None:
    proxy.break_by(fault)
    fail(store, 1)
    before = left_open()

    fail(store, 2)

    def no_more() -> bool:
        return all(now <= then for now, then in zip(left_open(), before, strict=True))

    wait_for(f"no more than {before} open", no_more)  # the proxy's sockets are here too


def fail(store: S3Store, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StoreError):
            store.read(KEY)


def left_open() -> tuple[int, int]:
    """Threads and descriptors of this process."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
