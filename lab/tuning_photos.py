"""The photos that the tuning learns, and what the frozen stages of EfficientNet-Lite0 see of them.

Each photo is seen as it is and changed (views.py); shops' garments also lie on users' grounds.
Kinds and products are left out, to measure own classes on. Reads the folder that pretraining_photos.py
describes; writes a run's folder, from where a stopped run goes on. The training: tuning.py.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import keras
import numpy as np
from numpy.typing import NDArray
from rich.progress import track

from inference.arrays import Picture, PixelsBatch
from inference.framing import fit_whole
from lab.pretraining_photos import CLUTTERED, EDGE, Photo, decoded_photo, on_ground, photos_of
from lab.views import changed
from training.features import imagenet
from training.features.blocks import READS, STAGE_ENDS
from training.pictures.fashion import from_idx
from training.untyped import Network

OTHER_THINGS: Final = "X"
"""The tier of photos that show none of the ten classes."""
NONE: Final = 10
"""Their label."""

LEFT_OUT_KINDS: Final = {
    "bra": (),
    "capris": (),
    "dupatta": (),
    "necklace": ("kaggle:Necklaces",),
    "scarf": ("kaggle:Scarves",),
    "shorts": ("kaggle:Shorts", "clothing:Shorts", "magento:Shorts"),
    "skirt": ("kaggle:Skirts", "clothing:Skirt"),
    "socks": ("kaggle:Socks",),
}
"""A fifth of the kinds, each with its names in pool.csv."""

LEFT_OUT_PRODUCTS: Final = 0.2
"""Share of shops' photos that are left out, by the hash of their ids."""

MOST: Final = {"A": 300, "B": 350, OTHER_THINGS: 160, "": 260}
"""Photos of a class or kind in a tier at most; of users' all. Empty: those of the catalogue alone."""

OF_USERS: Final = 10
"""Views of a user's photo."""
USUAL: Final = 3
"""Views of another. The first is the photo as it is; the last of a shop's photo lies on a user's ground."""

OF_SCALED: Final = 384
FASHION_MNIST: Final = Path("/usr/share/datasets/fashion-mnist")

CHUNK: Final = 128
"""Photos in a file of the run's folder."""

AT_ONCE: Final = 32

Activations = NDArray[np.float16]
"""(N, 12, 12, 80)."""


@dataclass(frozen=True)
class Views:
    """M views of N photos.

    Attributes:
        activations: (M, 12, 12, 80), the output of stage 4.
        of: int64 (M,), the photo of each, ascending.
    """

    activations: Activations
    of: NDArray[np.int64]


def is_left_out(photo: Photo) -> bool:
    """Whether the tuning does not learn it: of a kind, or a shop's product, that is left out."""
    return of_left_out_kind(photo) or (not photo.sender and _draw(photo) < LEFT_OUT_PRODUCTS)


def of_left_out_kind(photo: Photo) -> bool:
    """Whether it is of a kind that the tuning does not learn."""
    names = {name for names in LEFT_OUT_KINDS.values() for name in names}
    return photo.kind in LEFT_OUT_KINDS or photo.source_label in names


def tuning_photos(folder: Path) -> list[Photo]:
    """Users' photos, and of each class and kind of the shops' so many as MOST says; none of dev's senders."""
    cells = defaultdict[tuple[str, str], list[Photo]](list)
    for photo in photos_of(folder):
        if not is_left_out(photo):
            cells["users" if photo.sender else photo.tier, shown_by(photo)].append(photo)
    return [
        photo
        for tier, shown in sorted(cells)
        for photo in sorted(cells[tier, shown], key=_draw)[: MOST.get(tier)]
    ]


def shown_by(photo: Photo) -> str:
    """What a photo shows: one of the ten classes, else its kind, else its source's label."""
    return photo.kind or photo.source_label if photo.label is None else str(photo.label)


def _draw(photo: Photo) -> float:
    digest = hashlib.sha256(f"tuning {photo.id}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def labels_of(photos: Sequence[Photo]) -> NDArray[np.int64]:
    """Int64 (N,): 0..9, NONE for none of the classes, -1 where it is not known."""
    known = [-1 if photo.label is None else photo.label for photo in photos]
    of_others = [photo.tier == OTHER_THINGS for photo in photos]
    return np.where(of_others, NONE, known)


def changed_views(folder: Path, photos: Sequence[Photo], run: Path) -> Views:
    """See the photos as a training does."""
    grounds = [photo for photo in photos if photo.tier == CLUTTERED]

    def views(number: int) -> list[Picture]:
        photo, rng = photos[number], np.random.default_rng(number)
        picture = decoded_photo(folder, photo).picture
        found = [fit_whole(picture, READS.shape)]
        square = fit_whole(picture, (EDGE, EDGE))
        for _ in range(1, OF_USERS if photo.sender else USUAL):
            found.append(changed(square, READS.shape[0], rng))
        if not photo.sender:
            beneath = decoded_photo(folder, grounds[rng.integers(len(grounds))]).picture
            laid = on_ground(picture, beneath, rng)
            found[-1] = found[-1] if laid is None else changed(laid, READS.shape[0], rng)
        return found

    return _seen([photo.id for photo in photos], views, run)


def upright_and_mirrored(folder: Path, photos: Sequence[Photo], run: Path) -> Views:
    """See the photos as a head learns them: two views of each."""

    def views(number: int) -> list[Picture]:
        picture = fit_whole(decoded_photo(folder, photos[number]).picture, READS.shape)
        return [picture, np.ascontiguousarray(picture[:, ::-1])]

    return _seen([photo.id for photo in photos], views, run)


def scaled_views(run: Path) -> tuple[Views, NDArray[np.int64]]:
    """One view of each of OF_SCALED enlarged pictures of Fashion-MNIST, half negated; and their labels."""
    train = from_idx(FASHION_MNIST).train
    chosen = np.random.default_rng(0).permutation(len(train))[:OF_SCALED]

    def views(number: int) -> list[Picture]:
        image = cv2.resize(train.images[chosen[number]], READS.shape, interpolation=cv2.INTER_LINEAR)
        return [np.repeat((255 - image if number % 2 else image)[..., None], 3, axis=2)]

    return _seen([str(number) for number in chosen], views, run), train.labels[chosen].astype(np.int64)


def _seen(ids: Sequence[str], views: Callable[[int], list[Picture]], run: Path) -> Views:
    """See photos, but for those that an earlier try of this run saw."""
    cv2.setNumThreads(1)
    run.mkdir(parents=True, exist_ok=True)
    lower, parts = below_stage_5(), list[Views]()
    for start in track(range(0, len(ids), CHUNK), run.name):
        some = range(start, min(start + CHUNK, len(ids)))
        digest = hashlib.sha256("\n".join(ids[number] for number in some).encode()).hexdigest()[:16]
        path = run / f"{digest}.npz"
        if not path.exists():
            pictures = [views(number) for number in some]
            pixels = np.stack([picture for of_photo in pictures for picture in of_photo])
            of = np.repeat(some, [len(of_photo) for of_photo in pictures])
            partial = path.with_suffix(".partial.npz")
            np.savez(partial, activations=_activations(lower, pixels), of=of - start)
            partial.rename(path)
        with np.load(path) as stored:
            parts.append(Views(stored["activations"], stored["of"] + start))
    return Views(
        np.concatenate([one.activations for one in parts]), np.concatenate([one.of for one in parts])
    )


def below_stage_5() -> Network:
    """The stages that stay as they are: keras.Model from `pixels` to float32 (N, 12, 12, 80)."""
    whole = imagenet.load()
    return keras.Model(whole.input, whole.get_layer(STAGE_ENDS[0]).output)


def _activations(lower: Network, pixels: PixelsBatch) -> Activations:
    parts = [lower.predict_on_batch(pixels[at : at + AT_ONCE]) for at in range(0, len(pixels), AT_ONCE)]
    return np.concatenate(parts).astype(np.float16)
