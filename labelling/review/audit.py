"""An audit: how often accepted answers are right on these pictures, measured on a random sample of the table.

`sample` draws it from all answered rows; the review sheet shows it first, without what the model answered.
`audit` compares what people said of it with the table; `found_in` does so with what the sheet exported alone.
Knows tables and corrections, neither journals nor releases.
"""

import hashlib
import heapq
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from labelling.errors import CorrectionsUnusable
from labelling.review.answers import match
from labelling.review.corrections import LEFT_OUT, Correction, merge
from labelling.run import ACCEPT
from reports.acceptance import SURENESS

EACH_END: Final = 0.975
"""Sureness of each end of the intervals, which are two-sided, of 95%."""

_HALVINGS: Final = 60
"""Of an interval of width 1, until nothing changes in double precision."""

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Share:
    """How many answers were right.

    Attributes:
        low, high: 95% interval of the share (Clopper and Pearson 1934); 0 and 1 of none.
    """

    n: int
    right: int
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What people found in the sample.

    Attributes:
        version: of the release that made the table.
        sampled: rows that were drawn.
        unanswered: of these, those that no one answered.
        left_out: of these, those that a person could not decide about; they count nowhere.
        accepted, reviewed: the model's answers with the decision `accept`, and those with `review`.
        labels: the accepted ones by the model's label; without labels that none has.
    """

    version: str
    sampled: int
    unanswered: int
    left_out: int
    accepted: Share
    reviewed: Share
    labels: dict[str, Share]


@dataclass(frozen=True)
class Found:
    """What a sheet's export says of the accepted answers.

    Attributes:
        drawn: pictures of the sample.
        answered: of these, those that a person answered.
        accepted, right: of these, what the model accepted and no person left out, and how many are right.
    """

    drawn: int
    answered: int
    accepted: int
    right: int

    def sentence(self) -> str:
        """One line for a terminal; the bound is one-sided, of SURENESS (Clopper and Pearson 1934)."""
        some = f" {self.drawn - self.answered:,} of its {self.drawn:,} pictures have no answer."
        missing = some if self.answered < self.drawn else ""
        if not self.accepted:
            return f"Audit: the model accepted none of {self.answered:,} pictures drawn at random.{missing}"
        low, _ = interval(self.right, self.accepted, SURENESS)
        return (
            f"Audit: of the accepted, {self.right:,} of {self.accepted:,} right: at least {low:.0%} "
            f"({SURENESS:.0%} sure).{missing}"
        )


def found_in(corrections: Sequence[Correction]) -> Found | None:
    """What people said of a sample, by the columns that a sheet exports; None where there are none."""
    asked = {one.path: one for one in corrections if one.audit and one.sha256 and one.decision}
    if not asked:
        return None
    of_sample = {one.sha256 for one in asked.values()}
    said, _ = merge([(one.sha256, one) for one in corrections if one.sha256 in of_sample], {})
    judged = [(one, said[one.sha256].label) for one in asked.values()]
    right = [label == one.predicted for one, label in judged if label != LEFT_OUT and one.decision == ACCEPT]
    drawn = max(one.audit for one in asked.values())
    return Found(max(drawn, len(asked)), len(asked), len(right), sum(right))


def sample(rows: Iterable[T], path: Callable[[T], str], n: int, version: str) -> list[T]:
    """Draw rows of a table at random: the same ones again for the same table, others for another release.

    Args:
        rows: those with an answer of the model.
        path: of a row in the table.
        n: how many; all if there are fewer.
        version: of the release that answered.

    Returns:
        the rows in an order that is random, too.
    """
    return heapq.nsmallest(n, rows, key=lambda row: _rank(path(row), version))


def audit(rows: Iterable[Mapping[str, Any]], corrections: Sequence[Correction]) -> Audit:
    """Compare a table with what people said of its sample.

    Args:
        rows: of the table, by column.
        corrections: those that are not of an audit are ignored.

    Raises:
        CorrectionsUnusable: no correction is of an audit, or they are of that of another table.
    """
    asked = [one for one in corrections if one.audit]
    if not asked:
        raise CorrectionsUnusable(
            "No correction is of an audit: a sheet that `wardrobe label SOURCE --out TABLE --review "
            "FILE.html --audit N` wrote marks its sample in a column `audit`."
        )
    answered = [row for row in rows if _predicted(row)]
    version = answered[0]["version"] if answered else ""
    drawn = sample(answered, lambda row: str(row["path"]), max(one.audit for one in asked), version)
    matched, strange = match(asked, [(row["path"], row["sha256"]) for row in drawn], "")
    if strange:
        raise CorrectionsUnusable(
            f"{strange[0].file}: {strange[0].path} is not in the sample of this table. Give the table that "
            "the sheet was written for: labelled by another release, or after pictures were added, it has "
            "another sample."
        )
    said = {sha256: answer.label for sha256, answer in merge(matched, {})[0].items()}
    return _audit(version, drawn, said)


def interval(right: int, n: int, sureness: float = EACH_END) -> tuple[float, float]:
    """Interval of a share of which `right` of `n` independent draws were (Clopper and Pearson 1934).

    Args:
        right: of them.
        n: how many draws.
        sureness: 0..1, of each end.
    """
    tail = 1 - sureness
    low = _where(lambda share: 1 - _at_most(right - 1, n, share) >= tail) if right else 0.0
    high = _where(lambda share: _at_most(right, n, share) <= tail) if right < n else 1.0
    return low, high


def _audit(version: str, drawn: Sequence[Mapping[str, Any]], said: Mapping[str, str]) -> Audit:
    looked_at = [row for row in drawn if row["sha256"] in said]
    judged = [
        (row["decision"], _predicted(row), said[row["sha256"]] == _predicted(row))
        for row in looked_at
        if said[row["sha256"]] != LEFT_OUT
    ]
    accepted = [(label, right) for decision, label, right in judged if decision == ACCEPT]
    return Audit(
        version=version,
        sampled=len(drawn),
        unanswered=len(drawn) - len(looked_at),
        left_out=len(looked_at) - len(judged),
        accepted=_share([right for _, right in accepted]),
        reviewed=_share([right for decision, _, right in judged if decision != ACCEPT]),
        labels={
            label: _share([right for of, right in accepted if of == label])
            for label in sorted({label for label, _ in accepted})
        },
    )


def _share(right: Sequence[bool]) -> Share:
    low, high = interval(sum(right), len(right))
    return Share(n=len(right), right=sum(right), low=low, high=high)


def _predicted(row: Mapping[str, Any]) -> str:
    """The model's label; a table with people's answers has it in a column of its own."""
    return (row["predicted"] if "predicted" in row else row["label"]) or ""


def _rank(path: str, version: str) -> bytes:
    return hashlib.sha256(f"{version}\n{path}".encode()).digest()


def _at_most(k: int, n: int, share: float) -> float:
    """The probability that at most `k` of `n` draws are right, of which `share` is; 0 < share < 1."""
    terms = (
        math.lgamma(n + 1)
        - math.lgamma(i + 1)
        - math.lgamma(n - i + 1)
        + i * math.log(share)
        + (n - i) * math.log1p(-share)
        for i in range(k + 1)
    )
    return math.fsum(map(math.exp, terms))


def _where(holds: Callable[[float], bool]) -> float:
    """The share, 0..1, from which on something holds."""
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        low, high = (low, middle) if holds(middle) else (middle, high)
    return high
