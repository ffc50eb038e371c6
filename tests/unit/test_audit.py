"""An audit: what it counts, that its bounds hold the true share, and how it ends."""

import random
from pathlib import Path

import pytest

from inference.listed import NONE
from labelling.decided import LEFT_OUT
from labelling.review.audit import LEAST, Audit, Share, added, audit_in, audit_of, sample, share, usual_size
from labelling.review.corrections import Correction
from reports.values import HELD_OUT, Promise
from scripts.audit import BROKEN, HOLDS, OPEN, judge, show

ROWS = 1000
SAMPLED = 200

Row = dict[str, str]


def a_table(version: str, accepted: float = 0.7, rows: int = ROWS) -> list[Row]:
    """Rows of a table, of which about a share is accepted."""
    draw = random.Random(version)
    return [
        {
            "path": f"{number}.jpg",
            "label": draw.choice(["Coat", "Shirt"]),
            "decision": "accept" if draw.random() < accepted else "review: ambiguous",
            "version": version,
            "sha256": f"{number:064}",
        }
        for number in range(rows)
    ]


def said(row: Row, label: str, audited: int = SAMPLED, of: tuple[int, int] | None = None) -> Correction:
    return Correction(
        *(row["path"], row["sha256"], label, "2026", audited, Path("corrections.csv")),
        predicted=row["label"],
        decision=row["decision"],
        audit_of=of,
    )


def path(row: Row) -> str:
    return row["path"]


def label_if_accepted(row: Row) -> str | None:
    return row["label"] if row["decision"] == "accept" else None


def drawn(table: list[Row], n: int = SAMPLED) -> list[Row]:
    return sample(table, path, n, table[0]["version"])


def audited(*corrections: Correction) -> Audit:
    found = audit_in(corrections)
    assert found is not None
    return found


def test_a_picture_that_shows_none_of_the_classes_is_wrong_and_one_left_out_counts_nowhere() -> None:
    table = a_table("v", accepted=1.0, rows=5)

    found = audited(
        said(table[0], NONE, 5),
        said(table[1], LEFT_OUT, 5),
        said(table[2], "Bag", 5),
        said(table[3], table[3]["label"], 5),
    )

    assert (found.sampled, found.unanswered, found.left_out) == (5, 1, 1)
    assert (found.accepted.n, found.accepted.right, found.reviewed.n) == (3, 1, 0)
    assert sum(one.n for one in found.labels.values()) == 3

    mixed = a_table("v", rows=20)
    kept = [row for row in mixed if row["decision"] == "accept"]
    found = audited(*(said(row, row["label"], 20) for row in mixed))
    assert (found.accepted.n, found.reviewed.n) == (len(kept), 20 - len(kept)), "reviewed ones are apart"


def test_the_sample_is_drawn_again_for_a_table_and_others_for_another_release() -> None:
    table, other = a_table("v1"), a_table("v2")

    assert drawn(table) == drawn(list(reversed(table)))
    assert drawn(table, 50) == drawn(table)[:50]
    assert {row["path"] for row in drawn(table)} != {row["path"] for row in drawn(other)}


def test_answers_to_a_small_sample_count_in_the_larger_one_that_was_drawn_later() -> None:
    table = a_table("v1")
    few, many = drawn(table, 50), drawn(table)

    found = audited(*(said(row, "Coat", 50) for row in few), *(said(row, "Coat") for row in many[50:]))

    assert (found.sampled, found.unanswered) == (SAMPLED, 0)


def test_a_rare_label_has_five_pictures_which_count_for_it_alone() -> None:
    table = a_table("v", accepted=1.0)
    rare = [row | {"path": f"rare-{n}.jpg", "label": "Bag"} for n, row in enumerate(table[:7])]
    table = table[7:] + rare

    first = drawn(table, 50)
    more = added(table, label_if_accepted, path, first, "v")

    of_bag = [row for row in first if row["label"] == "Bag"]
    assert len(of_bag) + len(more) == LEAST
    assert {row["label"] for row in more} == {"Bag"}
    found = audited(
        *(said(row, row["label"], 50, (7, ROWS)) for row in first),
        *(said(row, "Coat", 0, (7, ROWS)) for row in more),
    )
    assert (found.accepted.n, found.accepted.right, found.accepted.of) == (50, 50, ROWS)
    assert (found.labels["Bag"].n, found.labels["Bag"].right) == (LEAST, len(of_bag))


def test_what_a_sheet_exports_says_how_often_accepted_answers_are_right() -> None:
    table = a_table("v", accepted=1.0, rows=51)
    given = [said(row, row["label"], 51) for row in table]
    doubted = said(table[0], "Bag", 51)._replace(path="x", sha256="")

    found = audited(*given[:48], given[48]._replace(label=LEFT_OUT), doubted)
    wrong = audited(given[0]._replace(label=NONE), *given[1:])

    # .025 ** (1 / 48) of a table whose size the corrections do not say
    assert found.sentence() == (
        "Audit: of the accepted, 48 of 48 right: at least 92.6% (95% sure). "
        "2 of its 51 pictures have no answer."
    )
    assert (wrong.accepted.n, wrong.accepted.right) == (51, 50)
    assert audit_in([said(table[0], "Coat", audited=0)]) is None


def test_a_table_that_was_looked_at_whole_leaves_no_doubt() -> None:
    whole = share([True] * 109 + [False] * 10, 119)
    nearly = share([True] * 105 + [False] * 10, 119)

    assert (whole.low, whole.high, whole.wrong_at_least) == (109 / 119, 109 / 119, 10)
    # 4 rows are left: 10 to 14 are wrong, and 14 would show 10 or fewer in less than 1 of 40 draws.
    assert nearly.wrong_at_least == 10
    assert 105 / 119 <= nearly.low <= nearly.high == 109 / 119


def test_in_two_looks_at_a_table_with_a_broken_promise_it_holds_in_one_of_twenty_at_most() -> None:
    draw, runs = random.Random(0), 400
    rows, wrong = 400, 21  # 94.75% are right, and 95% are promised

    def shows(looked: list[int]) -> bool:
        return share([row >= wrong for row in looked], rows).low >= 0.95

    orders = [draw.sample(range(rows), 188) for _ in range(runs)]
    held = sum(shows(order[:94]) or shows(order) for order in orders)

    assert held / runs <= 0.05 + 2 * (0.05 * 0.95 / runs) ** 0.5


def of_product(number: int, label: str, of: int, audited: int) -> Correction:
    return Correction(
        *(f"{number}.jpg", f"{number:064}", label, "2026", audited, Path("corrections.csv")),
        predicted="Coat",
        decision="accept",
        audit_of=(of, of),
        product=str(number),
    )


@pytest.mark.parametrize(
    ("labels", "of", "sentence"),
    [
        (
            ["Coat"] * 6 + ["Bag"] * 2,
            8,
            "6 of 8 accepted were right, and people looked at all of them.",
        ),
        (["Coat"], 1, "1 of 1 accepted were right, and people looked at all of them."),
        (
            ["Coat"] * 4 + ["Bag"],
            8,
            "4 of 5 accepted were right; the table has 8 accepted ones. 3 of its 8 products have no answer.",
        ),
    ],
)
def test_few_accepted_products_are_counted_and_no_share_of_others_is_estimated(
    labels: list[str], of: int, sentence: str
) -> None:
    found = audited(*(of_product(number, label, of, of) for number, label in enumerate(labels)))

    right, wrong = labels.count("Coat"), labels.count("Bag")
    assert found.sentence() == f"Audit: {sentence}"
    assert (found.accepted.low, found.accepted.high) == (right / of, 1 - wrong / of)


def test_a_sample_of_more_products_has_a_bound() -> None:
    found = audited(*(of_product(number, "Coat", 400, 40) for number in range(40)))

    assert found.sentence().startswith("Audit: of the accepted, 40 of 40 right: at least 9")


def test_the_counts_of_a_table_are_exported_beside_a_row() -> None:
    assert audit_of({"Coat": 7, "Shirt": 30}, "Coat") == "7 of 37"
    assert audit_of({"Coat": 7, "Shirt": 30}, "Bag") == "0 of 37"


def a_promise(pictures: str, accuracy: float) -> Promise:
    return Promise(
        pictures=pictures, accuracy=accuracy, needed=59, n=400, accepted=300, right=299, lower_bound=0.98
    )


NOTHING = Share(n=0, right=0, of=None, low=0.0, high=1.0)


@pytest.mark.parametrize(
    ("right", "wrong", "verdict", "said"),
    [
        (119, 0, HOLDS, "holds here, 119 of 119 are."),
        (109, 10, BROKEN, "broken: 10 of 119 are wrong."),
        (105, 10, BROKEN, "broken: at least 10 of 119 are wrong."),
        (40, 1, OPEN, "too few to say. Write the sheet again with --audit 300, once: the answers so far"),
    ],
)
def test_a_promise_about_photos_holds_or_is_broken_where_the_bounds_say_so(
    right: int, wrong: int, verdict: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    accepted = share([True] * right + [False] * wrong, 119)
    found = Audit(sampled=150, unanswered=0, left_out=0, accepted=accepted, reviewed=NOTHING, labels={})

    judged = judge(found, [a_promise(HELD_OUT, 0.99), a_promise("photos of tier A", 0.95)])

    assert (judged.accuracy, judged.verdict) == (0.95, verdict)
    show(found, judged)
    assert said in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(("wanted", "bounds"), [(8, False), (9, True)])
def test_bounds_are_columns_where_an_accepted_share_is_estimated_and_not_where_all_were_looked_at(
    wanted: int, capsys: pytest.CaptureFixture[str], *, bounds: bool
) -> None:
    accepted = Share(n=8, right=6, of=wanted, low=6 / wanted, high=1 - 2 / wanted)
    counted = {"Coat": Share(n=3, right=3, of=3, low=1.0, high=1.0)}
    audit = Audit(
        sampled=8,
        unanswered=0,
        left_out=0,
        accepted=accepted,
        reviewed=NOTHING,
        labels=counted,
        of_products=True,
    )

    show(audit, judge(audit, []))

    printed = capsys.readouterr().out
    assert "3 of 3" in printed
    assert [column in printed for column in ("at least", "at most")] == [bounds, bounds]


@pytest.mark.parametrize(("answers", "drawn"), [(3, 0), (58, 14), (520, 130), (10_000, 130)])
def test_a_table_pays_for_a_quarter_of_its_answers(answers: int, drawn: int) -> None:
    assert usual_size(answers) == drawn
