"""Write the mean of the weights of EfficientNet-Lite2 from which a tuning started and of the tuned ones.

python -m lab.tuning_mean FILE --start FILE --out FILE

FILE is of tuning.py (Wortsman et al. 2022, arXiv 2109.01903).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.features.weights import ABOUT, read_npz, write_npz


def mean_of(start: Path, tuned: Path) -> dict[str, NDArray[Any]]:
    """The weights by path, float16, and what they were learnt from."""
    files = [read_npz(path) for path in (start, tuned)]
    about = [json.loads(str(file.pop(ABOUT))) for file in files]
    weights: dict[str, NDArray[Any]] = {
        path: np.mean([file[path].astype(np.float32) for file in files], 0).astype(np.float16)
        for path in files[0]
    }
    made = {"start": about[0], "of_start": 0.5, "tuned": about[1:]}
    return weights | {ABOUT: np.array(json.dumps(made))}


def main(argv: list[str] | None = None) -> int:
    """Write the file of weights."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_mean", description=main.__doc__)
    parser.add_argument("tuned", type=Path, metavar="FILE", help="weights of tuning.py, .npz")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the mean, .npz")
    start = "from where the tuning started"
    parser.add_argument("--start", type=Path, required=True, metavar="FILE", help=start)
    options = parser.parse_args(argv)
    write_npz(options.out, **mean_of(options.start, options.tuned))
    return 0


if __name__ == "__main__":
    sys.exit(main())
