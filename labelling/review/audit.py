"""An audit: how often accepted answers are right on these pictures, measured on a random sample of the table.

`sample` draws it from all answered rows; of products, few accepted ones are all taken (CENSUS). The review
sheet shows it first, without what the model answered, and exports how many rows of the table are accepted, by
which release, and what tells the table from others. `audit_in` compares what people said with what the model
did, by what the sheet exports alone. A table is
finite, so that bounds are hypergeometric, and they are one-sided, as promises are. Knows tables and
corrections, neither journals nor releases.
"""

import hashlib
import heapq
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from inference.contract import LABEL
from labelling.decided import LEFT_OUT
from labelling.errors import CorrectionsUnusable
from labelling.review.corrections import Correction, merge
from labelling.row import ACCEPT
from reports.intervals import SURENESS, clopper_pearson, most_of
from reports.values import HELD_OUT, Promise

DRAWN: Final = 130
"""Most pictures of a sample whose size no one chose: 94 accepted ones where 72% are."""

PAYS: Final = 4
"""So many answers of a table pay for one picture of such a sample."""

LEAST: Final = 5
"""Looked at of each accepted label, as far as the table has so many."""

LOOK: Final = 1 - (1 - SURENESS) / 2
"""Sureness of each bound: half of the doubt is for a second look, at a larger sample that holds the first."""

CENSUS: Final = 40
"""Accepted products of a table that are all asked about, in place of a sample."""

MARK_DIGITS: Final = 16
"""Hexadecimal digits by which tables differ."""

NO_AUDIT: Final = (
    "No correction is of an audit: a sheet that `wardrobe label SOURCE --out TABLE --review FILE.html "
    "--audit N` wrote marks its sample in a column `audit`."
)

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many answers were right.

    Attributes:
        n: answers that were looked at.
        right: of these.
        of: rows of the table that they were drawn from; None where that is not known, so many more.
        low: the least share of right ones among all of these rows, of sureness LOOK.
        high: the largest one.
    """

    n: int
    right: int
    of: int | None
    low: float
    high: float

    @property
    def wrong_at_least(self) -> int:
        """Wrong rows among all of them, of sureness LOOK; where their number is not known, those seen."""
        return self.n - self.right if self.of is None else round((1 - self.high) * self.of)


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What people found in the sample.

    Attributes:
        sampled: rows that were drawn at random.
        unanswered: of these, those that no one answered.
        left_out: of these, those that a person could not decide about; they count nowhere.
        accepted: of these, the model's answers with the decision `accept`.
        reviewed: those with `review`.
        labels: the accepted ones by the model's label, with those that were added for that label alone.
        of_products: rows are products.
    """

    sampled: int
    unanswered: int
    left_out: int
    accepted: Share
    reviewed: Share
    labels: dict[str, Share]
    of_products: bool = False

    @property
    def is_census(self) -> bool:
        """Whether all accepted rows were to be looked at."""
        return self.of_products and self.accepted.of is not None and self.accepted.of <= CENSUS

    def sentence(self) -> str:
        """One line for a terminal."""
        rows, accepted = "products" if self.of_products else "pictures", self.accepted
        some = f" {self.unanswered:,} of its {self.sampled:,} {rows} have no answer."
        missing, counts = some if self.unanswered else "", f"{accepted.right:,} of {accepted.n:,}"
        if accepted.n and accepted.n == accepted.of:
            return f"Audit: {counts} accepted were right, and people looked at all of them.{missing}"
        if self.is_census:
            return (
                f"Audit: {counts} accepted were right; the table has {accepted.of:,} accepted ones.{missing}"
            )
        if not accepted.n:
            answered = self.sampled - self.unanswered
            return f"Audit: the model accepted none of {answered:,} {rows} drawn at random.{missing}"
        return (
            f"Audit: of the accepted, {counts} right: at least {_tenth_below(accepted.low)} "
            f"({SURENESS:.0%} sure).{missing}"
        )


def _tenth_below(share: float) -> str:
    return f"{int(share * 1000) / 10:.1f}%"


def usual_size(answers: int) -> int:
    """How many pictures are drawn of a table with so many answers, unless people say so."""
    return min(DRAWN, answers // PAYS)


def sample(rows: Iterable[T], path: Callable[[T], str], n: int, version: str) -> list[T]:
    """Draw rows of a table at random: the same ones again for the same table, others for another release.

    Args:
        rows: those with an answer of the model.
        path: of a row in the table.
        n: how many; all if there are fewer. A larger sample holds a smaller one.
        version: of the release that answered.

    Returns:
        the rows in an order that is random, too.
    """
    return heapq.nsmallest(n, rows, key=lambda row: _rank(path(row), version))


def added(
    rows: Iterable[T],
    accepted: Callable[[T], str | None],
    path: Callable[[T], str],
    drawn: Sequence[T],
    version: str,
) -> list[T]:
    """Draw further rows, so that a sample has LEAST of each accepted label: they count for that label alone.

    Args:
        rows: of the table.
        accepted: the label of an accepted row, None of another one.
        path: of a row.
        drawn: the sample.
        version: of the release that answered.
    """
    there, counts = {path(row) for row in drawn}, defaultdict[str | None, int](int)
    for row in drawn:
        counts[accepted(row)] += 1
    rare = defaultdict[str, list[T]](list)
    for row in rows:
        label = accepted(row)
        if label is not None and counts[label] < LEAST:
            rare[label].append(row)
    chosen = (row for label in sorted(rare) for row in sample(rare[label], path, LEAST, version))
    return [row for row in chosen if path(row) not in there]


def audit_of(accepted: Mapping[str, int], label: str) -> str:
    """What a sheet exports beside a row of this label: the accepted rows of it, and all, by their labels."""
    return f"{accepted.get(label, 0)} of {sum(accepted.values())}"


def table_mark(answers: Iterable[tuple[str, str, bool]]) -> str:
    """What tells a table from others: a hash of what the model answered, and whether that was accepted.

    Args:
        answers: path, label and acceptance of each row, in the order of the table.
    """
    content = hashlib.sha256()
    for answer in answers:
        content.update(repr(answer).encode("utf-8", "backslashreplace"))
    return f"sha256-{content.hexdigest()[:MARK_DIGITS]}"


def audited_version(corrections: Sequence[Correction]) -> str:
    """The version of the release that people audited on one table.

    Raises:
        CorrectionsUnusable: none is of an audit, or some are of sheets of 2.0.0, or of several tables.
    """
    audited = [correction for correction in corrections if correction.audit or correction.audit_of]
    if not audited:
        raise CorrectionsUnusable(NO_AUDIT)
    for correction in audited:
        if not (correction.version and correction.table):
            raise CorrectionsUnusable(
                f"{correction.file}: its sheet is of 2.0.0 and does not say of which table it is. Write the "
                "sheet again, to the same file, which keeps the answers in the browser, and export them."
            )
    origins = {(correction.version, correction.table): str(correction.file) for correction in audited}
    if len(origins) > 1:
        raise CorrectionsUnusable(
            f"{', '.join(dict.fromkeys(origins.values()))}: are of sheets of several tables or releases. "
            "Audit each table by itself; where one has changed between two sheets, write its sheet again, to "
            "the same file, which keeps the answers in the browser, and export them."
        )
    return audited[0].version


def audit_in(corrections: Sequence[Correction], attribute: str = LABEL) -> Audit | None:
    """What people said of a sample, by the columns that a sheet exports; None where there are none."""
    corrections = [correction for correction in corrections if correction.attribute == attribute]
    # What was added once may have been drawn since.
    by_size = sorted(corrections, key=lambda correction: correction.audit)
    audited = {
        (correction.path, correction.product): correction
        for correction in by_size
        if (correction.audit or correction.audit_of) and correction.sha256 and correction.decision
    }
    drawn = [correction for correction in audited.values() if correction.audit]
    if not drawn:
        return None
    of_sample = {correction.sha256 for correction in audited.values()}
    answers, _ = merge(
        [(correction.sha256, correction) for correction in corrections if correction.sha256 in of_sample], {}
    )
    judged = [
        (correction, answers[correction.question(correction.sha256)].label) for correction in audited.values()
    ]
    right = [(correction, label == correction.predicted) for correction, label in judged if label != LEFT_OUT]
    accepted = [(correction, is_right) for correction, is_right in right if correction.decision == ACCEPT]
    by_label = defaultdict[str, list[tuple[Correction, bool]]](list)
    for correction, is_right in accepted:
        by_label[correction.predicted].append((correction, is_right))
    sampled = max(len(drawn), *(correction.audit for correction in drawn))
    of_drawn = [(correction, is_right) for correction, is_right in right if correction.audit]
    of_products = any(correction.product for correction in drawn)
    every = max((correction.audit_of[1] for correction in drawn if correction.audit_of), default=None)
    share_of = partial(_share, is_census=of_products and every is not None and every <= CENSUS)
    return Audit(
        sampled=sampled,
        unanswered=sampled - len(drawn),
        left_out=len(drawn) - len(of_drawn),
        accepted=share_of([judgement for judgement in accepted if judgement[0].audit], 1),
        reviewed=share(
            [is_right for correction, is_right in of_drawn if correction.decision != ACCEPT], None
        ),
        labels={label: share_of(judgements, 0) for label, judgements in sorted(by_label.items())},
        of_products=of_products,
    )


def _share(judged: Sequence[tuple[Correction, bool]], place: int, *, is_census: bool) -> Share:
    """Of accepted rows; `place` is that of their number in `audit_of`. A census estimates nothing."""
    of = max((correction.audit_of[place] for correction, _ in judged if correction.audit_of), default=None)
    answers = [is_right for _, is_right in judged]
    if not is_census or of is None:
        return share(answers, of)
    wrong = answers.count(False)
    return Share(n=len(answers), right=sum(answers), of=of, low=sum(answers) / of, high=1 - wrong / of)


def share(right: Sequence[bool], of: int | None) -> Share:
    """Some answers, drawn from `of` rows of a table; see Share."""
    n, good = len(right), sum(right)
    if of is None or of < n:
        low, high = clopper_pearson(good, n, LOOK)
        return Share(n=n, right=good, of=None, low=low, high=high)
    if not n:
        return Share(n=0, right=0, of=of, low=0.0, high=1.0)
    low, high = 1 - most_of(of, n - good, n, LOOK) / of, most_of(of, good, n, LOOK) / of
    return Share(n=n, right=good, of=of, low=low, high=high)


def promised_right(promises: Sequence[Promise]) -> float | None:
    """The share of accepted answers to photos that is promised to be right, else that to held-out pictures.

    None where it promises nothing.
    """
    kept = [promise for promise in promises if promise.accepted]
    photos = [promise.accuracy for promise in kept if promise.pictures != HELD_OUT]
    return min(photos or [promise.accuracy for promise in kept], default=None)


def _rank(path: str, version: str) -> bytes:
    return hashlib.sha256(f"{version}\n{path}".encode()).digest()
