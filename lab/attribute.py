"""Add a head for an attribute to the network of a release that answers photos, and seal the release again.

The class keeps its network, head and thresholds, and so do other attributes. What products show, heads say
that learnt nothing of their source. Reads the folder of photos and the parent; writes the new release's
folder. An attribute is a script that says which photos it learns, by a table: colour.py and colours.csv,
kind_head.py and kinds.csv.
"""

import hashlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from scipy.special import softmax

from inference.contract import ModelContract
from inference.decision import calibrate
from inference.onnx_session import OF_ATTRIBUTE
from lab.photo_tables import source_of
from lab.pretraining_photos import Photo, decoded_photo, names_of_sources, photo_bytes
from lab.strangers_heads import SOURCES, parts_of
from lab.tuning_photos import PARTS
from model_store.files import PHOTO_FILES
from model_store.local import LocalRelease
from model_store.manifest import Manifest
from reports.answers import NAME_LENGTH, NONE_OF_THESE, Answers, all_answers_in
from reports.decisions import decide_stored
from reports.values import AttributeFigures, ProductPromise, report_of
from training.data.labels import Labels
from training.data.learnt_hashes import NOT_SAID, Learnt, load_learnt
from training.data.near_copies import perceptual_hash
from training.data.vectors import Features, Vectors
from training.decide.requirements import ACCEPTED_OF_PHOTOS
from training.environment import libraries
from training.features.blocks import VECTOR, Block, network
from training.features.shipped import LITE2
from training.heads.hidden import MEMBERS, HiddenHead
from training.measure.products import products_of
from training.release.make import begin, make_release
from training.release.photo_heads import below, export_heads
from training.release.photos import network_that_sees_alike, photo_model_figures
from training.untyped import Network

UNITS = 256
"""Of each member of a head."""


@dataclass(frozen=True, kw_only=True)
class AttributeHead:
    """A head, and what it learnt.

    Attributes:
        name: of the attribute.
        fitted: the head.
        learnt: the photos, by what they are.
        further: what it reads beside the vector of the class.
        sums: float32 (labels of the head, labels of the attribute), 1 where the first are one of the second;
            None where they are the same.
        command: that made it.
    """

    name: str
    fitted: HiddenHead
    learnt: Mapping[str, Sequence[Photo]]
    further: tuple[Block, ...] = ()
    sums: Vectors | None = None
    command: str


def with_head(heads: Network, new: AttributeHead) -> Network:
    """The heads that answer photos, with one more output."""
    (pixels, vector), name, fitted = heads.inputs, new.name, new.fitted
    if new.further:
        seen = [vector, network(new.further)(pixels)]
        vector = layers.Concatenate(name=f"{VECTOR}_{name}", dtype="float32")(seen)
    hidden = layers.Dense(len(fitted.hidden_bias), "relu", name=f"hidden_{name}", dtype="float32")
    last = layers.Dense(len(fitted.bias), "softmax", name=f"probabilities_{name}", dtype="float32")
    answers = last(hidden(vector))
    hidden.set_weights([fitted.hidden, fitted.hidden_bias])
    last.set_weights([fitted.kernel, fitted.bias])
    if new.sums is not None:
        total = layers.Dense(new.sums.shape[1], use_bias=False, name=f"sums_{name}", dtype="float32")
        answers = total(answers)
        total.set_weights([new.sums])
    return keras.Model(heads.inputs, heads.output | {f"{OF_ATTRIBUTE}{name}": answers}, name=heads.name)


def seal_with(  # noqa: PLR0913, PLR0917 - a release, a head, and what is known of that
    where: Path,
    parent: LocalRelease,
    folder: Path,
    new: AttributeHead,
    contract: ModelContract,
    figures: AttributeFigures,
    answers: Answers,
    changed: Mapping[str, object],
) -> Manifest:
    """Write the release.

    Args:
        where: its folder, which is emptied.
        parent: whose class, networks and figures it has.
        folder: of photos.
        new: the head.
        contract: of the network that answers photos, with the head.
        figures: of the attribute.
        answers: all that it keeps.
        changed: further fields of the report.
    """
    known, before = parent.manifest, parent.manifest.network("photos")
    learnt, names = [photo for photos in new.learnt.values() for photo in photos], names_of_sources(folder)
    sources = {source_of(photo, names) for photo in learnt}  # refused before any file is written
    begin(where, parent, frozenset(PHOTO_FILES))
    whole, golden = export_heads(with_head(network_that_sees_alike(parent), new), where)
    near = np.stack([perceptual_hash(decoded_photo(folder, photo).picture) for photo in learnt])
    hashes = Learnt.of(np.array([sha256_of(folder, photo) for photo in learnt]), near)
    ((load_learnt(parent.folder) or NOT_SAID) | hashes).save(where)
    report = report_of(parent)
    record = {
        "blocks": [*LITE2, *new.further],
        "units": MEMBERS * UNITS,
        "photos": {part: len(photos) for part, photos in sorted(new.learnt.items())},
        "command": new.command,
        "libraries": dict(libraries()),
    }
    configuration = report.training.configuration | {f"{new.name}_head": record} | below()
    return make_release(
        where,
        networks=known.networks | {"photos": before.changed(contract=contract, golden=golden)},
        report=report.changed(
            training=report.training.changed(configuration=configuration),
            photo_model=photo_model_figures(whole, where, contract),
            attributes=report.attributes | {new.name: figures},
            **changed,
        ),
        answers=answers,
        parent=known,
        sources=sorted({*known.sources, *sources}),
    )


def stored_answers(release: LocalRelease) -> Answers:
    """All that a release keeps."""
    manifest, folder = release.manifest, release.folder
    return all_answers_in(manifest, lambda name: (folder / name).read_bytes(), str(folder))


def attribute_answers(  # noqa: PLR0913, PLR0917 - what was answered, what is right, and what decides
    name: str,
    of_class: Answers,
    labels: Labels,
    shares: NDArray[np.float64],
    contract: ModelContract,
    groups: Sequence[str] | str = "",
) -> Answers:
    """What the release decides about an attribute, as it stores its answers: N rows.

    Args:
        name: of the attribute.
        of_class: stored ones, to N photos.
        labels: of the attribute, of these.
        shares: float64 (N, labels), calibrated.
        contract: of the network, with the head.
        groups: of the photos.
    """
    likeliest = shares.argmax(axis=1)
    is_right = labels.right[np.arange(len(labels)), likeliest]
    answers = Answers.of(
        of_class.sets,
        np.where(labels.main >= 0, labels.main, NONE_OF_THESE),
        np.where(is_right, labels.main, likeliest),
        pictures=of_class.pictures,
        groups=groups,
        networks="photos",
        familiarity=of_class.familiarity,
        sources=of_class.sources,
        folds=of_class.folds,
        attributes=name,
        probabilities=shares,
    )
    return decide_stored(of_class + answers, {"photos": contract}).of_head(name)


def sha256_of(folder: Path, photo: Photo) -> str:
    """Of its file, hexadecimal."""
    return hashlib.sha256(photo_bytes(folder, photo)).hexdigest()


def rows_of(kept: Answers, sha256: Callable[[Photo], str], photos: Sequence[Photo]) -> list[int | None]:
    """The row that keeps the answer to each photo's class; None where none does."""
    row_of = {name: row for row, name in enumerate(kept.pictures.tolist()) if not kept.attributes[row]}
    return [row_of.get(sha256(photo)[:NAME_LENGTH]) for photo in photos]


FitHead = Callable[[NDArray[np.int64]], HiddenHead]
"""Fits a head on those of some photos, by their places, that are learnt."""


def promise_of_products(  # noqa: PLR0913, PLR0917 - photos, what is known of them, and how a head is fitted
    name: str,
    photos: Sequence[Photo],
    labels: Labels,
    seen: Features,
    fit: FitHead,
    sha256: Callable[[Photo], str],
    kept: Answers,
    contract: ModelContract,
) -> ProductPromise | None:
    """What products show; None where there are none.

    How familiar the class of a photo is, the parent's stored answers say, which left its source out as well.

    Args:
        name: of the attribute.
        photos: N of them.
        labels: of the attribute, of the same.
        seen: of the same.
        fit: the head's.
        sha256: of the file of a photo, hexadecimal.
        kept: the parent's answers about the class.
        contract: of the network, with the head.
    """
    of_products = places_of_products(photos, labels)
    rows = rows_of(kept, sha256, [photos[place] for place in of_products])
    answered = {place: row for place, row in zip(of_products, rows, strict=True) if row is not None}
    if not answered:
        return None
    places = np.array([*answered])
    shares = _left_out(photos, seen, places, fit, contract.heads[name].temperature)
    groups = [photos[place].sender for place in places.tolist()]
    of_class = kept.take(np.array([*answered.values()]))
    answers = attribute_answers(name, of_class, labels.take(places), shares, contract, groups)
    return products_of(answers, ACCEPTED_OF_PHOTOS).get(name)


def places_of_products(photos: Sequence[Photo], labels: Labels) -> list[int]:
    """The places of photos of products: several photos of a source, of a shop, that have one label."""
    groups = defaultdict[str, list[int]](list)
    for place, photo in enumerate(photos):
        if photo.archive.startswith(SOURCES) and photo.tier in {"A", "B"} and photo.sender:
            groups[photo.sender].append(place)
    several = [places for places in groups.values() if len(places) > 1]
    return [place for places in several if len(np.unique(labels.main[places])) == 1 for place in places]


def _left_out(
    photos: Sequence[Photo], seen: Features, answered: NDArray[np.int64], fit: FitHead, temperature: float
) -> NDArray[np.float64]:
    """Calibrated probabilities of heads that learnt no photo of the source, float64 (N, labels)."""
    parts, shares = parts_of(photos), dict[int, list[float]]()
    is_source = np.array([photo.archive.startswith(SOURCES) for photo in photos])
    for part in range(PARTS):
        of_part = answered[parts[answered] == part]
        if len(of_part):
            head = fit(np.flatnonzero(~is_source | (parts != part)))
            given = softmax(head.logits(seen.upright[of_part]), axis=1)
            calibrated = [calibrate(row, temperature) for row in given.tolist()]
            shares |= zip(of_part.tolist(), calibrated, strict=True)
    return np.array([shares[place] for place in answered.tolist()])
