"""ZIPs of pictures: read in memory, in order, and never believed."""

import io
import zipfile

import pytest

from app.errors import BadRequest, TooLarge
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


@pytest.mark.parametrize("size", [900, 2000], ids=["readable", "too large one by one"])
def test_an_archive_that_unpacks_to_too_much_in_all_is_refused(size: int) -> None:
    packed = zipped(**{f"{number}.png": bytes(size) for number in range(20)})

    with pytest.raises(TooLarge, match="MAX_BATCH_BYTES"):
        list(unpack(packed, 100, max_member_bytes=1000, max_total_bytes=10_000))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_unpacks_without_a_limit_is_not_unpacked(method: int) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", method) as archive:
        archive.writestr("a.png", bytes(5000))

    (member,) = unpack(packed.getvalue(), 10, 1000, 10_000)

    assert isinstance(member.content, BadRequest)
    assert f"method {method}" in str(member.content)


def test_a_list_of_far_too_many_files_is_not_even_read() -> None:
    packed = zipped(**{f"{number}.png": b"" for number in range(41)})

    with pytest.raises(TooLarge, match="far more than 10 pictures"):
        list(unpack(packed, 10, 1000, 10_000))
