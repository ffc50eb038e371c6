"""What a kill left half written is undone, committed rows are kept, changed pictures are labelled again."""

import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from inference.reasons import Reason
from labelling.decide.decisions import RunDecisions
from labelling.errors import RunMismatch, TableUnusable
from labelling.journal.human_answer import AnswerSubject, HumanAnswer
from labelling.journal.journal_file import Journal, make_journal_path
from labelling.journal.journal_format import CHANGED, EXPORTED, FORMAT_VERSION
from labelling.journal.journal_rows import RunListing, read_photo_records
from labelling.rows import HeadAnswer, PhotoRecord
from labelling.run_settings import ProductGrouping, RunSettings
from tests.journals import an_item, label_rows, paths_in

TABLE = "table.csv"


RUN = RunSettings(source="here", version="20261120T101500Z-3f9a1c2e", heads={"label": ("Shirt", "Bag")})


def a_row(name: str, confidence: float = 0.5, error: str = "") -> PhotoRecord:
    answer = HeadAnswer(label="Shirt", confidence=confidence, probabilities=(1.0, 0.0))
    heads = {} if error else {"label": answer}
    return PhotoRecord(path=name, sha256=f"of {name}", error=error, answers=heads)


def journal(folder: Path, *, restart: bool = False) -> Journal:
    return Journal(folder / TABLE, RUN, is_restart=restart)


def write(folder: Path, *names: str) -> None:
    with journal(folder) as opened:
        label_rows(opened, RUN, list(map(a_row, names)))


def rows_in(folder: Path) -> str:
    """The names of all pictures with an answer, in order, as a journal that is opened there has them."""
    with journal(folder) as opened:
        return "".join(paths_in(opened))


def crashed(folder: Path, to: Path) -> Path:
    """What a crash at this moment would leave on the disk."""
    to.mkdir()
    for file in folder.glob(f"{TABLE}.sqlite*"):
        shutil.copy(file, to)
    return to


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A folder with the journal of two pictures, `a` and `b`."""
    write(tmp_path / "two", "a", "b")
    return tmp_path / "two"


def test_a_crash_costs_a_seconds_work_and_no_more(tmp_path: Path) -> None:
    now = 0.0
    with Journal(tmp_path / TABLE, RUN, clock=lambda: now) as opened:
        listing = RunListing(opened, RUN)
        [first, second] = listing.add_and_yield_unanswered(an_item(a_row(name), RUN) for name in "ab")
        now = 0.9
        listing.keep_answers([first], [a_row("a")])
        too_early = crashed(tmp_path, tmp_path / "too early")
        now = 1.0
        listing.keep_answers([second], [a_row("b")])
        in_time = crashed(tmp_path, tmp_path / "in time")

    assert (rows_in(too_early), rows_in(in_time)) == ("", "ab")
    assert opened.recovered_count is None


@pytest.mark.parametrize(
    ("source", "labelled"),
    [
        ([("a", "v1"), ("b", "v1")], ""),
        ([("a", "v2"), ("b", "v1")], "a"),
        ([("z", "v1"), ("b", "v1")], "z"),
        ([("z", "v1"), ("a", "v1"), ("b", "v1")], "z"),
        ([("b", "v1"), ("a", "v1")], ""),
        ([("a", "v1"), ("a", "v1"), ("b", "v1")], ""),
        ([("c", "v1"), ("c", "v1"), ("a", "v1")], "c"),
        ([("a", "v1"), ("b", "v1"), ("c", "v1")], "c"),
        ([("a", "v1")], ""),
    ],
    ids=[
        "unchanged",
        "overwritten",
        "renamed",
        "added in front",
        "moved",
        "named twice",
        "new, twice",
        "added",
        "removed",
    ],
)
def test_a_picture_is_labelled_once_where_it_is_new_or_changed_and_wherever_it_lies_now(
    source: list[tuple[str, str]], labelled: str, two: Path
) -> None:
    with journal(two) as opened:
        listing = RunListing(opened, RUN)
        items = list(
            listing.add_and_yield_unanswered(an_item(a_row(name), RUN, stamp) for name, stamp in source)
        )
        listing.keep_answers(items, [a_row(item.name) for item in items])
        listing.make_listing_current()

    assert "".join(item.name for item in items) == labelled
    assert rows_in(two) == "".join(name for name, _ in source)


def test_errors_are_tried_again_in_each_run_and_their_rows_stay(tmp_path: Path) -> None:
    rows = [a_row("broken", error="It is broken."), a_row("sound")]
    with journal(tmp_path) as opened:
        label_rows(opened, RUN, rows)

    with journal(tmp_path) as opened:
        listing = RunListing(opened, RUN)
        tried = [item.name for item in listing.add_and_yield_unanswered(an_item(row, RUN) for row in rows)]
        before = paths_in(opened)
    with journal(tmp_path) as opened:
        mended = label_rows(opened, RUN, list(map(a_row, ("broken", "sound"))))
        errors = list(opened.query("SELECT error FROM photos"))

    assert tried == mended == ["broken"]
    assert before == ["broken", "sound"]
    assert errors == [("",), ("",)]


def test_the_same_listing_again_leaves_the_tables_as_they_are(two: Path) -> None:
    with journal(two) as opened:
        opened.mark_tables_written()

    with journal(two) as opened:
        label_rows(opened, RUN, list(map(a_row, "ab")))
        same = opened.state
        label_again(opened, "ba")

    assert (same, opened.state) == (EXPORTED, CHANGED)


def label_again(opened: Journal, names: str) -> None:
    opened.execute("DROP TABLE due")
    label_rows(opened, RUN, list(map(a_row, names)))


def test_until_a_new_listing_is_whole_the_one_before_counts(two: Path, tmp_path: Path) -> None:
    with journal(two) as opened:
        listing = RunListing(opened, RUN)
        items = list(listing.add_and_yield_unanswered(an_item(a_row(name), RUN) for name in "cb"))
        listing.keep_answers(items, [a_row("c")])
        opened.commit()
        killed = crashed(two, tmp_path / "killed")
        during = "".join(paths_in(opened))
        with listing.use_unfinished_listing():
            so_far = "".join(paths_in(opened))
        after = "".join(paths_in(opened))
        listing.make_listing_current()

    assert (rows_in(killed), during, so_far, after) == ("ab", "ab", "cba", "ab")
    assert rows_in(two) == "cb"


def test_what_a_list_says_is_no_part_of_an_answer(tmp_path: Path) -> None:
    by = ProductGrouping(column="sku", folder=None, proven=())
    run = replace(RUN, further={"price": "price"})
    wider = replace(RUN, further={"price": "price", "sku": "sku"}, by=by)
    with Journal(tmp_path / TABLE, run) as opened:
        label_rows(opened, run, [replace(a_row("a"), cells={"price": "7"})])

    with Journal(tmp_path / TABLE, wider) as opened:
        labelled = label_rows(opened, wider, [replace(a_row("a"), cells={"price": "8", "sku": " A  1 "})])
        [row] = RunDecisions(opened).read_product_rows()

    assert labelled == []
    assert (row.record.product, row.record.cells) == ("A 1", {"price": "8", "sku": "A 1"})


@pytest.mark.parametrize("restart", [False, True])
def test_two_runs_at_once_on_one_table_are_refused_and_the_first_loses_nothing(
    restart: bool, two: Path
) -> None:
    at_work = pytest.raises(TableUnusable, match="another run is at work on this table")
    with journal(two), at_work:
        journal(two, restart=restart).__enter__()

    assert rows_in(two) == "ab"


@pytest.mark.parametrize(
    ("version", "is_later"),
    [
        ("20261121T000000Z-00000000", True),
        ("20261120T101500Z-ffffffff", False),
        ("20261119T235959Z-ffffffff", False),
        ("made by hand", False),
    ],
    ids=["later", "of the same second", "earlier", "without a time"],
)
def test_rows_are_replaced_by_those_of_a_release_that_was_made_later(
    version: str, is_later: bool, two: Path
) -> None:
    refused = nullcontext() if is_later else pytest.raises(RunMismatch, match="was begun with version")

    with refused, Journal(two / TABLE, replace(RUN, version=version)) as opened:
        assert (opened.is_superseded, opened.earlier_settings, paths_in(opened)) == (True, RUN, [])


ANSWERS = {
    AnswerSubject(f"{number:064x}", attribute): HumanAnswer("Bag", "2026")
    for number in range(60)
    for attribute in ("label", "of it")
}


def test_an_earlier_release_needs_the_option_that_the_refusal_names_and_answers_of_people_stay(
    two: Path,
) -> None:
    earlier = replace(RUN, version="20261119T235959Z-ffffffff")
    with journal(two) as opened:
        opened.keep_human_answers(ANSWERS)

    with pytest.raises(RunMismatch, match=r"add --restart: .* keeps what people answered\."):
        Journal(two / TABLE, earlier).__enter__()

    with Journal(two / TABLE, earlier, is_restart=True) as restarted:
        assert (restarted.read_human_answers(), paths_in(restarted)) == (ANSWERS, [])


def damaged(folder: Path, how: str) -> Path:
    """A journal with answers, of which something is lost, or of a form that no version reads."""
    write(folder, "a", "b")
    with journal(folder) as opened:
        opened.keep_human_answers(ANSWERS)
    path = make_journal_path(folder / TABLE)
    data = bytearray(path.read_bytes())
    match how:
        case "no database":
            data[:] = b"no database" * 100
        case "a page":
            data[-4096:] = b"\xff" * 4096
        case "a name":
            data = data.replace(b"CREATE TABLE photos", b"CREATE \xcd\xcdBLE photos")
        case "cut off":
            del data[-5000:]
        case "another form":
            data[60:64] = (FORMAT_VERSION + 1).to_bytes(4, "big")
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("how", ["no database", "a page", "a name", "cut off", "another form"])
def test_a_damaged_journal_is_refused_and_left_alone_but_for_restart(how: str, tmp_path: Path) -> None:
    path = damaged(tmp_path, how)
    before = path.read_bytes()

    with pytest.raises(TableUnusable, match=r"is damaged, or of another version.*--restart and give"):
        journal(tmp_path).__enter__()

    assert path.read_bytes() == before
    with journal(tmp_path, restart=True) as opened:
        assert label_rows(opened, RUN, [a_row("a")]) == ["a"]


def test_an_answer_that_a_disk_has_changed_names_what_labels_again(two: Path) -> None:
    with journal(two) as opened:
        opened.keep_human_answers(ANSWERS)
    path = make_journal_path(two / TABLE)
    path.write_bytes(path.read_bytes().replace(b'{"label": {', b'{"label": ['))

    with (
        journal(two) as opened,
        pytest.raises(TableUnusable, match="add --restart and give people's corrections again"),
    ):
        list(RunDecisions(opened).read_photo_rows())


@pytest.fixture
def little_room() -> Iterator[Callable[[int], None]]:
    """Sets how many bytes a file may have; SQLite sees a disk that takes no more."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_journal_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    make_journal_path(tmp_path / TABLE).mkdir()

    with pytest.raises(TableUnusable, match=r"\.sqlite: cannot be written \(unable to open database file\)"):
        journal(tmp_path).__enter__()


def test_a_full_disk_keeps_what_was_committed(little_room: Callable[[int], None], two: Path) -> None:
    with pytest.raises(TableUnusable, match="What was labelled before is kept"), journal(two) as opened:
        little_room(20_000)
        label_rows(opened, RUN, [a_row(str(number)) for number in range(2000)])
    little_room(resource.RLIM_INFINITY)

    assert rows_in(two) == "ab"


def test_what_parts_of_a_photo_show_stays_in_the_journal_and_an_older_one_has_none(tmp_path: Path) -> None:
    settings = replace(RUN, heads={**RUN.heads, "kind": ("shirt", "bag")})
    of_kind = HeadAnswer(label="bag", probabilities=(0.1, 0.9), parts={"upper": (0.8, 0.2)})
    photo = a_row("a")
    rows = [replace(photo, answers={**photo.answers, "kind": of_kind}), a_row("b")]
    with Journal(tmp_path / TABLE, settings) as opened:
        label_rows(opened, settings, rows)
        stored = [row.answers for row in read_photo_records(opened)]
        texts = [text for (text,) in opened.query("SELECT heads FROM photos ORDER BY path")]

    assert stored[0]["kind"].parts == {"upper": (0.8, 0.2)}
    assert not stored[0]["label"].parts
    assert "parts" not in texts[1]


@pytest.mark.parametrize("reason", [Reason.AMBIGUOUS, Reason.UNFAMILIAR])
def test_that_a_picture_is_unfamiliar_stays_in_the_journal_whatever_its_reason(
    reason: Reason, tmp_path: Path
) -> None:
    answer = HeadAnswer(label="Dress", reason=reason, has_unfamiliar_picture=True)
    with Journal(tmp_path / TABLE, RUN) as opened:
        label_rows(opened, RUN, [replace(a_row("a"), answers={"label": answer}), a_row("b")])
        stored = [row.answers["label"] for row in read_photo_records(opened)]

    assert [one.is_unfamiliar for one in stored] == [True, False]
