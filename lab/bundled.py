"""The steps that make the bundled release, in order: what each reads, writes and runs. The run: steps.py."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

PHOTOS: Final = "PHOTOS"
OUT: Final = "OUT"
PARENT: Final = "PARENT"
"""What stands for the folders in the commands, so that records are the same wherever these lie. Other paths
are of the checkout."""

NETWORK: Final = ("OUT/lite2.npz", "training/features/lite2.npz")
"""The tuned network, and the one that comes with the package."""


@dataclass(frozen=True)
class Step:
    """One command of those that make the release.

    Attributes:
        name: of the step and its record.
        minutes: that it takes of one core of an EPYC (Zen 4).
        inputs: files and folders that it reads.
        outputs: what it writes, below OUT.
        command: arguments of Python.
        shipped: of some outputs, the file that comes with the package.
        by_name: whether it runs only where it is named.
        learns_on_network: whether it sees photos by the package's network, which has to be the tuned one.
    """

    name: str
    minutes: float
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    command: tuple[str, ...]
    shipped: Mapping[str, str] = field(default_factory=dict)
    by_name: bool = False
    learns_on_network: bool = False


def _step(  # noqa: PLR0913, PLR0917 - a row of the table below
    name: str,
    minutes: float,
    inputs: str,
    outputs: str,
    command: str,
    shipped: str = "",
    *,
    by_name: bool = False,
    learns_on_network: bool = False,
) -> Step:
    """A step by words, of which the first output has a file in the package if `shipped` names it."""
    written, words = tuple(outputs.split()), ("-m", *shlex.split(command))
    compared = {written[0]: shipped} if shipped else {}
    return Step(name, minutes, tuple(inputs.split()), written, words, compared, by_name, learns_on_network)


TUNED: Final = ("part-0", "part-1", "part-2", "whole")
_TUNINGS: Final = " ".join(f"OUT/tuned/{name}.npz" for name in TUNED)
_VECTORS: Final = " ".join(f"OUT/vectors/{name}.npz" for name in TUNED)
_TUNING: Final = (
    "lab.tuning OUT/packed.npz --start OUT/start.npz --out OUT/tuned "
    "--views 51200 --of-a-step 64 --last --only"
)
"""Views first, which all tunings share; then each tuning of the stages above the fourth."""

STEPS: Final = (
    # What the networks rest on, and the networks that the tuning does not make.
    _step(
        *("photos", 0.2, "PHOTOS", "OUT/photos.csv.gz"),
        *("lab.photos PHOTOS --out OUT/photos.csv.gz", "lab/photos.csv.gz"),
    ),
    _step(
        *("palette", 0.5, "PHOTOS", "OUT/palette.npz"),
        *("lab.palette PHOTOS --out OUT/palette.npz", "training/features/palette.npz"),
    ),
    _step(
        *("backbone", 50, "PHOTOS", "OUT/backbone.npz"),
        "lab.pretraining PHOTOS --out OUT/backbone.npz --run OUT/backbone --epochs 18",
        "training/features/backbone.npz",
    ),
    _step(
        *("pixels", 250, "lab/soft-targets.npz", "OUT/pixels/release"),
        "lab.pixels train lab/soft-targets.npz --run OUT/pixels",
        by_name=True,
    ),
    # The network, from ImageNet's weights to what heads on its parts answer.
    _step("start", 0.1, "", "OUT/start.npz", "lab.imagenet --out OUT/start.npz"),
    _step(
        *("outfits", 0.5, "PHOTOS", "OUT/photos/made.csv OUT/photos/made_X.zip"),
        "lab.outfits PHOTOS --out OUT/photos",
    ),
    _step(
        *("pack", 1, "PHOTOS OUT/photos/made_X.zip", "OUT/packed.npz"),
        "lab.tuning_photos OUT/photos --out OUT/packed.npz",
    ),
    _step("views", 14, "OUT/packed.npz OUT/start.npz", "OUT/tuned/stored-0.npy", _TUNING),
    *(
        _step(
            *(f"tuning-{name}", 20, "OUT/packed.npz OUT/start.npz OUT/tuned/stored-0.npy"),
            *(f"OUT/tuned/{name}.npz", f"{_TUNING} {name}"),
        )
        for name in TUNED
    ),
    _step(
        *("lite2", 0.1, "OUT/tuned/whole.npz OUT/start.npz", "OUT/lite2.npz"),
        "lab.tuning_mean OUT/tuned/whole.npz --start OUT/start.npz --out OUT/lite2.npz",
        "training/features/lite2.npz",
    ),
    _step(
        *("vectors", 9, f"PHOTOS OUT/photos/made_X.zip OUT/start.npz {_TUNINGS}", _VECTORS),
        "lab.strangers OUT/photos --start OUT/start.npz --tuned OUT/tuned --out OUT/vectors",
    ),
    _step(
        *("strangers", 1, f"PHOTOS {_VECTORS}", "OUT/strangers.csv.gz"),
        *("lab.strangers_heads OUT/photos OUT/vectors --out OUT/strangers.csv.gz", "lab/strangers.csv.gz"),
    ),
    # What rests on it: photos of other things, the heads, what they decide, and the release.
    _step(
        *("negatives", 2, f"PHOTOS training/features/backbone.npz {NETWORK[1]}", "OUT/negatives.npz"),
        *("lab.negatives PHOTOS --out OUT/negatives.npz", "training/heads/negatives.npz"),
        learns_on_network=True,
    ),
    _step(
        *("tables", 0.5, "PHOTOS OUT/photos/made_X.zip", "OUT/tables/learn.csv OUT/tables/dev.csv"),
        "lab.photo_tables OUT/photos --out OUT/tables",
    ),
    _step(
        *("heads", 33, f"OUT/tables/learn.csv OUT/tables/dev.csv PARENT/model.keras {NETWORK[1]}"),
        "OUT/heads/release OUT/heads/photo-answers.csv.gz OUT/heads/vectors.npz",
        "lab.photo_network PARENT --photos OUT/tables/learn.csv --check-photos OUT/tables/dev.csv "
        "--anew --run OUT/heads",
        learns_on_network=True,
    ),
    _step(
        *("classes", 0.5, "OUT/heads/release OUT/heads/photo-answers.csv.gz OUT/strangers.csv.gz"),
        "OUT/classes",
        "lab.sealing OUT/heads/release --photo-answers OUT/heads/photo-answers.csv.gz "
        "--strangers OUT/strangers.csv.gz --run OUT/classes",
    ),
    _step(
        *("colour", 9, "PHOTOS OUT/photos/made_X.zip OUT/classes lab/colours.csv", "OUT/colour/release"),
        "lab.colour OUT/photos OUT/classes --run OUT/colour",
        learns_on_network=True,
    ),
    _step(
        *("kind", 4, f"PHOTOS {_VECTORS} OUT/colour/release lab/kinds.csv", "OUT/kind/release"),
        "lab.kind_head OUT/photos OUT/vectors OUT/colour/release --run OUT/kind",
        learns_on_network=True,
    ),
    _step(
        *("sealing", 0.2, "OUT/kind/release", "OUT/release"),
        "lab.list_words OUT/kind/release --run OUT/release --records OUT/records",
    ),
)
