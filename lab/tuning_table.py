"""Print what tuning_judge.py answered: a row for each file of weights and tier.

python -m lab.tuning_table PHOTOS FROZEN OTHER... [--run RUN]

FROZEN and OTHER are names of files of weights, without `.npz`. Accepted is the largest share of which RIGHT
is right, by a threshold from the same photos; the area is that under risk and coverage. The intervals are of
OTHER minus FROZEN, 95%, senders drawn with replacement, the mean over the seeds of each. Reads RUN.
"""

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from lab.pretraining_photos import CLUTTERED
from lab.tuning_judge import UNLEARNT, judged_photos
from lab.tuning_photos import OTHER_THINGS
from training.features.npz import read_npz

RIGHT: Final = 0.98
DRAWS: Final = 1000
TIERS: Final = ("A", "B", CLUTTERED)

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]

HEADING: Final = (
    "| tier | weights | seeds | macro / micro | accepted (least to most) | area x 1000 | AUROC of X "
    "| of unlearnt kinds | these accepted | accepted, minus frozen | area, minus frozen | recalls of C |"
)


@dataclass(frozen=True)
class Judged:
    """Answers of S seeds to N photos.

    Attributes:
        sure: float64 (S, N), the largest probability.
        right: bool (S, N).
        odds: float64 (S, N), the log odds of none of the classes.
    """

    sure: Floats
    right: NDArray[np.bool_]
    odds: Floats


@dataclass(frozen=True)
class Asked:
    """The photos.

    Attributes:
        labels: int64 (N,), -1 for none of the classes.
        tiers: str (N,), UNLEARNT for kinds that nothing learnt.
        senders: str (N,).
    """

    labels: Indices
    tiers: NDArray[np.str_]
    senders: NDArray[np.str_]


def accepted(sure: Floats, right: NDArray[np.bool_]) -> tuple[float, float]:
    """The largest share that can be accepted, the surest first, and the least that is sure enough."""
    order = np.argsort(-sure, kind="stable")
    enough = np.cumsum(right[order]) >= RIGHT * np.arange(1, len(order) + 1)
    count = int(np.flatnonzero(enough).max(initial=-1)) + 1
    return count / len(order), float(sure[order[count - 1]]) if count else 1.0


def area(sure: Floats, right: NDArray[np.bool_]) -> float:
    """The area under risk and coverage."""
    ordered = right[np.argsort(-sure, kind="stable")]
    return float(np.mean(1 - np.cumsum(ordered) / np.arange(1, len(ordered) + 1)))


def judged(run: Path, name: str, labels: Indices) -> Judged:
    """What heads on a file of weights answered."""
    found = [read_npz(path) for path in sorted((run / "answers").glob(f"{name}-[0-9].npz"))]
    probabilities = np.stack([one["probabilities"] for one in found]).astype(np.float64)
    return Judged(
        probabilities.max(axis=2),
        probabilities.argmax(axis=2) == labels,
        np.stack([one["distances"] for one in found]).astype(np.float64),
    )


def drawn(senders: NDArray[np.str_]) -> list[Indices]:
    """Positions of photos, senders drawn with replacement, DRAWS times."""
    names, of = np.unique(senders, return_inverse=True)
    members = [np.flatnonzero(of == one) for one in range(len(names))]
    rng = np.random.default_rng(0)
    draws = rng.integers(len(names), size=(DRAWS, len(names)))
    return [np.concatenate([members[one] for one in draw]) for draw in draws]


def _share_and_area(of: Judged, some: Indices) -> Floats:
    each = [
        (accepted(sure[some], right[some])[0], area(sure[some], right[some]))
        for sure, right in zip(of.sure, of.right, strict=True)
    ]
    return np.asarray(np.mean(each, axis=0))


def row(tier: str, name: str, of: Judged, asked: Asked) -> str:
    """The cells of one file and tier but for the intervals."""
    mine = np.flatnonzero(asked.tiers == tier)
    labels = asked.labels[mine]
    recalls = [of.right[:, mine[labels == one]].mean() for one in np.unique(labels)]
    shares = [accepted(sure[mine], right[mine])[0] for sure, right in zip(of.sure, of.right, strict=True)]
    share, risk = _share_and_area(of, mine)
    cells = (
        tier,
        name,
        len(of.sure),
        f"{np.mean(recalls):.3f} / {of.right[:, mine].mean():.3f}",
        f"{share:.3f} ({min(shares):.2f} to {max(shares):.2f})",
        f"{1000 * risk:.1f}",
        *(f"{_auroc(of, asked, mine, other):.3f}" for other in (OTHER_THINGS, UNLEARNT)),
        f"{_unlearnt_accepted(of, asked):.3f}",
    )
    by_class = " ".join(f"{recall:.2f}" for recall in recalls)
    return f"| {' | '.join(map(str, cells))} | {{}} | {by_class if tier == CLUTTERED else ''} |"


def _auroc(of: Judged, asked: Asked, mine: Indices, other: str) -> float:
    others = np.flatnonzero(asked.tiers == other)
    truth = np.repeat([0, 1], [len(mine), len(others)])
    return float(np.mean([roc_auc_score(truth, odds[[*mine, *others]]) for odds in of.odds]))


def _unlearnt_accepted(of: Judged, asked: Asked) -> float:
    """The share of photos of unlearnt kinds that is accepted, where RIGHT of the accepted of TIERS is."""
    known, found = np.isin(asked.tiers, TIERS), list[float]()
    for sure, right, odds in zip(of.sure, of.right, of.odds, strict=True):
        both = sure / (1 + np.exp(odds))
        limit = accepted(both[known], right[known])[1]
        found.append(float((both[asked.tiers == UNLEARNT] >= limit).mean()))
    return float(np.mean(found))


def main(argv: list[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_table", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument(
        "names", nargs="+", metavar="NAME", help="of files of weights; the first is compared with"
    )
    parser.add_argument("--run", type=Path, default=Path("runs/tuning"), metavar="FOLDER")
    options = parser.parse_args(argv)
    photos, parts = judged_photos(options.photos)
    chosen = [photo for photo, part in zip(photos, parts, strict=True) if part != "learnt"]
    tiers = np.array([photo.tier for photo in chosen])
    asked = Asked(
        np.array([-1 if photo.label is None else photo.label for photo in chosen]),
        np.where(parts[parts != "learnt"] == UNLEARNT, UNLEARNT, tiers),
        np.array([photo.sender or photo.id for photo in chosen]),
    )
    answers = {name: judged(options.run, name, asked.labels) for name in options.names}
    sys.stdout.write(f"{HEADING}\n{'|---' * 12}|\n")
    for tier in TIERS:
        mine = np.flatnonzero(asked.tiers == tier)
        draws = [mine[some] for some in drawn(asked.senders[mine])]
        base = np.array([_share_and_area(answers[options.names[0]], some) for some in draws])
        for name, of in answers.items():
            apart = np.array([_share_and_area(of, some) for some in draws]) - base
            low, high = np.percentile(apart, (2.5, 97.5), axis=0)
            middle = apart.mean(axis=0)
            interval = " | ".join(
                f"{factor * middle[at]:+.3f} ({factor * low[at]:+.3f} to {factor * high[at]:+.3f})"
                for at, factor in ((0, 1), (1, 1000))
            )
            sys.stdout.write(row(tier, name, of, asked).format(interval) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
