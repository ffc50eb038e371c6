"""Which answers change from one release to another on the same pictures, as rows and as a page of thumbnails.

Each picture is read once and answered by both releases. `compare_releases` returns a `ReleaseComparison`. The
page that `make_changes_page` makes of it works from a disk and sends no request.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import islice
from typing import Final

from inference.contract import LABEL
from inference.decision import ACCEPT, REVIEW
from inference.networks import Networks
from inference.text.plain_text import choose_form, format_count
from inference.text.spreadsheets import format_csv
from labelling.review.page import make_thumbnail, render_page
from labelling.rows import HeadAnswer, PictureAnswers, make_table_path
from labelling.sources.items import Source
from labelling.workers.labeller import PICTURES_PER_RUN, Watch, classify_uploads
from labelling.write.table_cells import CONFIDENCE_DIGITS


@dataclass(frozen=True, kw_only=True)
class AnswerChange:
    """A picture to which two releases answer differently: another label, or another decision.

    Attributes:
        path: the path of the picture, as in a table of `wardrobe label`.
        sha256: the hash of the picture in hexadecimal.
        attribute: the name of the attribute that is answered; empty for the class.
        label_a, confidence_a, decision_a: the answer of the first release.
        label_b, confidence_b, decision_b: the answer of the second release.
    """

    path: str
    sha256: str
    label_a: str
    confidence_a: float
    decision_a: str
    label_b: str
    confidence_b: float
    decision_b: str
    attribute: str = ""


@dataclass(frozen=True)
class ReleaseComparison:
    """The differences between the answers of two releases to the same pictures.

    Attributes:
        picture_count: the number of pictures that both releases answered.
        changes: the changes of the class, then of attributes that both releases answer. Changed labels come
            before changed decisions. Within each, the surest answers of the second release come first.
        unread_pictures: the names of pictures that cannot be read or decoded, with the reason.
        accepted_counts: the number of pictures whose class the first and the second release accept.
        thumbnails: `data:` URLs of changed pictures by path; empty if they were not requested.
    """

    picture_count: int
    changes: tuple[AnswerChange, ...]
    unread_pictures: tuple[tuple[str, str], ...]
    accepted_counts: tuple[int, int]
    thumbnails: dict[str, str]


def compare_releases(
    source: Source,
    first_networks: Networks,
    second_networks: Networks,
    report_progress: Watch,
    *,
    has_thumbnails: bool,
) -> ReleaseComparison:
    """Let two releases answer the pictures of a source, and compare the answers.

    Args:
        source: the source, whose pictures are read once.
        first_networks: the networks of release A.
        second_networks: the networks of release B.
        report_progress: a function that is called with the number of finished pictures, and None as their
            total.
        has_thumbnails: whether to keep thumbnails of changed pictures, which take 4 kB of memory each.

    Raises:
        SourceUnusable, StoreError: the source cannot be listed.
        ModelError: a model failed.
    """
    pictures = 0
    changes = []
    unread_pictures = []
    thumbnails = {}
    accepted = [0, 0]
    for name, before, after, upload in _answer_pictures(source, first_networks, second_networks):
        if error := before.error or after.error:
            unread_pictures.append((name, error))
            continue
        pictures += 1
        report_progress(pictures, None)
        for place, photo in enumerate((before, after)):
            accepted[place] += photo.answers[LABEL].is_accepted
        common_heads = [head for head in before.answers if head in after.answers]
        different = [
            head
            for head in common_heads
            if _make_answer_key(before.answers[head]) != _make_answer_key(after.answers[head])
        ]
        changes += [_make_change(name, before, after, head) for head in different]
        # The last change has the path of this picture: all of its changes have the same one.
        if different and has_thumbnails and isinstance(upload, bytes):
            thumbnails[changes[-1].path] = make_thumbnail(upload)
    changes.sort(key=_make_change_key)
    return ReleaseComparison(
        pictures, tuple(changes), tuple(unread_pictures), (accepted[0], accepted[1]), thumbnails
    )


def _make_change_key(change: AnswerChange) -> tuple[object, ...]:
    """Return a sort key: the class before attributes, changed labels before decisions, sure answers first."""
    return change.attribute, change.label_a == change.label_b, -change.confidence_b, change.path


def _answer_pictures(
    source: Source, first: Networks, second: Networks
) -> Iterator[tuple[str, PictureAnswers, PictureAnswers, object]]:
    """Yield the name of each picture, the answers of both releases, and its bytes."""
    read_pictures = source.open_reader()
    picture_items = source.iterate_pictures()
    while items := list(islice(picture_items, PICTURES_PER_RUN)):
        uploads = list(read_pictures([item.place for item in items]))
        names = [item.name for item in items]
        answers = (classify_uploads(networks, uploads) for networks in (first, second))
        yield from zip(names, *answers, uploads, strict=True)


def _make_answer_key(answer: HeadAnswer) -> tuple[str, str]:
    """Return the label and the decision of an answer. A picture changed if one of the two is another."""
    return answer.label, _name_decision(answer)


def _name_decision(answer: HeadAnswer) -> str:
    return ACCEPT if answer.is_accepted else REVIEW


def _make_change(name: str, before: PictureAnswers, after: PictureAnswers, head: str) -> AnswerChange:
    a = before.answers[head]
    b = after.answers[head]
    return AnswerChange(
        attribute="" if head == LABEL else head,
        path=make_table_path(name),
        sha256=before.sha256,
        label_a=a.label,
        confidence_a=float(a.confidence or 0),
        decision_a=_name_decision(a),
        label_b=b.label,
        confidence_b=float(b.confidence or 0),
        decision_b=_name_decision(b),
    )


CHANGE_COLUMNS: Final = tuple(field.name for field in fields(AnswerChange))
"""The columns of the CSV of changed answers, in their order: the fields of Change."""


def make_changes_table(changes: Sequence[AnswerChange]) -> bytes:
    """Return a CSV in UTF-8 with the columns CHANGE_COLUMNS and a row for each change.

    Cells that a spreadsheet would run as formulas are escaped.
    """
    rounded_changes = (
        replace(
            change,
            confidence_a=round(change.confidence_a, CONFIDENCE_DIGITS),
            confidence_b=round(change.confidence_b, CONFIDENCE_DIGITS),
        )
        for change in changes
    )
    rows = ([getattr(change, name) for name in CHANGE_COLUMNS] for change in rounded_changes)
    return format_csv([CHANGE_COLUMNS, *rows]).encode("utf-8", "backslashreplace")


MAX_CHANGES_ON_PAGE: Final = 1000
"""Largest number of changes on the HTML page, which is then a few megabytes."""


def make_changes_page(comparison: ReleaseComparison, release_names: tuple[str, str]) -> bytes:
    """Return an HTML page that shows the first MAX_CHANGES_ON_PAGE changes with their thumbnails, in UTF-8.

    Args:
        comparison: the comparison, with thumbnails.
        release_names: the names of the first and the second release, for the text of the page.
    """
    shown = comparison.changes[:MAX_CHANGES_ON_PAGE]
    page = {
        "first": release_names[0],
        "second": release_names[1],
        "lead": _describe_changes(comparison, release_names, len(shown)),
        "kinds": _count_kinds(comparison.changes),
        "cards": [_make_card(change, comparison.thumbnails.get(change.path, "")) for change in shown],
    }
    return render_page("changes.html", page, "cards.js", "changes.js").encode("utf-8", "backslashreplace")


def _describe_changes(compared: ReleaseComparison, names: tuple[str, str], shown_count: int) -> str:
    """Return the sentences at the top of the page."""
    first, second = names
    pictures = format_count(compared.picture_count, "picture")
    if not compared.changes:
        every = choose_form(compared.picture_count, "", "all ")
        return f"No answer changes. {first} and {second} answer {every}{pictures} alike."
    shown = format_count(shown_count, "is shown", "are shown")
    return (
        f"{first} → {second}. Of {pictures} {_count_answers(compared.changes)}; "
        f"{shown}: other labels first, then other decisions, in each the surest new answer first."
    )


def _count_kinds(changes: Sequence[AnswerChange]) -> list[dict[str, str | int]]:
    """Return the name of each kind of change and how many changes are of it, the most frequent first."""
    counts = Counter(map(_name_kind, changes))
    return [{"name": name, "count": count} for name, count in counts.most_common()]


def _name_kind(change: AnswerChange) -> str:
    """Return what a change does, such as `Bag → Coat`, or `Bag: accept → review` if the label stays."""
    question = f"{change.attribute}: " if change.attribute else ""
    if change.label_a == change.label_b:
        return f"{question}{change.label_a}: {change.decision_a} → {change.decision_b}"
    return f"{question}{change.label_a} → {change.label_b}"


def _count_answers(changes: Sequence[AnswerChange]) -> str:
    """Return how many pictures changed, and how many answers if a picture has several."""
    pictures = len({change.path for change in changes})
    answers = "another answer" if pictures == len(changes) else f"{len(changes):,} other answers"
    return format_count(pictures, f"has {answers}", f"have {answers}")


def _make_card(change: AnswerChange, picture: str) -> dict[str, str]:
    """Return the card of a change, for the page."""
    question = f"{change.attribute}: " if change.attribute else ""
    return {
        "kind": _name_kind(change),
        "path": change.path,
        "picture": picture,
        "before": f"{question}{change.label_a}, {change.confidence_a:.0%}, {change.decision_a}",
        "label": change.label_b,
        "after": f", {change.confidence_b:.0%}, {change.decision_b}",
    }
