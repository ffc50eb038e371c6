"""What S3Store makes of a broken network and a broken server: one error, in time, and nothing left behind."""

import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from model_store.errors import StoreError, StoreRefused, StoreUnreachable
from model_store.promotions import following
from model_store.s3 import S3Store
from tests.contract.store.conftest import use
from tests.fault_proxy import FAULTS, SLOW_SECONDS, FaultProxy, Mode, fault_proxy
from tests.s3_servers import S3Server
from tests.waiting import wait_for

pytestmark = pytest.mark.slow

KEY = "promotions/00000001.json"
RECORD = b'{"version": "20261120T101500Z-3f9a1c2e", "by": "ann"}' * 20
LIMIT_SECONDS = 6.0
"""What the store under test is given for a request; the service gives more (model_store/s3.py)."""


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
    way.pause = SLOW_SECONDS
    way.heal()


@pytest.fixture
def store(address: str, proxy: FaultProxy) -> S3Store:
    """A store that loses its patience sooner than the service's."""
    return S3Store(address, read_seconds=0.7, request_seconds=LIMIT_SECONDS)


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


def test_every_fault_is_expected() -> None:
    assert set(TOLD) == set(FAULTS)


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name.lower())
def test_a_fault_is_told_in_time_with_bucket_key_and_cause_and_is_over_when_it_is_over(
    store: S3Store, proxy: FaultProxy, fault: Mode
) -> None:
    error, words = TOLD[fault]
    proxy.break_by(fault)

    with pytest.raises(error, match=words) as caught:
        store.read(KEY)

    assert f"{store.address}/{KEY}" in str(caught.value)
    proxy.heal()
    assert store.read(KEY) == RECORD


@pytest.mark.parametrize("fault", [Mode.RESET, Mode.TRUNCATE, Mode.DAMAGE, Mode.CHECKSUM])
def test_a_fault_is_ours_too_where_the_answer_would_have_been_a_no_or_a_list(
    store: S3Store, proxy: FaultProxy, fault: Mode
) -> None:
    proxy.break_by(fault)

    with pytest.raises(StoreError):
        store.read("promotions/00000002.json")
    with suppress(StoreError):  # a listing that is only damaged may still be one
        store.entries("")


def test_a_listing_and_an_upload_are_given_up_in_time_too(
    store: S3Store, proxy: FaultProxy, tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"x")
    proxy.break_by(Mode.SLOW)

    with pytest.raises(StoreUnreachable, match="ListObjectsV2"):
        store.entries("")
    with pytest.raises(StoreUnreachable, match="PutObject"):
        store.upload("file", tmp_path / "file")


@pytest.mark.parametrize("fault", [Mode.BEHEAD, Mode.TRUNCATE, Mode.RESET])
def test_an_answer_that_is_cut_short_is_not_taken_for_an_empty_listing(
    store: S3Store, proxy: FaultProxy, fault: Mode
) -> None:
    proxy.break_by(fault)

    with pytest.raises(StoreError, match="ListObjectsV2"):
        store.entries("")


def test_a_listing_that_takes_too_long_is_not_taken_for_an_empty_one(
    proxy: FaultProxy, store: S3Store
) -> None:
    patient = S3Store(store.address, read_seconds=30, request_seconds=0.5)
    proxy.break_by(Mode.SLOW)

    with pytest.raises(StoreUnreachable, match="ListObjectsV2 was not done after"):
        patient.entries("")


def test_a_404_that_trickles_is_not_taken_for_nothing_new(proxy: FaultProxy, store: S3Store) -> None:
    patient = S3Store(store.address, read_seconds=30, request_seconds=2)
    proxy.pause = 0.025  # so that the status arrives in time, and the rest does not
    proxy.break_by(Mode.SLOW)

    with pytest.raises(StoreUnreachable, match="GetObject was not done after 2 s"):
        following(patient, 1)


def test_a_trickle_that_is_never_silent_is_cut_when_the_time_is_up(store: S3Store, proxy: FaultProxy) -> None:
    patient = S3Store(store.address, read_seconds=30, request_seconds=2)
    proxy.break_by(Mode.SLOW)

    with pytest.raises(StoreUnreachable, match="GetObject was not done after 2 s, and given up"):
        patient.read(KEY)


@pytest.mark.parametrize("fault", [Mode.RESET, Mode.DAMAGE, Mode.SLOW])
def test_faults_leave_no_thread_and_no_descriptor(store: S3Store, proxy: FaultProxy, fault: Mode) -> None:
    quick = S3Store(store.address, read_seconds=30, request_seconds=0.2)
    proxy.break_by(fault)
    fail(quick, 1)
    before = left_open()

    fail(quick, 3)

    wait_for(f"no more than {before} open", lambda: left_open() <= before)  # the proxy's sockets are here too


def fail(store: S3Store, times: int) -> None:
    for _ in range(times):
        with pytest.raises(StoreError):
            store.read(KEY)


def left_open() -> tuple[int, int]:
    """Threads and descriptors of this process."""
    return threading.active_count(), len(list(Path("/proc/self/fd").iterdir()))
