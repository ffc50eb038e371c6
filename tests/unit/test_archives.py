"""ZIPs of pictures: read in memory, in order, and never believed."""

import pytest

from app.errors import RequestError, TooLarge
from app.payloads.archives import DIRECTORY_ENTRY, unpack
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
            "shop\\": b"",
            "shop\\b.png": b"b",
            "shop\\Thumbs.db": b"x",
        },
        **{f"@eaDir/a.png/{size}.jpg": b"x" for size in range(20)},
    )

    assert [member.name for member in unpack(packed, 3, 100)] == ["in/a.png", "./a.png", "shop\\b.png"]


@pytest.mark.parametrize(("name", "count"), [("folder-{}/", 5), ("@eaDir/{}.jpg", 17)])
def test_a_zip_of_many_more_entries_than_pictures_is_refused(name: str, count: int) -> None:
    packed = zipped(**{name.format(number): b"" for number in range(count)})

    with pytest.raises(TooLarge, match=r"far more than 1 pictures"):
        list(unpack(packed, 1, 100))


def test_a_name_in_an_old_code_page_is_shown_as_it_was_written() -> None:
    packed = zipped(**{"gr#ne Jacke.png": b"a"}).replace(b"#", "ü".encode("cp850"))

    assert [(member.name, member.content) for member in unpack(packed, 1, 9)] == [("grüne Jacke.png", b"a")]


@pytest.mark.parametrize(("limit", "counted"), [(100, 50), (20, 21)], ids=["damaged", "too large"])
def test_a_member_that_cannot_be_had_counts_as_what_it_may_have_unpacked_to(limit: int, counted: int) -> None:
    packed = bytearray(zipped(a=bytes(50)))
    at = packed.index(DIRECTORY_ENTRY) + 16
    packed[at : at + 4] = b"none"  # for the sum of its content (APPNOTE.TXT 4.3.12)

    [member] = unpack(bytes(packed), 10, limit)

    assert isinstance(member.content, RequestError)
    assert member.unpacked == counted
