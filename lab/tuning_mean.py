"""Write the mean of the weights of EfficientNet-Lite2 from which tunings started and of the tuned ones.

python -m lab.tuning_mean FILE... --start FILE --out FILE

Half of each weight is the start's; the FILEs, of tuning.py, share the rest (Wortsman et al. 2022, arXiv
2109.01903).
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from training.features.weights import ABOUT, read_npz, write_npz

OF_START: Final = 0.5


def mean_of(start: Path, tuned: list[Path]) -> dict[str, NDArray[Any]]:
    """The weights by path, float16, and what they were learnt from."""
    files = [read_npz(path) for path in (start, *tuned)]
    about = [json.loads(str(file.pop(ABOUT))) for file in files]
    shares = [OF_START, *[(1 - OF_START) / len(tuned)] * len(tuned)]
    weights: dict[str, NDArray[Any]] = {
        path: np.average([file[path].astype(np.float32) for file in files], 0, shares).astype(np.float16)
        for path in files[0]
    }
    made = {"start": about[0], "of_start": OF_START, "tuned": about[1:]}
    return weights | {ABOUT: np.array(json.dumps(made))}


def main(argv: list[str] | None = None) -> int:
    """Write the file of weights."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_mean", description=main.__doc__)
    parser.add_argument("tuned", type=Path, nargs="+", metavar="FILE", help="weights of tuning.py, .npz")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the mean, .npz")
    start = "from where the tunings started"
    parser.add_argument("--start", type=Path, required=True, metavar="FILE", help=start)
    options = parser.parse_args(argv)
    write_npz(options.out, **mean_of(options.start, options.tuned))
    return 0


if __name__ == "__main__":
    sys.exit(main())
