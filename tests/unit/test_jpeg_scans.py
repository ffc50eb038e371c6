"""A JPEG's scans are counted before it is decoded, whatever stands between them."""

import pytest

from inference.jpeg_scans import SCANS_MAX, has_too_many_scans

SOI, EOI = b"\xff\xd8", b"\xff\xd9"
SCAN = b"\xff\xda\0\x02" + b"\x12\xff\0\x34"


def test_as_many_scans_as_are_allowed_are_allowed() -> None:
    assert not has_too_many_scans(SOI + SCAN * SCANS_MAX + EOI)
    assert has_too_many_scans(SOI + SCAN * (SCANS_MAX + 1) + EOI)


def test_fill_bytes_before_a_marker_hide_no_scan() -> None:
    assert has_too_many_scans(SOI + (b"\xff\xff\xff" + SCAN) * (SCANS_MAX + 1) + EOI)


@pytest.mark.timeout(10)
def test_a_megabyte_of_fill_bytes_is_passed_in_no_time() -> None:
    assert not has_too_many_scans(SOI + b"\xff" * 1_000_000 + b"\0" + EOI)
