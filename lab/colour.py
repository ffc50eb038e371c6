"""Give the network of a release that answers photos a head for the attribute `colour`.

python -m lab.colour PHOTOS RELEASE --run FOLDER

PHOTOS is the folder that pretraining_photos.py describes, with attributes.csv (shop photos, split by brand)
and colours_users.csv. The head learns shop photos, as they are and laid on users' grounds, and photos of
users. Temperature and threshold come from colours.csv alone: development photos, of which nothing is learnt,
with every admissible word. The class keeps its network, head and thresholds. Vectors, and then the release,
are in FOLDER.
"""

import argparse
import shlex
import sys
from collections import defaultdict
from collections.abc import Sequence
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
from lab.attribute_head import (
    UNITS,
    AttributeHead,
    attribute_answers,
    rows_of,
    seal_with,
    sha256_of,
    stored_answers,
)
from lab.coloured_photos import COLOUR, SHOP, USERS, WORDS, Coloured, coloured_photos, promise_of_products
from lab.pretraining_photos import CLUTTERED, Photo, decoded_photo, on_ground, photos_of
from model_store.files import NEW_RELEASE
from model_store.local import LocalRelease, open_release
from model_store.networks import open_networks
from reports.answers import NAME_LENGTH, Answers
from reports.values import AllAccepted, AttributeFigures, report_of
from training.data.labels import Labels
from training.data.learnt_hashes import NOTHING, load_learnt
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

PALETTE: Final[Block] = "palette"
"""What the head reads beside the vector of the class."""

OF_USERS: Final = 8.0
"""What a photo of users counts: there are 424 of them and 9,363 of shops."""

BALANCE: Final = 0.5
"""The n photos of a colour weigh n^-BALANCE each."""

DEVELOPMENT: Final = ("A", "B", CLUTTERED)

CHUNK: Final = 512
"""Photos in a file of vectors."""


def see(folder: Path, run: Path, photos: Sequence[Coloured], progress: Progress) -> Features:
    """Vectors of photos, kept in a folder so that a stopped run goes on.

    Returns:
        `upright` of the whole photos; `mirrored` of the same garments on users' grounds where a learnt shop
        photo's own is plain, else of the mirror image.
    """
    body, found = network((*LITE2, PALETTE)), list[Features]()
    # What another network saw in the same folder is not taken for this one's.
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
            path, chunk = run / f"vectors-{of_network}-{start}.npz", photos[start : start + CHUNK]
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


def fit(photos: Sequence[Coloured], seen: Features) -> HiddenHead:
    """Fit the head on the photos of SHOP and USERS; `seen` is of all."""
    learnt = np.flatnonzero([one.part in {SHOP, USERS} for one in photos])
    labels = _labels(photos)[learnt]
    of_users = np.array([photos[place].part == USERS for place in learnt.tolist()])
    weights = np.float64(np.bincount(labels)[labels]) ** -BALANCE * np.where(of_users, OF_USERS, 1.0)
    return fit_hidden_head(seen.take(learnt), labels.astype(np.uint8), len(WORDS), weights, UNITS)


def _labels(photos: Sequence[Coloured]) -> NDArray[np.int64]:
    """The main word of each; -1 of tier X."""
    return np.array([WORDS.index(one.right[0]) if one.right else -1 for one in photos], np.int64)


def seal(  # noqa: PLR0913, PLR0917 - a release, and all that is new in it
    folder: Path,
    parent: LocalRelease,
    photos: Sequence[Coloured],
    seen: Features,
    head: HiddenHead,
    probabilities: Vectors,
    where: Path,
    say: Say,
) -> None:
    """Decide by the development photos, and write the release.

    Args:
        folder: of photos.
        parent: whose class, networks and figures it has.
        photos: N of them.
        seen: of these.
        head: of the colour.
        probabilities: float32 (N, C), its answers.
        where: the release's folder, which is emptied.
        say: receives the figures that decided.
    """
    kept, before = stored_answers(parent), parent.manifest.contract("photos")
    contract, figures, together, sentence = _decided(folder, before, kept, photos, probabilities)
    say(sentence)
    changed: dict[str, object] = {"all_accepted": together}
    if promise := promise_of_products(photos, seen, partial(sha256_of, folder), kept, contract, fit):
        changed["products"] = report_of(parent).products | {COLOUR: promise}
    learnt = {part: [one.photo for one in photos if one.part == part] for part in (SHOP, USERS)}
    new = AttributeHead(
        name=COLOUR, fitted=head, learnt=learnt, further=(PALETTE,), command=shlex.join(sys.orig_argv)
    )
    seal_with(where, parent, folder, new, contract, figures, kept, changed)


def _decided(
    folder: Path,
    contract: ModelContract,
    kept: Answers,
    photos: Sequence[Coloured],
    probabilities: Vectors,
) -> tuple[ModelContract, AttributeFigures, AllAccepted, str]:
    """What the development photos decide and show: the contract with the head, figures, and a sentence."""
    of_photos = [place for place, one in enumerate(photos) if one.part in DEVELOPMENT]
    shown = [photos[place] for place in of_photos]
    rows = rows_of(kept, partial(sha256_of, folder), [one.photo for one in shown])
    of_class = kept.take(np.array(rows, np.int64))
    right = np.array([[word in one.right for word in WORDS] for one in shown])
    labels = {LABEL: Labels.of(of_class.truth, contract.labels), COLOUR: Labels(WORDS, _labels(shown), right)}
    about_class = Thresholds(contract.temperature, contract.familiarity, contract.of_label.confidence, ())
    target, shares = Requirements(right=ACCEPTED_OF_PHOTOS), {COLOUR: probabilities[of_photos]}
    decided = decide_attributes(labels, shares, of_class, about_class, target)[COLOUR]
    contract = contract.with_heads({COLOUR: decided.head(WORDS)})
    calibrated = np.array([calibrate(row, decided.temperature) for row in shares[COLOUR].tolist()])
    answers = attribute_answers(COLOUR, of_class, labels[COLOUR], calibrated, contract)
    figures = attribute_figures(labels[COLOUR], decided, answers)
    together = all_accepted(of_class, {COLOUR: answers}, labels)
    return contract, figures, together, attribute_in_words(COLOUR, figures, decided)


def measure(folder: Path, made: LocalRelease, photos: Sequence[Coloured], say: Say) -> None:
    """Say what the release answers to photos of which the head learnt nothing.

    How familiar a development photo is, heads of folds said, which had learnt no photo of its sender. Other
    photos of tier X count where the class did not learn them.
    """
    known = stored_answers(made)
    ranks = dict(zip(known.pictures.tolist(), known.familiarity.tolist(), strict=True))
    classifier, contract = open_networks(made)["photos"], made.manifest.contract("photos")
    learnt, found = load_learnt(made.folder) or NOTHING, defaultdict[str, list[tuple[bool, ...]]](list)
    for one in photos:
        if one.part in {SHOP, USERS}:
            continue
        sha256 = sha256_of(folder, one.photo)
        rank = ranks.get(sha256[:NAME_LENGTH])
        if not one.right and rank is None and learnt.has(np.array([sha256]))[0]:
            continue
        view = fit_whole(decoded_photo(folder, one.photo).picture, READS.shape)
        (given,) = classifier.classify(view[None])
        answer, familiarity = given.attributes[COLOUR], given.familiarity if rank is None else rank
        is_sure = answer.confidence >= contract.heads[COLOUR].confidence
        least = contract.least_familiarity_of(contract.heads[COLOUR], answer.label)
        accepted = is_sure and (familiarity or 0) >= least
        found[one.part].append((answer.label in one.right[:1], answer.label in one.right, accepted))
    for part, rows in found.items():
        main_word, admissible, accepted = np.array(rows).T
        right = f"{admissible[accepted].mean():.3f}" if accepted.any() else "none"
        say(
            f"{part}: n {len(rows)}, main word {main_word.mean():.3f}, admissible {admissible.mean():.3f}, "
            f"accepted {accepted.mean():.3f}, of these admissible {right}"
        )


def main(argv: list[str] | None = None) -> int:
    """See photos, fit the head, seal the release, and print what it answers."""
    parser = argparse.ArgumentParser(prog="python -m lab.colour", description=main.__doc__)
    parser.add_argument("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    parser.add_argument(
        "release", type=Path, metavar="RELEASE", help="folder of the release that gets the head"
    )
    parser.add_argument(
        "--run", type=Path, required=True, metavar="FOLDER", help="of vectors and the new release"
    )
    given = parser.parse_args(argv)
    progress, photos, parent = Lines(), coloured_photos(given.photos), open_release(given.release)
    seen = see(given.photos, given.run, photos, progress)
    with progress.counting("fitting the head"):
        head = fit(photos, seen)
    probabilities = softmax(head.logits(seen.upright), axis=1)
    where = given.run / NEW_RELEASE
    seal(given.photos, parent, photos, seen, head, probabilities, where, progress.say)
    made = open_release(where)
    measure(given.photos, made, photos, progress.say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
