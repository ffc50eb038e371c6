"""Write enlarged pictures of Fashion-MNIST as PNG files, with a table that `wardrobe train --photos` reads.

python -m lab.scaled_pictures FOLDER

People try a service with pictures of the data set that they enlarged, in either polarity: the network that
answers photos has to know them. Training pictures alone, each once. Writes FOLDER.
"""

import argparse
import csv
import sys
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from training.data.fashion import from_idx
from training.features.shipped import SCALED

COUNT: Final = 4000
EDGES: Final = (56, 100, 224)
SEED: Final = 0


def main(argv: list[str] | None = None) -> int:
    """Write COUNT pictures, of every size and polarity as many."""
    parser = argparse.ArgumentParser(prog="python -m lab.scaled_pictures", description=main.__doc__)
    parser.add_argument("folder", type=Path, metavar="FOLDER")
    folder: Path = parser.parse_args(argv).folder
    folder.mkdir(parents=True, exist_ok=True)
    train = from_idx(Path("/usr/share/datasets/fashion-mnist")).train
    chosen = np.random.default_rng(SEED).permutation(len(train))[:COUNT]
    with (folder / "scaled.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["path", "label", "tier"])
        for place, index in enumerate(chosen.tolist()):
            edge, negative = EDGES[place % len(EDGES)], place // len(EDGES) % 2
            image = cv2.resize(train.images[index], (edge, edge), interpolation=cv2.INTER_LINEAR)
            path = folder / f"{index:05}.png"
            cv2.imwrite(str(path), 255 - image if negative else image)
            rows.writerow([path.absolute(), train.classes[index], SCALED])
    return 0


if __name__ == "__main__":
    sys.exit(main())
