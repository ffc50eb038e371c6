"""Give the network of a release that answers photos a head for the attribute `colour`.

python -m lab.colour PHOTOS RELEASE --run FOLDER

PHOTOS is the folder that pretraining_photos.py describes, with attributes.csv (shop photos, split by brand)
and colours_users.csv. The head learns shop photos, as they are and laid on users' grounds, and photos of
users. Temperature and threshold come from colours.csv alone: development photos, of which nothing is learnt,
with every admissible word. The class keeps its network, head and thresholds. Vectors, and then the release,
are in FOLDER.
"""

import argparse
import csv
import hashlib
import shlex
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from inference.arrays import Picture
from inference.contract import LABEL, ModelContract
from inference.decision import calibrate
from inference.framing import fit_whole
from inference.onnx_session import PROBABILITIES, OnnxSession
from lab.attribute import (
    UNITS,
    AttributeHead,
    attribute_answers,
    promise_of_products,
    rows_of,
    seal_with,
    sha256_of,
    stored_answers,
)
from lab.pretraining_photos import (
    CLUTTERED,
    Photo,
    decoded_photo,
    photos_of,
    pool_photos,
    source_photos,
)
from lab.tuning_photos import MEASURED_ALONE
from lab.views import on_ground
from model_store.files import NEW_RELEASE
from model_store.local import LocalRelease, open_release
from reports.answers import Answers
from reports.values import AllAccepted, AttributeFigures, report_of
from training.data.labels import Labels
from training.data.vectors import Features, Vectors, joined
from training.decide.decide import Thresholds, decide_attributes
from training.decide.requirements import ACCEPTED_OF_PHOTOS, Requirements
from training.features.blocks import READS, Block, network
from training.features.shipped import LITE2
from training.features.weights import read_npz, weights_hash, write_npz
from training.heads.hidden import HiddenHead, fit_hidden_head
from training.measure.attributes import all_accepted, attribute_figures, attribute_in_words
from training.progress import Lines, Progress, Say
from training.release.export import write_graph

COLOUR: Final = "colour"

WORDS: Final = (
    *("black", "white", "grey", "blue", "turquoise", "green", "brown", "beige", "red", "pink", "purple"),
    *("orange", "yellow", "silver", "gold"),
)

SAME: Final = {"navy": "blue"}
"""Words of the tables that are another one here. Photos with any further word are left out."""

CHECKED: Final = Path(__file__).with_name("colours.csv")

PALETTE: Final[Block] = "palette"
"""What the head reads beside the vector of the class."""

OF_USERS: Final = 8.0
"""What a photo of users counts: there are 424 of them and 9,363 of shops."""

BALANCE: Final = 0.5
"""The n photos of a colour weigh n^-BALANCE each."""

DEVELOPMENT: Final = ("A", "B", CLUTTERED)

SHOP, USERS, ALONE = "shop", "users", "alone"
"""Parts: learnt; learnt; of sources that nothing learns."""

CHUNK: Final = 512
"""Photos in a file of vectors."""


@dataclass(frozen=True)
class Coloured:
    """A photo and its colour.

    Attributes:
        photo: the photo.
        part: SHOP, USERS, ALONE, or a tier of development photos.
        right: admissible words, the main one first.
    """

    photo: Photo
    part: str
    right: tuple[str, ...]


def coloured_photos(folder: Path) -> list[Coloured]:
    """Photos whose colour is one of WORDS."""
    photos = [*_of_shop(folder), *_of_sources(folder), *_of_users(folder), *_of_development(folder)]
    renamed = [replace(photo, right=tuple(SAME.get(word, word) for word in photo.right)) for photo in photos]
    return [photo for photo in renamed if photo.right[0] in WORDS]


def _of_shop(folder: Path) -> Iterator[Coloured]:
    """Photos of the shop but those of the brands that are kept to measure on."""
    photos = {photo.id: photo for photo in photos_of(folder)}
    for row in _rows(folder / "attributes.csv"):
        if row["split"] in {"learn", "choose"}:
            photo = photos.get(row["id"]) or Photo("attributes_more.zip", f"{row['id']}.jpg")
            yield Coloured(photo, SHOP, (row["colour"],))


def _of_sources(folder: Path) -> Iterator[Coloured]:
    for photo in source_photos(folder):
        if photo.label is not None and photo.colours:
            learnt = USERS if photo.tier == CLUTTERED else SHOP
            yield Coloured(photo, ALONE if photo.source in MEASURED_ALONE else learnt, photo.colours)


def _of_users(folder: Path) -> Iterator[Coloured]:
    """Of senders of whom there is no development photo."""
    judged = {row["group"] for row in _rows(folder / "dev.csv")}
    for row in _rows(folder / "colours_users.csv"):
        if (sender := f"clo-sender-{row['sender_id']}") not in judged:
            photo = Photo("colours_users.zip", f"{row['image']}.jpg", sender=sender, tier=CLUTTERED)
            yield Coloured(photo, USERS, (row["colour"], *row["also_acceptable"].split()))


def _of_development(folder: Path) -> Iterator[Coloured]:
    words = {row["picture"]: (row["colour"], *row["also"].split()) for row in _rows(CHECKED)}
    for photo in pool_photos(folder, "dev"):
        if photo.id in words:
            yield Coloured(photo, photo.tier, words[photo.id])


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def labels_of(photos: Sequence[Coloured]) -> Labels:
    """Every admissible word of each."""
    main = np.array([WORDS.index(one.right[0]) for one in photos], np.int16)
    return Labels(WORDS, main, np.array([[word in one.right for word in WORDS] for one in photos]))


def see(folder: Path, run: Path, photos: Sequence[Coloured], progress: Progress) -> Features:
    """Vectors of photos, kept in a folder so that a stopped run goes on.

    Returns:
        `upright` of the whole photos; `mirrored` of the same garments on users' grounds where a learnt shop
        photo's own is plain, else of the mirror image.
    """
    body, found = network((*LITE2, PALETTE)), list[Features]()
    # What another network saw in the same folder, or this one of other photos, is not taken.
    of_network = weights_hash(body)[:8]
    graph = run / f"vectors-{of_network}.onnx"
    if not graph.exists():
        run.mkdir(parents=True, exist_ok=True)
        # A session reads the output of this name.
        write_graph(keras.Model(body.input, {PROBABILITIES: body.output}), graph)
    session = OnnxSession(graph, shape=READS.array_shape)
    grounds = [photo for photo in photos_of(folder) if photo.tier == CLUTTERED]
    with progress.counting("seeing photos") as watch:
        for start in range(0, len(photos), CHUNK):
            chunk = photos[start : start + CHUNK]
            of_photos = hashlib.sha256(" ".join(one.photo.id for one in chunk).encode()).hexdigest()[:8]
            path = run / f"vectors-{of_network}-{of_photos}.npz"
            if not path.exists():
                rng = np.random.default_rng(start)
                views = [_views(folder, one, grounds[int(rng.integers(len(grounds)))], rng) for one in chunk]
                seen = [[session.run(view[None]).of_label[0] for view in pair] for pair in views]
                write_npz(path, both=np.array(seen, np.float32))
            upright, other = read_npz(path)["both"].transpose(1, 0, 2)
            found.append(Features(upright, other))
            watch(start + len(chunk), len(photos))
    return joined(found)


def _views(folder: Path, one: Coloured, ground: Photo, rng: np.random.Generator) -> tuple[Picture, Picture]:
    picture = decoded_photo(folder, one.photo).picture
    whole = fit_whole(picture, READS.shape)
    laid = None
    if one.part == SHOP:
        laid = on_ground(picture, decoded_photo(folder, ground).picture, rng)
    return whole, np.ascontiguousarray(whole[:, ::-1]) if laid is None else fit_whole(laid, READS.shape)


def fit(photos: Sequence[Coloured], labels: Labels, seen: Features, places: NDArray[np.int64]) -> HiddenHead:
    """Fit the head on the photos of SHOP and USERS among those at these places."""
    learnt = places[[photos[place].part in {SHOP, USERS} for place in places.tolist()]]
    of_users = np.array([photos[place].part == USERS for place in learnt.tolist()])
    words = labels.main[learnt]
    weights = np.float64(np.bincount(words)[words]) ** -BALANCE * np.where(of_users, OF_USERS, 1.0)
    return fit_hidden_head(seen.take(learnt), words.astype(np.uint8), len(WORDS), weights, UNITS)


def seal(  # noqa: PLR0913, PLR0917 - a release, and all that is new in it
    folder: Path, parent: LocalRelease, photos: Sequence[Coloured], seen: Features, where: Path, say: Say
) -> None:
    """Fit the head, decide by the development photos, and write the release.

    Args:
        folder: of photos.
        parent: whose class, networks and figures it has.
        photos: N of them.
        seen: of these.
        where: the release's folder, which is emptied.
        say: receives the figures that decided.
    """
    kept, before, labels = stored_answers(parent), parent.manifest.contract("photos"), labels_of(photos)
    fit_on = partial(fit, photos, labels, seen)
    head = fit_on(np.arange(len(photos)))
    of_tiers = np.flatnonzero([one.part in DEVELOPMENT for one in photos])
    rows = rows_of(kept, partial(sha256_of, folder), [photos[place].photo for place in of_tiers.tolist()])
    shares, of_class = (
        softmax(head.logits(seen.upright), axis=1)[of_tiers],
        kept.take(np.array(rows, np.int64)),
    )
    contract, figures, together, sentence = _decided(before, of_class, labels.take(of_tiers), shares)
    say(sentence)
    changed: dict[str, object] = {"all_accepted": together}
    all_photos = [one.photo for one in photos]
    promise = promise_of_products(
        COLOUR, all_photos, labels, seen, fit_on, partial(sha256_of, folder), kept, contract
    )
    if promise:
        changed["products"] = report_of(parent).products | {COLOUR: promise}
    learnt = {part: [one.photo for one in photos if one.part == part] for part in (SHOP, USERS)}
    new = AttributeHead(
        name=COLOUR, fitted=head, learnt=learnt, further=(PALETTE,), command=shlex.join(sys.orig_argv)
    )
    seal_with(where, parent, folder, new, contract, figures, kept, changed)


def _decided(
    contract: ModelContract, of_class: Answers, shown: Labels, shares: Vectors
) -> tuple[ModelContract, AttributeFigures, AllAccepted, str]:
    """What the development photos decide and show: the contract with the head, figures, and a sentence."""
    labels = {LABEL: Labels.of(of_class.truth, contract.labels), COLOUR: shown}
    about_class = Thresholds(contract.temperature, contract.familiarity, contract.of_label.confidence, ())
    target = Requirements(right=ACCEPTED_OF_PHOTOS)
    decided = decide_attributes(labels, {COLOUR: shares}, of_class, about_class, target)[COLOUR]
    contract = contract.with_heads({COLOUR: decided.head(WORDS)})
    calibrated = np.array([calibrate(row, decided.temperature) for row in shares.tolist()])
    answers = attribute_answers(COLOUR, of_class, shown, calibrated, contract)
    figures = attribute_figures(shown, decided, answers)
    together = all_accepted(of_class, {COLOUR: answers}, labels)
    return contract, figures, together, attribute_in_words(COLOUR, figures, decided)


def main(argv: list[str] | None = None) -> int:
    """See photos, fit the head, and seal the release."""
    parser = argparse.ArgumentParser(prog="python -m lab.colour", description=main.__doc__)
    add = parser.add_argument
    add("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    add("release", type=Path, metavar="RELEASE", help="folder of the release that gets the head")
    add("--run", type=Path, required=True, metavar="FOLDER", help="of vectors and the new release")
    given = parser.parse_args(argv)
    progress, photos, parent = Lines(), coloured_photos(given.photos), open_release(given.release)
    seen = see(given.photos, given.run, photos, progress)
    seal(given.photos, parent, photos, seen, given.run / NEW_RELEASE, progress.say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
