"""Print what strangers_heads.py answered: how much is right and accepted of sources that nothing learnt.

python -m lab.strangers_table FILE [--beside FILE]

Temperature and threshold come from half of the sources and judge the other half, DRAWS times; the intervals
are 95%, sources drawn with replacement. Beside the answers of another network to the same photos it prints
the differences by which a network is taken. Reads the FILEs alone.
"""

import argparse
import csv
import gzip
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax
from sklearn.metrics import roc_auc_score

from lab.tuning_photos import NONE, OF_ALL, OTHER_THINGS
from training.decide.temperature import fit_temperature

DRAWS: Final = 40
RIGHT: Final = 0.97
FEW_SOURCES: Final = 10
LEAST_RIGHT: Final = -0.5
MOST_OTHERS: Final = 2.0
"""A network is taken if, in points, the interval of right answers begins above the first with a mean above 0,
and that of accepted other things ends below the second."""
TIERS: Final = ("A", "B", "C")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answered:
    """N photos.

    Attributes:
        columns: str (N,) each, by name, but the logits.
        labels: int64 (N,), NONE for none of the classes.
        logits: float64 (N, 11).
    """

    columns: dict[str, NDArray[np.str_]]
    labels: NDArray[np.int64]
    logits: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which show one of the classes."""
        return np.asarray(self.labels != NONE)

    @property
    def right(self) -> NDArray[np.bool_]:
        """Which answers are right; none to photos of other things is."""
        return np.asarray(self.logits[:, :NONE].argmax(1) == self.labels)

    @property
    def shares(self) -> Floats:
        """Probabilities of the classes before temperature, float64 (N, 10)."""
        return np.asarray(softmax(self.logits[:, :NONE], 1))

    @property
    def odds(self) -> Floats:
        """Log odds of none of the classes, float64 (N,)."""
        return np.asarray(self.logits[:, NONE] - logsumexp(self.logits[:, :NONE], 1))

    def take(self, some: NDArray[Any]) -> "Answered":
        """Those photos alone, by their places or by whether each is one of them."""
        columns = {name: column[some] for name, column in self.columns.items()}
        return Answered(columns, self.labels[some], self.logits[some])

    def by_id(self) -> "Answered":
        """The same photos, in the order of their ids."""
        return self.take(np.argsort(self.columns["id"], kind="stable"))


def read(path: Path) -> Answered:
    """Read the file that strangers_heads.py wrote."""
    rows = list(csv.DictReader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))
    columns = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    logits = np.array([row.split() for row in columns.pop("logits").tolist()], np.float64)
    return Answered(columns, np.array([int(label) if label else NONE for label in columns["label"]]), logits)


def sure(of: Answered, temperature: float) -> Floats:
    """How probable the answer is, and that it is one of the classes: float64 (N,)."""
    shares = softmax(of.logits[:, :NONE] / temperature, 1).max(1)
    return np.asarray(shares / (1 + np.exp(of.odds)))


def threshold(confidences: Floats, right: NDArray[np.bool_]) -> float:
    """The least confidence above which RIGHT is right; above all where none is."""
    order = np.argsort(-confidences, kind="stable")
    enough = np.flatnonzero(np.cumsum(right[order]) >= RIGHT * np.arange(1, len(order) + 1))
    return float(confidences[order[enough.max()]]) if len(enough) else 1.1


def judged(of: Answered) -> dict[str, tuple[float, float]]:
    """By tier the shares accepted and right of these, as sources that did not choose show them."""
    sources, tiers = of.columns["source"], of.columns["tier"]
    names, rng = np.unique(sources), np.random.default_rng(0)
    counts = {tier: list[tuple[int, int, int]]() for tier in (*TIERS, OTHER_THINGS)}
    for _ in range(DRAWS):
        chooses = np.isin(sources, rng.permutation(names)[: len(names) // 2])
        fits = of.take(chooses & of.known)
        temperature = fit_temperature(fits.shares, fits.labels)
        accepted = sure(of, temperature) >= threshold(sure(fits, temperature), fits.right)
        for tier, rows in counts.items():
            judges = ~chooses & (tiers == tier)
            rows.append(
                (int(judges.sum()), int((judges & accepted).sum()), int((judges & accepted & of.right).sum()))
            )
    totals = {tier: np.sum(rows, 0) for tier, rows in counts.items()}
    return {tier: (accepted / n, good / accepted) for tier, (n, accepted, good) in totals.items()}


def interval(values: NDArray[Any], sources: NDArray[np.str_]) -> tuple[float, float]:
    """95% of the means of values, sources drawn with replacement; NaN of few sources."""
    names, of_each = np.unique(sources, return_inverse=True)
    if len(names) < FEW_SOURCES:
        return np.nan, np.nan
    counts, sums = np.bincount(of_each), np.bincount(of_each, values)
    drawn = np.random.default_rng(0).integers(len(names), size=(1000, len(names)))
    low, high = np.percentile(sums[drawn].sum(1) / counts[drawn].sum(1), (2.5, 97.5))
    return float(low), float(high)


def is_better(new: Answered, old: Answered) -> tuple[str, bool]:
    """How the answers of a network differ from those of another one, and whether the first is taken.

    Of the photos that both answer: garments that are right, and other things that are accepted where both
    accept the share of garments of which RIGHT of the old one's are right.
    """
    both = np.intersect1d(new.columns["id"], old.columns["id"])
    new, old = (of.take(np.isin(of.columns["id"], both)).by_id() for of in (new, old))
    sources, known = old.columns["source"], old.known
    sures = [sure(of, fit_temperature(of.take(known).shares, of.labels[known])) for of in (new, old)]
    share = (sures[1][known] >= threshold(sures[1][known], old.right[known])).mean()
    accepted = [of >= np.quantile(of[known], 1 - share) for of in sures]
    right = 100.0 * (new.right[known].astype(int) - old.right[known])
    others = 100.0 * (accepted[0][~known].astype(int) - accepted[1][~known])
    (low, high), of_others = interval(right, sources[known]), interval(others, sources[~known])
    text = (
        f"{len(both)} photos: right {right.mean():+.2f} points ({low:+.2f} to {high:+.2f}); other things "
        f"accepted, with {share:.3f} of garments: {others.mean():+.2f} "
        f"({of_others[0]:+.2f} to {of_others[1]:+.2f})"
    )
    is_taken = low > LEAST_RIGHT and right.mean() > 0 and of_others[1] < MOST_OTHERS
    return text, bool(is_taken)


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab.strangers_table", description=main.__doc__)
    parser.add_argument("answers", type=Path, metavar="FILE", help="of lab.strangers_heads")
    beside = "answers of another network to the same photos"
    parser.add_argument("--beside", type=Path, metavar="FILE", help=beside)
    given = parser.parse_args(argv)
    of = _of_sources(given.answers)
    sys.stdout.write("| tier | n | sources | right (95%) | accepted | of these right | AUROC of X |\n")
    sys.stdout.write(f"{'|---' * 7}|\n")
    tiers, shares = of.columns["tier"], judged(of)
    for tier in (*TIERS, OTHER_THINGS):
        some, (accepted, good) = of.take(tiers == tier), shares[tier]
        cells = [tier, str(len(some.labels)), str(len(np.unique(some.columns["source"])))]
        rest = ["", f"{accepted:.3f}", "", ""]
        if tier != OTHER_THINGS:
            both = of.take((tiers == tier) | (tiers == OTHER_THINGS))
            low, high = interval(some.right, some.columns["source"])
            right = f"{some.right.mean():.3f} ({low:.3f} to {high:.3f})"
            rest = [
                right,
                f"{accepted:.3f}",
                f"{good:.3f}",
                f"{roc_auc_score(~both.known, both.odds):.3f}",
            ]
        sys.stdout.write(f"| {' | '.join([*cells, *rest])} |\n")
    if given.beside:
        text, is_taken = is_better(of, _of_sources(given.beside))
        sys.stdout.write(f"{text}: {'taken' if is_taken else 'not taken'}\n")
    return 0


def _of_sources(path: Path) -> Answered:
    """The answers of a file to photos of sources."""
    answers = read(path)
    return answers.take(~np.isin(answers.columns["source"], OF_ALL))


if __name__ == "__main__":
    sys.exit(main())
