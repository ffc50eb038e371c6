"""Write the mean of the frozen and the tuned weights of EfficientNet-Lite0.

python -m lab.tuning_mean FILE... --out FILE

Half of each weight is ImageNet's; the FILEs, of tuning.py, share the other half (Wortsman et al. 2022,
arXiv 2109.01903).
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from training.features import lite0
from training.features.backbone import save_weights
from training.untyped import Network


def mean_of(tuned: list[Path]) -> Network:
    """`lite0.load()` with half of its weights, and equal shares of tuned ones.

    Raises:
        WeightsUnfit: a file of weights is missing or damaged.
    """
    frozen = lite0.load()
    others = [lite0.load(path).get_weights() for path in tuned]
    for variable, *values in zip(frozen.weights, *others, strict=True):
        variable.assign((np.asarray(variable) + np.mean(values, axis=0)) / 2)
    return frozen


def main(argv: list[str] | None = None) -> int:
    """Write the file of weights."""
    parser = argparse.ArgumentParser(prog="python -m lab.tuning_mean", description=main.__doc__)
    parser.add_argument("tuned", type=Path, nargs="+", metavar="FILE", help="weights of tuning.py, .npz")
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="the mean, .npz")
    options = parser.parse_args(argv)
    about = {"halves": ["frozen", [path.name for path in options.tuned]]}
    save_weights(mean_of(options.tuned), about, options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
