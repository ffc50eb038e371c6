"""ZIPs of pictures: read in memory, in order, and never believed."""

import pytest

from app.errors import TooLarge
from app.payloads.archives import unpack
from tests.uploads import zipped


def test_folders_and_what_desktops_hide_are_passed_over() -> None:
    packed = zipped(
        **{
            "in/": b"",
            "in/a.png": b"a",
            "__MACOSX/in/._a.png": b"x",
            "in/.DS_Store": b"x",
            "./a.png": b"a",
            "./.a.png": b"x",
            "./__MACOSX/a": b"x",
        }
    )

    assert [member.name for member in unpack(packed, 10, 100, 1000)] == ["in/a.png", "./a.png"]


def test_an_archive_that_unpacks_to_more_than_a_batch_may_is_refused() -> None:
    packed = zipped(**{f"{number}.png": bytes(90) for number in range(5)})

    with pytest.raises(TooLarge, match=r"more than 300 bytes \(MAX_BATCH_BYTES\)"):
        list(unpack(packed, 10, 100, 300))
