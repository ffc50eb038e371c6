"""Give the network of a release that answers photos a head for the attribute `colour`.

python -m lab.colour PHOTOS RELEASE --run FOLDER

PHOTOS is the folder that pretraining_photos.py describes, with attributes.csv (shop photos, split by brand)
and colours_users.csv. The head learns shop photos, as they are and laid on users' grounds, and photos of
users. Temperature and threshold come from colours.csv alone: development photos, of which nothing is learnt,
with every admissible word. The class keeps its network, head and thresholds. Vectors, and then the release,
are in FOLDER.
"""

import argparse
import hashlib
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from pydantic import JsonValue
from scipy.special import softmax

from inference.arrays import Picture
from inference.contract import LABEL, ModelContract
from inference.decision import calibrate
from inference.framing import fit_whole
from inference.keras_session import load_model
from inference.onnx_session import OF_ATTRIBUTE, PROBABILITIES, OnnxSession
from lab.coloured_photos import SHOP, USERS, WORDS, Coloured, coloured_photos
from lab.coloured_products import COLOUR, colour_answers, promise_of_products
from lab.photo_tables import SOURCES
from lab.pretraining_photos import (
    CLUTTERED,
    Photo,
    decoded_photo,
    names_of_sources,
    on_ground,
    photo_bytes,
    photos_of,
)
from model_store.files import NEW_RELEASE, PHOTO_FILES
from model_store.local import LocalRelease, open_release
from model_store.manifest import Manifest
from model_store.networks import open_networks
from reports.answers import NAME_LENGTH, Answers, all_answers_in
from reports.values import AllAccepted, AttributeFigures, report_of
from training.data.labels import Labels
from training.data.learnt_hashes import NOTHING, Learnt, load_learnt
from training.data.vectors import Features, Vectors, joined
from training.decide.decide import Thresholds, decide_attributes
from training.decide.requirements import ACCEPTED_OF_PHOTOS, Requirements
from training.environment import libraries
from training.features.blocks import READS, VECTOR, Block, network
from training.features.shipped import LITE0
from training.features.weights import read_npz, write_npz
from training.heads.hidden import MEMBERS, HiddenHead, fit_hidden_head
from training.measure.attributes import all_accepted, attribute_figures, attribute_in_words
from training.progress import Lines, Progress, Say
from training.release.export import export_photos, write_graph
from training.release.make import begin, make_release
from training.release.photos import photo_model_figures
from training.untyped import Network

PALETTE: Final[Block] = "palette"
"""What the head reads beside the vector of the class."""

UNITS: Final = 256
"""Of each member of the head."""

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
    graph, found = run / "vectors.onnx", list[Features]()
    if not graph.exists():
        run.mkdir(parents=True, exist_ok=True)
        body = network((*LITE0, PALETTE))
        # A session reads the output of this name.
        write_graph(keras.Model(body.input, {PROBABILITIES: body.output}), graph)
    session = OnnxSession(graph, shape=READS.array_shape)
    grounds = [photo for photo in photos_of(folder) if photo.tier == CLUTTERED]
    with progress.counting("seeing photos") as watch:
        for start in range(0, len(photos), CHUNK):
            path, chunk = run / f"vectors-{start}.npz", photos[start : start + CHUNK]
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
    return fit_hidden_head(seen.take(learnt), labels.astype(np.uint8), weights, UNITS)


def _labels(photos: Sequence[Coloured]) -> NDArray[np.int64]:
    """The main word of each; -1 of tier X."""
    return np.array([WORDS.index(one.right[0]) if one.right else -1 for one in photos], np.int64)


def with_colour(photos: Network, head: HiddenHead) -> Network:
    """The network that answers photos, with one more output."""
    seen = [photos.get_layer(VECTOR).output, network((PALETTE,))(photos.input)]
    vector = layers.Concatenate(name=f"{VECTOR}_{COLOUR}", dtype="float32")(seen)
    hidden = layers.Dense(len(head.hidden_bias), "relu", name=f"hidden_{COLOUR}", dtype="float32")
    last = layers.Dense(len(WORDS), "softmax", name=f"probabilities_{COLOUR}", dtype="float32")
    answers = photos.output | {f"{OF_ATTRIBUTE}{COLOUR}": last(hidden(vector))}
    hidden.set_weights([head.hidden, head.hidden_bias])
    last.set_weights([head.kernel, head.bias])
    return keras.Model(photos.input, answers, name=photos.name)


def seal(  # noqa: PLR0913, PLR0917 - a release, and all that is new in it
    folder: Path,
    parent: LocalRelease,
    photos: Sequence[Coloured],
    seen: Features,
    head: HiddenHead,
    probabilities: Vectors,
    where: Path,
    command: str,
    say: Say,
) -> Manifest:
    """Decide by the development photos, and write the release.

    Args:
        folder: of photos.
        parent: whose class, networks and figures it has.
        photos: N of them.
        seen: of these.
        head: of the colour.
        probabilities: float32 (N, C), its answers.
        where: the release's folder, which is emptied.
        command: the command line.
        say: receives the figures that decided.
    """
    known, before = parent.manifest, parent.manifest.network("photos")
    kept = all_answers_in(known, lambda name: (parent.folder / name).read_bytes(), str(parent.folder))
    contract, figures, together, sentence = _decided(folder, before.contract, kept, photos, probabilities)
    say(sentence)
    begin(where, parent, frozenset(PHOTO_FILES))
    whole = with_colour(load_model(parent.folder / before.artifact), head)
    golden = export_photos(whole, where)
    learnt = [one for one in photos if one.part in {SHOP, USERS}]
    hashes = Learnt.of(np.array([_sha256(folder, one.photo) for one in learnt]))
    ((load_learnt(parent.folder) or NOTHING) | hashes).save(where)
    report = report_of(parent)
    record: dict[str, JsonValue] = {
        "blocks": [*LITE0, PALETTE],
        "units": MEMBERS * UNITS,
        "photos": dict(sorted(Counter(one.part for one in learnt).items())),
        "command": command,
        "libraries": dict(libraries()),
    }
    configuration = report.training.configuration | {f"{COLOUR}_head": record}
    changed = {
        "training": report.training.changed(configuration=configuration),
        "photo_model": photo_model_figures(whole, where, contract),
        "attributes": {COLOUR: figures},
        "all_accepted": together,
    }
    if promise := promise_of_products(photos, seen, partial(_sha256, folder), kept, contract, fit):
        changed["products"] = report.products | {COLOUR: promise}
    names = defaultdict(lambda: SOURCES["clo"], SOURCES | names_of_sources(folder))
    network_of_photos = before.changed(contract=contract, golden=golden)
    return make_release(
        where,
        networks=known.networks | {"photos": network_of_photos},
        report=report.changed(**changed),
        answers=kept,
        parent=known,
        sources=sorted({*known.sources, *(names[one.photo.source] for one in learnt)}),
    )


def _decided(
    folder: Path,
    contract: ModelContract,
    kept: Answers,
    photos: Sequence[Coloured],
    probabilities: Vectors,
) -> tuple[ModelContract, AttributeFigures, AllAccepted, str]:
    """What the development photos decide and show: the contract with the head, figures, and a sentence."""
    row_of = {name: place for place, name in enumerate(kept.pictures.tolist())}
    of_photos = [place for place, one in enumerate(photos) if one.part in DEVELOPMENT]
    shown = [photos[place] for place in of_photos]
    of_class = kept.take(np.array([row_of[_sha256(folder, one.photo)[:NAME_LENGTH]] for one in shown]))
    right = np.array([[word in one.right for word in WORDS] for one in shown])
    labels = {LABEL: Labels.of(of_class.truth, contract.labels), COLOUR: Labels(WORDS, _labels(shown), right)}
    about_class = Thresholds(contract.temperature, contract.familiarity, contract.of_label.confidence, ())
    target, shares = Requirements(right=ACCEPTED_OF_PHOTOS), {COLOUR: probabilities[of_photos]}
    decided = decide_attributes(labels, shares, of_class, about_class, target)[COLOUR]
    contract = contract.with_heads({COLOUR: decided.head(WORDS)})
    calibrated = np.array([calibrate(row, decided.temperature) for row in shares[COLOUR].tolist()])
    answers = colour_answers(of_class, labels[COLOUR], calibrated, contract)
    figures = attribute_figures(labels[COLOUR], decided, answers)
    together = all_accepted(of_class, {COLOUR: answers}, labels)
    return contract, figures, together, attribute_in_words(COLOUR, figures, decided)


def _sha256(folder: Path, photo: Photo) -> str:
    return hashlib.sha256(photo_bytes(folder, photo)).hexdigest()


def measure(folder: Path, made: LocalRelease, photos: Sequence[Coloured], say: Say) -> None:
    """Say what the release answers to photos of which the head learnt nothing.

    How familiar a development photo is, heads of folds said, which had learnt no photo of its sender. Other
    photos of tier X count where the class did not learn them.
    """
    known = all_answers_in(made.manifest, lambda name: (made.folder / name).read_bytes(), str(made.folder))
    ranks = dict(zip(known.pictures.tolist(), known.familiarity.tolist(), strict=True))
    classifier, contract = open_networks(made)["photos"], made.manifest.contract("photos")
    learnt, found = load_learnt(made.folder) or NOTHING, defaultdict[str, list[tuple[bool, ...]]](list)
    for one in photos:
        if one.part in {SHOP, USERS}:
            continue
        sha256 = _sha256(folder, one.photo)
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
    command = "python -m lab.colour photos model_store/bundled --run runs/colour"
    where = given.run / NEW_RELEASE
    seal(given.photos, parent, photos, seen, head, probabilities, where, command, progress.say)
    made = open_release(where)
    measure(given.photos, made, photos, progress.say)
    return 0


if __name__ == "__main__":
    sys.exit(main())
