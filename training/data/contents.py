"""Make one content of all rows and answers of a picture, before a picture is decoded.

The one place for trainings, measuring and `wardrobe data`. A content that lies under several classes by way
of several products, or that contradicts itself, is not learnt. Reads nothing but the files of contents that
contradict themselves. Near copies: near_copies.py; which labels are learnt: labels.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal, TypeAlias

from inference.contract import LABEL
from inference.plain_text import join_first
from training.data.corrections import NO_CORRECTIONS, ContentAnswer, Corrections, answered_row, kept_rows
from training.data.hashed_files import NAMED, HashedFiles, hash_files, report_unreadable
from training.data.labels import UNKNOWN
from training.data.listing import ListedPicture, Listing, Part, has_several_products
from training.data.picture_files import decode_file
from training.data.split import check_limit
from training.errors import BadCsv, BadPictures
from training.progress import Say

Problem: TypeAlias = Literal["several products", "contradicting"]
"""Why a content is not learnt: it lies under several classes by way of several products, so that none is
wrong; or it has two classes or is in both parts, so that one is wrong."""


@dataclass(frozen=True)
class Content:
    """A picture, made once all of its rows and people's answers are known.

    Attributes:
        sha256: the hex digest of its bytes.
        rows: its copies as they are listed, in order.
        labels: its labels under the answers that are valid, by question; an attribute that is not known is
            empty or not there.
        class_id: the index of its class, UNKNOWN or OOD.
        groups: the groups of its rows.
        part: train or test, if the data says so.
        answered: whether a person gave the label of its class.
        checked: whether a table says that a person checked its label.
        problem: why it is not learnt; None if it can be learnt.
    """

    sha256: str
    rows: tuple[ListedPicture, ...]
    labels: Mapping[str, str]
    class_id: int = UNKNOWN
    groups: frozenset[str] = frozenset()
    part: Part | None = None
    answered: bool = False
    checked: bool = False
    problem: Problem | None = None

    @property
    def path(self) -> Path:
        """The first file of the content, which is decoded."""
        return self.rows[0].path

    @property
    def label(self) -> str:
        """The label of its class."""
        return self.labels[LABEL]

    @property
    def class_key(self) -> tuple[str, int]:
        """A key that is equal for pictures of the same class."""
        return class_key(self.label, self.class_id)


def class_key(label: str, class_id: int) -> tuple[str, int]:
    """Return a key that is equal for pictures of the same class."""
    # Several labels may name one class of a release. If no class is known, the label is the class.
    return (label if class_id == UNKNOWN else "", class_id)


@dataclass(frozen=True)
class Contents:
    """The contents of a listing.

    Attributes:
        listing: the pictures as they are listed.
        rows: the rows that people's answers do not leave out, and those that answers add.
        every: each content that can be read, in the order of the listing.
        corrections: the answers.
        hashed: the files.
        notes: sentences on the changes by corrections, and on corrections that are ignored.
    """

    listing: Listing
    rows: tuple[ListedPicture, ...]
    every: tuple[Content, ...]
    corrections: Corrections
    hashed: HashedFiles
    notes: tuple[str, ...] = ()

    @cached_property
    def learnable(self) -> list[Content]:
        """The contents without a problem, which can be learnt or measured."""
        return [content for content in self.every if content.problem is None]

    @property
    def unreadable(self) -> list[str]:
        """Why files cannot be read, a sentence each."""
        why = self.hashed.unreadable
        return [why[row.path] for row in self.rows if row.path in why]

    def check(self, say: Say, *, skip_unreadable: bool) -> None:
        """Refuse pictures that their bytes show to be wrong, before one is decoded. Call it once a command.

        Args:
            say: receives what a person should know: of the listing, of corrections, of what is left out, and
                of copies.
            skip_unreadable: whether files that cannot be read are left out.

        Raises:
            BadPictures: a file cannot be read, or one picture has two classes or is in both parts.
        """
        for sentence in (*self.listing.warnings, *self.notes):
            say(sentence)
        contradicting = [content for content in self.every if content.problem == "contradicting"]
        broken = {
            row.path: why
            for content in contradicting
            for row in content.rows
            if isinstance(why := decode_file(row.path), str)
        }
        unreadable = [*self.unreadable, *broken.values()]
        report_unreadable(unreadable, len(self.rows), say, skip_unreadable=skip_unreadable)
        if several := [str(one.path) for one in self.every if one.problem == "several products"]:
            say(
                f"{len(several)} pictures lie under several classes by way of several products, and are left "
                f"out: {join_first(several, NAMED)}."
            )
        if wrong := [content for content in contradicting if content.path not in broken]:
            raise BadPictures(self._contradictions(wrong))
        if copies := sum(len(content.rows) - 1 for content in self.learnable):
            say(f"{copies} of {len(self.rows)} pictures are copies of others and count once.")

    def _contradictions(self, wrong: Sequence[Content]) -> str:
        """Return the sentence on contents each of which is in two classes or parts."""
        named = [
            " and ".join(f"{row.path} ({self._role(row, content)})" for row in content.rows)
            for content in wrong
        ]
        return (
            f"{'; '.join(f'{copies} are the same picture' for copies in named)}. Keep one of them: a picture "
            "has one class, and is either learnt or measured on."
        )

    def _role(self, row: ListedPicture, content: Content) -> str:
        answers = self.corrections.by_content.get(content.sha256, {})
        answered, _ = answered_row(row, answers, self.listing.attributes) or (row, False)
        return answered.label if row.part is None else f"{answered.label}, {row.part}"

    def limited(self, limit: int) -> "Contents":
        """Return these with as many contents that are learnt: the first by their hashes.

        Raises:
            BadRecipe: there are fewer contents than the limit.
        """
        learnt = sorted(one.sha256 for one in self.every if any(row.part != "test" for row in one.rows))
        check_limit(limit, len(learnt))
        left_out = set(learnt[limit:])
        every = tuple(one for one in self.every if one.sha256 not in left_out)
        gone = {row.path for one in self.every if one.sha256 in left_out for row in one.rows}
        rows = tuple(row for row in self.rows if row.path not in gone)
        return replace(self, every=every, rows=rows)


def make_contents(
    listing: Listing,
    hashed: HashedFiles | None = None,
    corrections: Corrections = NO_CORRECTIONS,
    *,
    adds: bool = False,
    notes: Sequence[str] = (),
) -> Contents:
    """Make the contents of a listing.

    Args:
        listing: the pictures, with the class id of each if these are known.
        hashed: the files; None to hash them now.
        corrections: answers about labels, each of which is valid for all copies; `check_listed` refuses
            answers about other pictures.
        adds: whether corrections may name further pictures, which are learnt, too.
        notes: sentences that a person should read before those that are added here.

    Raises:
        BadCsv: a correction is to none of the classes, or one picture has two labels of an attribute.
        BadPictures: corrections leave no picture.
    """
    said = list(notes)
    hashed = hashed or hash_files((picture.path for picture in listing.pictures), listing.hashed)
    kept = kept_rows(listing, corrections, hashed, said.append, adds=adds)
    copies: dict[str, list[tuple[ListedPicture, int]]] = {}
    for row, sha256, class_id in kept:
        if sha256:
            copies.setdefault(sha256, []).append((row, class_id))
    every = (
        _make_content(listing, sha256, rows, corrections.by_content.get(sha256, {}))
        for sha256, rows in copies.items()
    )
    return Contents(
        listing=listing,
        rows=tuple(row for row, _, _ in kept),
        every=tuple(every),
        corrections=corrections,
        hashed=hashed,
        notes=tuple(said),
    )


def _make_content(
    listing: Listing,
    sha256: str,
    rows: Sequence[tuple[ListedPicture, int]],
    answers: Mapping[str, ContentAnswer],
) -> Content:
    """Make a content of all of its rows, with their class ids, and of the answers about it."""
    answered = [
        (answered_row(row, answers, listing.attributes) if answers else None) or (row, False)
        for row, _ in rows
    ]
    class_ids = [
        listing.labels.index(row.label) if is_answered else class_id
        for (row, is_answered), (_, class_id) in zip(answered, rows, strict=True)
    ]
    under_answers = [row for row, _ in answered]
    keys = {
        (*class_key(row.label, class_id), row.part)
        for row, class_id in zip(under_answers, class_ids, strict=True)
    }
    problem: Problem | None = "contradicting" if len(keys) > 1 else None
    if has_several_products(under_answers):
        problem = "several products"
    first, is_checked = under_answers[0], any(row.checked for row, _ in rows)
    return Content(
        sha256=sha256,
        rows=tuple(row for row, _ in rows),
        labels=first.labels if problem else merged_labels(under_answers),
        class_id=class_ids[0],
        groups=frozenset(row.group for row, _ in rows if row.group),
        part=first.part,
        answered=any(by_person for _, by_person in answered) or (listing.trusts_checked and is_checked),
        checked=is_checked,
        problem=problem,
    )


def merged_labels(copies: Sequence[ListedPicture]) -> dict[str, str]:
    """Merge the labels of all copies of one content. The class is that of the first.

    An attribute in which several products differ is not known: the picture shows all of them.

    Raises:
        BadCsv: they have two labels of an attribute.
    """
    labels = dict(copies[0].labels)
    for name in sorted({name for row in copies for name in row.labels} - {LABEL}):
        labelled = [row for row in copies if row.labels.get(name)]
        label, *others = dict.fromkeys(row.labels[name] for row in labelled) or [""]
        if others and not has_several_products(labelled, name):
            raise BadCsv(
                f"{labelled[0].path} is {label!r} in one row and {others[0]!r} in another one in column "
                f"`{name}`."
            )
        labels[name] = "" if others else label
    return labels
