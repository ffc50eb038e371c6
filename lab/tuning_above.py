"""Tune the stages above the fourth alone, from what the fourth gives: a tuning for each part of the sources.

python -m lab.tuning_above FILE --start WEIGHTS --out FOLDER [--views N] [--steps N] [--seed N]

What the fourth stage gives of N views is computed once and kept, so that a step takes an eighth of the time
of one of tuning.py. FOLDER/part-0.npz, ... each leave a part of the sources out; FOLDER/whole.npz leaves out
none. A stopped run goes on. What it learns: tuning_batches.py.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from lab.tuning_batches import BATCH, Batch, Tuning
from lab.tuning_photos import PARTS, PackedPhotos, part_of, read_packed
from training.features.npz import read_npz, write_npz

if TYPE_CHECKING:
    from lab.tuning_steps import Tensor, Weights

VIEWS: Final = 16_000
STEPS: Final = 400
OF_ALL: Final = ("clo", "kag", "mag")
"""The shop and the collections that every tuning learns."""


@dataclass(frozen=True)
class Stored:
    """What a seed learns of stored activations, batch by batch.

    Attributes:
        views: bfloat16 (N, 80, 12, 12), what the fourth stage gives.
        wanted: float32 (N, C) of each head.
        seed: of what is drawn.
    """

    views: Any
    wanted: dict[str, NDArray[np.float32]]
    seed: int

    def __getitem__(self, step: int) -> Batch:
        """The batch of a step, drawn with replacement."""
        drawn = np.random.default_rng((self.seed, step)).integers(len(self.views), size=BATCH)
        return Batch(self.views[drawn], {name: rows[drawn] for name, rows in self.wanted.items()})


def stored(weights: "Weights", known: Tuning, count: int, path: Path) -> "Tensor":
    """What the fourth stage gives of `count` views, bfloat16 (N, 80, 12, 12), kept in a file."""
    import torch  # noqa: PLC0415 - installed for the lab alone

    from lab.tuning_steps import activations  # noqa: PLC0415 - needs PyTorch

    if not path.exists():
        found = []
        for step in range(count // BATCH):
            torch.manual_seed(known.seed + step)
            found.append(activations(weights, known.views(step)))
            if step % 25 == 0:
                sys.stdout.write(f"{step * BATCH} of {count} views\n")
                sys.stdout.flush()
        partial = path.with_suffix(".partial")
        torch.save(torch.cat(found), partial)
        partial.rename(path)
    return torch.load(path, mmap=True, weights_only=True)


def parts_of(photos: PackedPhotos) -> NDArray[np.int64]:
    """The part of each photo's source, int64 (N,); -1 of the shop and the collections that all learn."""
    names, of_each = np.unique(photos.sources, return_inverse=True)
    parts = [-1 if name in OF_ALL else part_of(name) for name in names.tolist()]
    return np.array(parts, np.int64)[of_each]


def main(argv: Sequence[str] | None = None) -> int:
    """Tune, and write a file of weights for each part, and one of the whole."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_above", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="FILE", help="packed photos, of lab.tuning_photos")
    parser.add_argument("--start", type=Path, required=True, metavar="WEIGHTS")
    parser.add_argument("--out", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--views", type=int, default=VIEWS, metavar="N", help=f"({VIEWS:,})")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"({STEPS})")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    names = {f"part-{part}": part for part in range(PARTS)} | {"whole": None}
    parser.add_argument("--only", choices=names, nargs="+", default=[*names], help="(all)")
    given = parser.parse_args(argv)
    from lab import tuning_steps  # noqa: PLC0415 - needs PyTorch, which is installed for the lab alone

    known, start = Tuning(read_packed(given.photos), given.seed), read_npz(given.start)
    weights = tuning_steps.tensors_of(start)
    given.out.mkdir(parents=True, exist_ok=True)
    views = stored(weights, known, given.views, given.out / "views.pt")
    drawn = np.concatenate([known.drawn(step) for step in range(given.views // BATCH)])
    parts = parts_of(known.photos)[drawn]
    above = tuning_steps.above(weights)
    for name in given.only:
        if (given.out / f"{name}.npz").exists():
            continue
        mine = np.flatnonzero((parts != names[name]) | (parts < 0))
        wanted = {head: rows[drawn[mine]] for head, rows in known.wanted.items()}
        learnt = Stored(views[mine], wanted, given.seed)
        tuned = weights | tuning_steps.tune(above, learnt, given.steps, given.out / f"{name}.checkpoint")
        about = {
            "start": json.loads(str(start["about"])),
            "stages": "5 to 7",
            "steps": given.steps,
            "views": len(mine),
            "tuned_on": len(np.unique(drawn[mine])),
            "sources": np.unique(known.photos.sources[drawn[mine]]).tolist(),
            "seed": given.seed,
        }
        write_npz(given.out / f"{name}.npz", **tuning_steps.arrays_of(tuned), about=json.dumps(about))
    return 0


if __name__ == "__main__":
    sys.exit(main())
