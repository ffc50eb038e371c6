"""ZIPs of pictures: read in memory, in order, and never believed."""

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

    assert [member.name for member in unpack(packed, 10, 100)] == ["in/a.png", "./a.png"]
