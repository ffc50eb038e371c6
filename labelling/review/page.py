"""The review page: pictures of an audit, drawn at random, then the most doubtful rows that need review.

One HTML file that works from a disk and makes no request. Pictures are embedded as `data:` URLs; names are
escaped, and a Content-Security-Policy allows only the script whose hash it names. Reads the journal and the
chosen pictures. The frame is review.html; keys, stored choices and the export are in review.js.
scripts/doubted.py makes such a page of the labels that a training doubts.
"""

import base64
import hashlib
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from itertools import islice
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias, TypeGuard

import cv2

from inference.decode import MAX_PIXELS, decode, prepare_decoders
from inference.errors import UploadError
from inference.framing import no_larger_than
from inference.spreadsheets import safe_path
from labelling.errors import TableUnusable, Unreadable
from labelling.items import Item
from labelling.journal import Journal, Labelled
from labelling.review.audit import sample
from labelling.review.corrections import NONE
from labelling.review.label_studio import Task, as_tasks
from labelling.run import ACCEPT, Job
from labelling.table import Form, form_of, path_in_table
from model_store.files import write_whole

EDGE: Final = 224
"""Longest edge of a picture on the page, twice that of its card, so that it can be enlarged."""

QUALITY: Final = 80
"""Of its JPEG."""

RIGHT: Final = "Right"
"""On the button of a card whose guess is shown."""

NOTE: Final = "{label}? {confidence}, {reason}"

Texts: TypeAlias = Mapping[str, Mapping[str, str]]
"""Texts of the page by English text, by language."""

READ_AT_ONCE: Final = 16
"""Pictures that are read together, since those of a bucket and of the web come side by side."""


class Card(NamedTuple):
    """One picture on a page.

    Attributes:
        name: that is shown.
        path: its path in the exported CSV.
        picture: a `data:` URL; empty when the picture cannot be shown.
        note: what is said of it, with `{name}` for the values of `said`.
        said: shares, and texts.
        guess: the label that the card's button chooses.
        button: what is on it; without one, the card shows no guess.
        sha256: of the picture's bytes, if known.
        audit: how large the sample is that the picture belongs to; 0 for none. Its card comes first, and no
            filter looks at what the model answered.
        decision, confidence: of the model, to filter by; without them, there is no such filter.
        predicted: the model's label, which the export has beside the person's.
    """

    name: str
    path: str
    picture: str
    note: str
    guess: str
    button: str = RIGHT
    sha256: str = ""
    audit: int = 0
    decision: str = ""
    confidence: float | None = None
    predicted: str = ""
    said: Mapping[str, str | float] = MappingProxyType({})


class Sizes(NamedTuple):
    """How much there is to review.

    Attributes:
        limit: the most doubtful pictures on the page.
        audited: pictures to be drawn at random, whatever the model or people answered. They come first, in
            random order, without what the model answered.
        reviewers: among whom the pictures of each part are dealt out in turn.
    """

    limit: int
    audited: int = 0
    reviewers: int = 1


class Frame(NamedTuple):
    """What is around the cards.

    Attributes:
        title: the name of the table.
        lead: what a person is asked to do.
        export: the name of the file that the page exports.
        texts: in other languages, of which review.js chooses the one that the reader prefers.
    """

    title: str
    lead: str
    texts: Texts
    export: str = "corrections.csv"


def write_review(page: Path, job: Job, sizes: Sizes, texts: Texts) -> tuple[Path, ...]:
    """Write the sheets of a finished table, without pictures that people answered before.

    Args:
        page: the file to write; an existing one is replaced. For several reviewers it becomes as many, with
            `-1`, `-2` and so on before the ending.
        job: the finished labelling run.
        sizes: of the pages.
        texts: of the pages in other languages.

    Returns:
        The files.

    Raises:
        TableUnusable: the page cannot be written, or another run is at work on the table.
        SourceUnusable, StoreError: the source can no longer be listed.
    """
    prepare_decoders()
    form = form_of(job.table)
    with Journal(job.table, job.fingerprint()) as journal:
        chosen = _unanswered(journal, form, job, sizes.limit)
        drawn = sample(journal.labelled(), lambda row: row.path, sizes.audited, job.release.version)
    in_sample = {row.path for row in drawn}
    first = [_blind(card, sizes.audited) for card in _cards(drawn, form, job)]
    then = list(_cards([row for row in chosen if row.path not in in_sample], form, job))
    title, lead = f"{job.table.name}, {job.release.version}", LEAD_OF_PARTS if first else LEAD
    if sizes.reviewers == 1:
        write_page(page, page_of([*first, *then], job.labels, Frame(title, lead, texts)))
        return (page,)
    pages = [page.with_stem(f"{page.stem}-{number}") for number in range(1, sizes.reviewers + 1)]
    for number, one in enumerate(pages, 1):
        dealt = [card for part in (first, then) for card in part[number - 1 :: sizes.reviewers]]
        frame = Frame(f"{title}, {number}/{sizes.reviewers}", lead, texts, f"corrections-{number}.csv")
        write_page(one, page_of(dealt, job.labels, frame))
    return tuple(pages)


def write_tasks(file: Path, job: Job, limit: int) -> int:
    """Write the doubtful pictures of a finished table that people did not answer, for Label Studio.

    Args:
        file: the JSON to write; an existing one is replaced.
        job: the finished labelling run.
        limit: the most pictures, most doubtful first.

    Returns:
        The number of pictures; those that cannot be shown are left out.

    Raises:
        TableUnusable: the file cannot be written, or another run is at work on the table.
        SourceUnusable, StoreError: the source can no longer be listed.
    """
    prepare_decoders()
    form = form_of(job.table)
    with Journal(job.table, job.fingerprint()) as journal:
        chosen = _unanswered(journal, form, job, limit)
    confidence = {one.path: one.confidence for one in chosen}
    tasks = [
        Task(card.name, card.sha256, card.picture, card.guess, confidence[card.name], job.release.version)
        for card in _cards(chosen, form, job)
        if card.picture
    ]
    write_page(file, as_tasks(tasks))
    return len(tasks)


def _unanswered(journal: Journal, form: Form, job: Job, limit: int) -> list[Labelled]:
    """The first doubtful rows that no person answered."""
    answers = journal.answers()
    return list(islice((one for one in journal.doubtful() if _sha256(one, form, job) not in answers), limit))


def write_page(page: Path, text: str) -> None:
    """Write what `page_of` or `as_tasks` made; names that are no Unicode are spelt out.

    Raises:
        TableUnusable: it cannot be written.
    """
    try:
        write_whole(page, text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        raise TableUnusable(f"{page}: cannot be written ({error.strerror}).") from error


def _blind(card: Card, audited: int) -> Card:
    """A card of the sample: nothing on it shows what the model answered."""
    return card._replace(note="", guess="", button="", audit=audited, said={})


def _sha256(one: Labelled, form: Form, job: Job) -> str:
    sha256: str = form.cells(one.line, job.labels)["sha256"]
    return sha256


def _cards(chosen: list[Labelled], form: Form, job: Job) -> Iterator[Card]:
    """A card for each row, with its picture read again from the source."""
    wanted = {one.path for one in chosen}
    items = {path: item for item in job.source.items() if (path := path_in_table(item.name)) in wanted}
    there = [(one, items[one.path]) for one in chosen if one.path in items]
    read = job.source.reader()
    for start in range(0, len(there), READ_AT_ONCE):
        part = there[start : start + READ_AT_ONCE]
        for (one, item), upload in zip(part, read([item.place for _, item in part]), strict=True):
            sha256 = _sha256(one, form, job)
            picture = thumbnail(upload) if _is_as_labelled(upload, sha256) else ""
            said: dict[str, str | float] = {
                "label": one.label,
                "confidence": one.confidence,
                "reason": one.reason or ACCEPT,
            }
            decision = ACCEPT if one.reason is None else f"review: {one.reason}"
            yield Card(
                one.path,
                _path_for_training(item, job),
                picture,
                NOTE,
                one.label,
                sha256=sha256,
                decision=decision,
                confidence=one.confidence,
                predicted=one.label,
                said=said,
            )


def _is_as_labelled(upload: bytes | Unreadable, sha256: str) -> TypeGuard[bytes]:
    """Whether a picture has the content of its row: what people say of another one is not about that."""
    return isinstance(upload, bytes) and hashlib.sha256(upload).hexdigest() == sha256


def _path_for_training(item: Item, job: Job) -> str:
    """An absolute path; for a picture in an archive or a store, the path inside it."""
    if isinstance(item.place, str):
        return os.path.abspath(item.place)  # noqa: PTH100 - a link keeps its own name
    return safe_path(item.name.removeprefix(f"{job.source.address}/"))


def thumbnail(upload: bytes) -> str:
    """A small JPEG as a `data:` URL; empty when the upload is no picture that is read here."""
    try:
        picture = no_larger_than(decode(upload, MAX_PIXELS).picture, EDGE)
    except UploadError:
        return ""
    bgr = cv2.cvtColor(picture, cv2.COLOR_RGB2BGR)
    _, encoded = cv2.imencode(".jpg", bgr, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return f"data:image/jpeg;base64,{base64.b64encode(encoded.tobytes()).decode()}"


LEAD: Final = (
    "Most doubtful first. Label what each picture shows, with the mouse or these keys; pictures without an "
    "answer are not exported."
)

LEAD_OF_PARTS: Final = (
    "Label what each picture shows, with the mouse or these keys; pictures without an answer are not "
    "exported."
)

AUDITED: Final = (
    "1. Drawn at random",
    "From all answers, the accepted ones too. What the model answered is not shown, so that your answers "
    "measure how often it is right: answer all of these.",
)
"""Heading of the first part of a sheet with an audit, and why it is there."""

DOUBTFUL: Final = (
    "2. Doubtful answers",
    "Most doubtful first, each with the suggestion of the model. Enter, or the button, takes it.",
)
"""The same of the second part."""

LEAVE_OUT: Final = " "
"""What the exported CSV has for a picture that a person leaves out: no label, which has no spaces."""


def page_of(cards: Sequence[Card], labels: Sequence[str], frame: Frame) -> str:
    """The whole page.

    Args:
        cards: those of an audit, then most doubtful first.
        labels: the classes to choose from; NONE and LEAVE_OUT can be chosen, too.
        frame: what is around the cards.
    """
    style, script = part_of_page("review.css"), part_of_page("review.js")
    policy = (
        "default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"style-src {content_hash(style)}; script-src {content_hash(script)}"
    )
    return Template(part_of_page("review.html")).substitute(
        policy=policy,
        title=escape(frame.title),
        lead=escape(frame.lead),
        export=escape(frame.export),
        style=style,
        script=script,
        count=f"{len(cards):,}",
        cards=_parts(cards),
        labels=_embedded([*labels, NONE, LEAVE_OUT]),
        texts=_embedded(frame.texts),
    )


def _parts(cards: Sequence[Card]) -> str:
    """The cards, in parts with headings where some are of an audit."""
    first, then = ([card for card in cards if bool(card.audit) is audited] for audited in (True, False))
    parts = ((AUDITED, first), (DOUBTFUL, then)) if first else ((None, then),)
    return "".join(_part(texts, part) for texts, part in parts if part)


def _part(texts: tuple[str, str] | None, cards: Sequence[Card]) -> str:
    title, lead = map(escape, texts or ("", ""))
    heading = f'<h2 data-t>{title}</h2>\n<p class="lead" data-t>{lead}</p>\n' if texts else ""
    return f'<section>{heading}<div class="cards">\n{"".join(map(_card, cards))}</div></section>\n'


def _note(card: Card) -> str:
    said = {name: f"{one:.0%}" if isinstance(one, float) else one for name, one in card.said.items()}
    return card.note.format_map(said) if said else card.note


def _embedded(value: object) -> str:
    return json.dumps(value).replace("<", "\\u003c")  # a label may hold `</script>`


def _named(text: str, name: str) -> str:
    """The attributes of an element that is called by a text and a file's name, escaped."""
    return f'aria-label="{text.format(name=name)}" data-named="{text}" data-name="{name}"'


def _card(card: Card) -> str:
    name = escape(card.name)
    image, enlarge = f'<img src="{card.picture}" alt="">', _named("Enlarge {name}", name)
    chosen, said = _named("What {name} shows", name), escape(json.dumps(dict(card.said)))
    picture = (
        f'<button type="button" class="picture" {enlarge}>{image}</button>'
        if card.picture
        else '<div class="picture"><p data-t>This picture cannot be shown, or has changed since.</p></div>'
    )
    ours = " data-t" if card.button == RIGHT else ""
    button = (
        f'<button type="button" class="right"{ours}>{escape(card.button)}</button>' if card.button else ""
    )
    confidence = "" if card.confidence is None else card.confidence
    return f"""<article tabindex="-1" data-path="{escape(card.path)}" data-guess="{escape(card.guess)}"
data-sha256="{escape(card.sha256)}" data-audit="{card.audit or ""}" data-decision="{escape(card.decision)}"
data-predicted="{escape(card.predicted)}" data-confidence="{confidence}"
data-note="{escape(card.note)}" data-said="{said}">
{picture}
<p class="name"><bdi dir="ltr">{name}</bdi></p>
<p class="note">{escape(_note(card))}</p>
<p class="row"><select {chosen}><option value="">…</option></select>
{button}</p>
</article>
"""


def part_of_page(name: str) -> str:
    """The text of a style, script or frame of this package."""
    return files("labelling.review").joinpath(name).read_text("utf-8")


def content_hash(text: str) -> str:
    """How a Content-Security-Policy names an embedded style or script."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
