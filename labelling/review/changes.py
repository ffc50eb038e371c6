"""Which answers change from one release to another on the same pictures, as rows and as a page of thumbnails.

Each picture is read once and answered by both releases. The page works from a disk and makes no request.
Its command, which prints the rows and decides the exit code: scripts/diff.py.
"""

import csv
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from html import escape
from itertools import islice
from string import Template
from typing import Final

from inference.classifier import Classifier, Prediction
from inference.spreadsheets import safe_text
from labelling.items import Source
from labelling.labeller import PICTURES_PER_RUN, answered
from labelling.review.page import content_hash, part_of_page, thumbnail
from labelling.table import Outcome, path_in_table


@dataclass(frozen=True, kw_only=True)
class Change:
    """A picture to which two releases answer differently: another label, or another decision.

    Attributes:
        path: as a table of `wardrobe label` has it.
        label_a, confidence_a, decision_a: of the first release.
        label_b, confidence_b, decision_b: of the second one.
    """

    path: str
    sha256: str
    label_a: str
    confidence_a: float
    decision_a: str
    label_b: str
    confidence_b: float
    decision_b: str


@dataclass(frozen=True)
class Compared:
    """What two releases answered.

    Attributes:
        pictures: that both answered.
        changes: another label before another decision alone, in each the surest answers of the second
            release first.
        unread: names of pictures that cannot be read or decoded, with the reason.
        accepted: how many each release accepts.
        thumbnails: `data:` URLs of changed pictures, by path, where they were asked for.
    """

    pictures: int
    changes: tuple[Change, ...]
    unread: tuple[tuple[str, str], ...]
    accepted: tuple[int, int]
    thumbnails: dict[str, str]


Watch = Callable[[int], None]
"""Receives how many pictures are done."""


def compare(source: Source, first: Classifier, second: Classifier, watch: Watch, *, show: bool) -> Compared:
    """Let two releases answer the pictures of a source.

    Args:
        source: whose pictures are read once.
        first: of the release A.
        second: of the release B.
        watch: follows.
        show: whether changed pictures are wanted as thumbnails: 4 kB of memory each.

    Raises:
        SourceUnusable, StoreError: the source cannot be listed.
        ModelError: a model failed.
    """
    pictures, changes, unread, thumbnails = 0, [], [], {}
    accepted = [0, 0]
    for before, after, upload in _answers(source, first, second):
        if isinstance(before.answer, str) or isinstance(after.answer, str):
            reason = before.answer if isinstance(before.answer, str) else str(after.answer)
            unread.append((before.name, reason))
            continue
        pictures += 1
        watch(pictures)
        for place, answer in enumerate((before.answer, after.answer)):
            accepted[place] += answer.reason is None
        if _key(before.answer) != _key(after.answer):
            changes.append(_change(before, before.answer, after.answer))
            if show and isinstance(upload, bytes):
                thumbnails[changes[-1].path] = thumbnail(upload)
    changes.sort(key=lambda one: (one.label_a == one.label_b, -one.confidence_b, one.path))
    return Compared(pictures, tuple(changes), tuple(unread), (accepted[0], accepted[1]), thumbnails)


def _answers(
    source: Source, first: Classifier, second: Classifier
) -> Iterator[tuple[Outcome, Outcome, object]]:
    read = source.reader()
    listed = source.items()
    while items := list(islice(listed, PICTURES_PER_RUN)):
        uploads = list(read([item.place for item in items]))
        answers = (answered(one, items, uploads) for one in (first, second))
        yield from zip(*answers, uploads, strict=True)


def _key(answer: Prediction) -> tuple[str, str]:
    return answer.label, answer.decision


def _change(picture: Outcome, before: Prediction, after: Prediction) -> Change:
    return Change(
        path=path_in_table(picture.name),
        sha256=picture.sha256,
        label_a=before.label,
        confidence_a=float(before.confidence),
        decision_a=before.decision,
        label_b=after.label,
        confidence_b=float(after.confidence),
        decision_b=after.decision,
    )


def as_csv(changes: Sequence[Change]) -> bytes:
    """A table with a row per change and the columns of `Change`, in UTF-8; no spreadsheet runs a cell."""
    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Change)]
    rows.writerow(names)
    rows.writerows([_cell(getattr(one, name)) for name in names] for one in changes)
    return text.getvalue().encode("utf-8", "backslashreplace")


def _cell(value: str | float) -> str | float:
    return safe_text(value) if isinstance(value, str) else value


PAGE_LIMIT: Final = 1000
"""Changes on the page: a few megabytes."""


def page_of(compared: Compared, names: tuple[str, str]) -> bytes:
    """The page with the first PAGE_LIMIT changes.

    Args:
        compared: with thumbnails.
        names: of the two releases.
    """
    style = part_of_page("review.css")
    shown = compared.changes[:PAGE_LIMIT]
    page = Template(part_of_page("changes.html")).substitute(
        policy=f"default-src 'none'; base-uri 'none'; img-src data:; style-src {content_hash(style)}",
        style=style,
        first=escape(names[0]),
        second=escape(names[1]),
        count=f"{len(compared.changes):,}",
        pictures=f"{compared.pictures:,}",
        shown=f"{len(shown):,}",
        cards="".join(_card(one, compared.thumbnails.get(one.path, "")) for one in shown),
    )
    return page.encode("utf-8", "backslashreplace")


def _card(one: Change, picture: str) -> str:
    image = f'<img src="{picture}" alt="">' if picture else "<p>This picture cannot be shown.</p>"
    return f"""<article>
<div class="picture">{image}</div>
<p class="name"><bdi dir="ltr">{escape(one.path)}</bdi></p>
<p>{escape(one.label_a)}, {one.confidence_a:.0%}, {escape(one.decision_a)} →
<strong>{escape(one.label_b)}</strong>, {one.confidence_b:.0%}, {escape(one.decision_b)}</p>
</article>
"""
