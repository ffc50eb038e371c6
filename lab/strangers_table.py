"""Print what strangers_heads.py answered: what the answers decide, a row a tier, and the rules of acceptance.

python -m lab.strangers_table FILE [--only SOURCE...]

Temperature and thresholds come from half of the sources and judge the other half, DRAWS times; the intervals
are 95%, sources drawn with replacement. Rules: the confidence of the first member; that of the mean of all;
and the least confidence that a member has in what the mean says. Reads FILE alone.
"""

import argparse
import csv
import gzip
import io
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp, softmax
from sklearn.metrics import roc_auc_score

from lab.strangers import COLUMNS
from lab.tuning_above import OF_ALL
from lab.tuning_photos import NONE, OTHER_THINGS

DRAWS: Final = 40
RIGHT: Final = 0.97
FEW_SOURCES: Final = 10
TIERS: Final = ("A", "B", "C")

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Answered:
    """N photos.

    Attributes:
        labels: int64 (N,), NONE for none of the classes.
        tiers, sources, shown: str (N,).
        logits: float64 (M, N, 11), of each member.
    """

    labels: NDArray[np.int64]
    tiers: NDArray[np.str_]
    sources: NDArray[np.str_]
    shown: NDArray[np.str_]
    logits: Floats

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which show one of the classes."""
        return np.asarray(self.labels != NONE)

    def take(self, some: NDArray[np.bool_]) -> "Answered":
        """Those photos alone."""
        rows = (self.labels[some], self.tiers[some], self.sources[some], self.shown[some])
        return Answered(*rows, self.logits[:, some])


def read(path: Path) -> Answered:
    """Read the file that strangers_heads.py wrote."""
    rows = list(csv.reader(io.StringIO(gzip.decompress(path.read_bytes()).decode())))[1:]
    columns = np.array([row[: len(COLUMNS)] for row in rows]).T
    logits = np.array([row[len(COLUMNS) :] for row in rows], np.float64).reshape(len(rows), -1, NONE + 1)
    labels = np.array([int(label) if label else NONE for label in columns[3]])
    return Answered(labels, columns[2], columns[1], columns[4], logits.transpose(1, 0, 2))


def temperature_of(logits: Floats, labels: NDArray[np.int64]) -> float:
    """By the least log loss over photos that show a class."""

    def loss(log: float) -> float:
        scaled = logits[:, :NONE] / np.exp(log)
        return float(np.mean(logsumexp(scaled, 1) - scaled[np.arange(len(labels)), labels]))

    return float(np.exp(minimize_scalar(loss, (-1, 1), bounds=(-2, 2), method="bounded").x))


def confidences(logits: Floats, temperature: float, said: NDArray[np.int64]) -> Floats:
    """How probable what is said is, and that it is one of the classes: float64 (N,)."""
    known = logits[:, :NONE]
    of_none = 1 / (1 + np.exp(logsumexp(known, 1) - logits[:, NONE]))
    return np.asarray(softmax(known / temperature, 1)[np.arange(len(said)), said] * (1 - of_none))


RULES: Final = ("released", "mean", "least")


def logits_of(of: Answered, rule: str) -> Floats:
    """What says the label, float64 (N, 11): the first member, or the mean of all."""
    return np.asarray(of.logits[0] if rule == "released" else of.logits.mean(0))


def sure_by(of: Answered, rule: str, temperature: float) -> Floats:
    """The confidence that a rule accepts by, float64 (N,)."""
    logits = logits_of(of, rule)
    said = logits[:, :NONE].argmax(1)
    members = of.logits if rule == "least" else [logits]
    return np.asarray(np.min([confidences(one, temperature, said) for one in members], 0))


def right_by(of: Answered, rule: str) -> NDArray[np.bool_]:
    """Which answers are right, bool (N,); none to photos of other things is."""
    return np.asarray(logits_of(of, rule)[:, :NONE].argmax(1) == of.labels)


def threshold(sure: Floats, right: NDArray[np.bool_]) -> float:
    """The least confidence above which RIGHT is right; above all where none is."""
    order = np.argsort(-sure, kind="stable")
    enough = np.flatnonzero(np.cumsum(right[order]) >= RIGHT * np.arange(1, len(order) + 1))
    return float(sure[order[enough.max()]]) if len(enough) else 1.1


def judged(of: Answered, rule: str) -> dict[str, tuple[float, ...]]:
    """By tier the shares accepted and right of these, as sources that did not choose show them."""
    right, names, rng = right_by(of, rule), np.unique(of.sources), np.random.default_rng(0)
    found = {tier: list[tuple[float, ...]]() for tier in (*TIERS, OTHER_THINGS)}
    for _ in range(DRAWS):
        chooses = np.isin(of.sources, rng.permutation(names)[: len(names) // 2])
        fits = chooses & of.known
        temperature = temperature_of(logits_of(of, rule)[fits], of.labels[fits])
        sure = sure_by(of, rule, temperature)
        least = threshold(sure[fits], right[fits])
        for tier, rows in found.items():
            mine = ~chooses & (of.tiers == tier)
            accepted = mine & (sure >= least)
            rows.append((float(accepted.sum()), float(right[accepted].sum()), float(mine.sum())))
    totals = {tier: np.sum(rows, 0) for tier, rows in found.items()}
    return {tier: (accepted / asked, good / accepted) for tier, (accepted, good, asked) in totals.items()}


def interval(right: NDArray[np.bool_], sources: NDArray[np.str_]) -> str:
    """95% of the shares of right answers, sources drawn with replacement."""
    names, of_each = np.unique(sources, return_inverse=True)
    if len(names) < FEW_SOURCES:
        return "not measured"
    counts, good = np.bincount(of_each), np.bincount(of_each, right)
    drawn = np.random.default_rng(0).integers(len(names), size=(1000, len(names)))
    low, high = np.percentile(good[drawn].sum(1) / counts[drawn].sum(1), (2.5, 97.5))
    return f"{low:.3f} to {high:.3f}"


def main(argv: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab.strangers_table", description=main.__doc__)
    parser.add_argument("answers", type=Path, metavar="FILE", help="of lab.strangers_heads")
    parser.add_argument("--only", nargs="+", metavar="SOURCE", help="(all but the shop and collections)")
    given = parser.parse_args(argv)
    answers = read(given.answers)
    mine = np.isin(answers.sources, given.only) if given.only else ~np.isin(answers.sources, OF_ALL)
    of = answers.take(mine)
    sys.stdout.write("| rule | tier | n | sources | right (95%) | accepted | of these right | AUROC of X |\n")
    sys.stdout.write(f"{'|---' * 8}|\n")
    for rule in RULES if len(of.logits) > 1 else RULES[:1]:
        right, shares = right_by(of, rule), judged(of, rule)
        odds = logits_of(of, rule)[:, NONE] - logsumexp(logits_of(of, rule)[:, :NONE], 1)
        for tier in (*TIERS, OTHER_THINGS):
            some = of.tiers == tier
            accepted, good = shares[tier]
            cells = (rule, tier, some.sum(), len(np.unique(of.sources[some])))
            both = some | (of.tiers == OTHER_THINGS)
            rest = (
                ("", f"{accepted:.3f}", "", "")
                if tier == OTHER_THINGS
                else (
                    f"{right[some].mean():.3f} ({interval(right[some], of.sources[some])})",
                    f"{accepted:.3f}",
                    f"{good:.3f}",
                    f"{roc_auc_score(~of.known[both], odds[both]):.3f}",
                )
            )
            sys.stdout.write(f"| {' | '.join(map(str, (*cells, *rest)))} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
