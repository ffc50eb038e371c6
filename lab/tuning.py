"""Tune EfficientNet-Lite0 on clothes, from ImageNet's weights or other ones, and write its file of weights.

python -m lab.tuning FILE --out WEIGHTS [--start WEIGHTS] [--steps N] [--seed N]

Learns ten classes and none of these, kinds, colours and gender at once, from FILE of tuning_photos.py. With a
GPU half a minute, else an hour or more; a stopped run goes on from its last checkpoint. Writes the checkpoint
beside WEIGHTS. What it learns: tuning_batches.py; how: tuning_steps.py; what for: training/features/lite0.py.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Final

import numpy as np

from lab.tuning_batches import Tuning
from lab.tuning_photos import LEFT_OUT_KINDS, read_packed
from training.features.npz import read_npz, write_npz

IMAGENET: Final = Path(__file__).with_name("imagenet.npz")
"""ImageNet's weights; imagenet.py wrote them."""

STEPS: Final = 1600


def main(argv: list[str] | None = None) -> int:
    """Tune, and write the file."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="FILE", help="packed photos, of lab.tuning_photos")
    parser.add_argument("--out", type=Path, required=True, metavar="WEIGHTS", help="the weights, .npz")
    parser.add_argument("--start", type=Path, default=IMAGENET, metavar="WEIGHTS", help="(ImageNet's)")
    parser.add_argument("--steps", type=int, default=STEPS, metavar="N", help=f"({STEPS})")
    parser.add_argument("--seed", type=int, default=0, metavar="N")
    options = parser.parse_args(argv)
    try:
        from lab import tuning_steps  # noqa: PLC0415 - installed for the lab alone
    except ImportError:
        parser.error("PyTorch, which tunes, is not installed: .venv/bin/pip install torch")
    known = Tuning(read_packed(options.photos), options.seed)
    kept = options.out.with_suffix(".checkpoint")
    start = read_npz(options.start)
    tuned = tuning_steps.tune(tuning_steps.tensors_of(start), known, options.steps, kept)
    about = {
        "start": json.loads(str(start["about"])),
        "steps": options.steps,
        "tuned_on": len(known.photos),
        "sources": np.unique(known.photos.sources).tolist(),
        "left_out": sorted(LEFT_OUT_KINDS),
        "seed": options.seed,
    }
    write_npz(options.out, **tuning_steps.arrays_of(tuned), about=json.dumps(about))
    return 0


if __name__ == "__main__":
    sys.exit(main())
