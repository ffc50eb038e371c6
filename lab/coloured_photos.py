"""List the photos whose colour is known, and compute the feature vectors from which a head learns it.

The colours are in the tables of the folder of photos: attributes.csv, the tables of sources, and
colours_users.csv. The head does not learn the brands in attributes.csv that are kept to measure on. The
colours of development photos, which decide the thresholds, are in lab/colours.csv.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import keras
import numpy as np
from rich.progress import track

from inference.arrays import Picture
from inference.pictures.convert import convert_to_pixels
from inference.pictures.framing import fit_whole_picture
from inference.sessions.onnx_session import PROBABILITIES, OnnxSession
from lab.pretraining_photos import (
    CLUTTERED,
    Photo,
    decode_photo,
    list_photos,
    list_source_photos,
    read_pool_photos,
    read_rows,
)
from lab.tuning_photos import MEASURED_ALONE
from lab.views import lay_on_ground
from training.data.vectors import Features
from training.features.blocks import BLOCKS_INPUT_CONTRACT, BlockName, build_vector_network
from training.features.shipped import PHOTO_BLOCKS
from training.release.export import write_graph

WORDS: Final = (
    *("black", "white", "grey", "blue", "turquoise", "green", "brown", "beige", "red", "pink", "purple"),
    *("orange", "yellow", "silver", "gold"),
)
"""The colours that the attribute can answer. Photos with any other word are left out."""

SYNONYMS: Final = {"navy": "blue"}
"""Words of the tables, each with the word that replaces it here."""

CHECKED_COLOURS: Final = Path(__file__).with_name("colours.csv")
"""Path of the table with the colours of the development photos."""

PALETTE: Final[BlockName] = "palette"
"""Feature block that the head reads beside the vector of the class: how much of the picture has which colour.
"""

SHOP, USERS, ALONE, CHECKED = "shop", "users", "alone", "checked"
"""Parts of the photos: learnt photos of shops, learnt photos of users, photos of sources that nothing learns,
and development photos, which decide.
"""

PHOTOS_PER_SEED: Final = 512
"""Number of photos whose new grounds are drawn from one seed."""


def list_coloured_photos(folder: Path) -> list[tuple[str, Photo]]:
    """Return pairs of a part (SHOP, USERS, ALONE or CHECKED) and a photo whose colour is known.

    The field `colours` of each photo has all words that are right, the main one first.
    """
    pairs = [
        *_list_shop_photos(folder),
        *_list_source_photos(folder),
        *_list_user_photos(folder),
        *_list_development_photos(folder),
    ]
    renamed = [
        (part, replace(photo, colours=tuple(SYNONYMS.get(word, word) for word in photo.colours)))
        for part, photo in pairs
    ]
    return [(part, photo) for part, photo in renamed if photo.colours[0] in WORDS]


def _list_shop_photos(folder: Path) -> Iterator[tuple[str, Photo]]:
    """Yield the photos of attributes.csv, without those of brands that are kept to measure on."""
    photos = {photo.id: photo for photo in list_photos(folder)}
    for row in read_rows(folder / "attributes.csv"):
        if row["split"] in {"learn", "choose"}:
            photo = photos.get(row["id"]) or Photo("attributes_more.zip", f"{row['id']}.jpg")
            yield SHOP, replace(photo, colours=(row["colour"],))


def _list_source_photos(folder: Path) -> Iterator[tuple[str, Photo]]:
    """Yield the photos of other shops and people that show one of the ten classes."""
    for photo in list_source_photos(folder):
        if photo.label is not None and photo.colours:
            learnt = USERS if photo.tier == CLUTTERED else SHOP
            yield ALONE if photo.source in MEASURED_ALONE else learnt, photo


def _list_user_photos(folder: Path) -> Iterator[tuple[str, Photo]]:
    """Yield the photos of colours_users.csv, without those of senders who are in the development set."""
    judged = {row["group"] for row in read_rows(folder / "dev.csv")}
    for row in read_rows(folder / "colours_users.csv"):
        if (sender := f"clo-sender-{row['sender_id']}") not in judged:
            words = (row["colour"], *row["also_acceptable"].split())
            name = f"{row['image']}.jpg"
            yield USERS, Photo("colours_users.zip", name, sender=sender, tier=CLUTTERED, colours=words)


def _list_development_photos(folder: Path) -> Iterator[tuple[str, Photo]]:
    """Yield the photos of the development set whose colour somebody has written down."""
    words = {row["picture"]: (row["colour"], *row["also"].split()) for row in read_rows(CHECKED_COLOURS)}
    for photo in read_pool_photos(folder, "dev"):
        if photo.id in words:
            yield CHECKED, replace(photo, colours=words[photo.id])


def compute_colour_features(folder: Path, photos: Sequence[tuple[str, Photo]]) -> Features:
    """Compute two feature vectors for each photo: of the photo, and of a changed view of it.

    The changed view shows the garment of a learnt shop photo on the ground of a user's photo, if its own
    ground is plain. For all other photos it is the mirror image.

    Returns:
        `upright` has the vectors of the photos, `mirrored` those of the changed views.
    """
    body = build_vector_network((*PHOTO_BLOCKS, PALETTE))
    with TemporaryDirectory() as made:
        graph = Path(made) / "vectors.onnx"
        # A session reads the output of this name.
        write_graph(keras.Model(body.input, {PROBABILITIES: body.output}), graph)
        session = OnnxSession(graph, shape=BLOCKS_INPUT_CONTRACT.array_shape)
    grounds = [photo for photo in list_photos(folder) if photo.tier == CLUTTERED]
    rng = np.random.default_rng(0)
    seen = list[list[np.ndarray]]()
    for place, (part, photo) in enumerate(track(photos, "seeing photos")):
        if place % PHOTOS_PER_SEED == 0:
            rng = np.random.default_rng(place)
        ground = grounds[int(rng.integers(len(grounds)))]
        views = _make_views(folder, photo, ground if part == SHOP else None, rng)
        seen.append([session.run(view[None]).class_probabilities[0] for view in views])
    return Features(*np.array(seen, np.float32).transpose(1, 0, 2))


def _make_views(
    folder: Path, photo: Photo, ground: Photo | None, rng: np.random.Generator
) -> tuple[Picture, Picture]:
    """Return a photo and a changed view of it, both as the network reads them.

    `ground` is a photo to lay the garment on; None for the mirror image.
    """
    decoded = decode_photo(folder, photo)
    laid = None
    whole = convert_to_pixels(decoded, BLOCKS_INPUT_CONTRACT)
    if ground is not None:
        laid = lay_on_ground(decoded.picture, decode_photo(folder, ground).picture, rng)
    return whole, np.ascontiguousarray(whole[:, ::-1]) if laid is None else fit_whole_picture(
        laid, BLOCKS_INPUT_CONTRACT.shape
    )
