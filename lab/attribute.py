"""Add a head for an attribute to the network of a release that answers photos, and seal the release again.

python -m lab.attribute NAME PHOTOS RELEASE --run FOLDER [--vectors FOLDER]

NAME is `colour` or `kind`. PHOTOS is the folder of tables and archives that lab.fetch makes. `kind` also
needs the vectors that lab.strangers makes. The class keeps its network, head and thresholds, and so do other
attributes.

A head answers photos of products in the report only if it learnt nothing from their source. The new release
is written to FOLDER/release.
"""

import argparse
import shlex
import sys
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
from keras import layers
from numpy.typing import NDArray
from scipy.special import softmax

from inference.contract import ModelContract
from inference.decision import calibrate_probabilities
from inference.sessions.onnx_session import ATTRIBUTE_PREFIX
from lab.attribute_rules import COLOUR, KIND, Attribute, Fitted, make_attribute
from lab.photo_tables import find_source
from lab.pretraining_photos import decode_photo, hash_photo, read_source_names
from lab.sealing import read_stored_answers
from lab.strangers_heads import UNITS
from model_store.local_releases import LocalRelease, open_release
from model_store.manifest import Manifest
from model_store.release_files import NEW_RELEASE_FOLDER, PHOTO_FILES
from reports.answers import NO_CLASS, PICTURE_NAME_DIGITS, Answers
from reports.stored_decisions import reapply_thresholds
from reports.values import Report, read_report
from training.data.labels import Labels
from training.data.learnt_hashes import UNSTATED_LEARNT_HASHES, LearntHashes, load_learnt_hashes
from training.data.perceptual_hashes import compute_perceptual_hash
from training.environment import find_library_versions
from training.evaluation.attributes import (
    compute_attribute_figures,
    describe_attribute,
    measure_joint_accuracy,
)
from training.evaluation.products import measure_products
from training.features.blocks import VECTOR_LAYER, build_vector_network
from training.features.shipped import PHOTO_BLOCKS
from training.heads.hidden import ENSEMBLE_MEMBERS
from training.release.make import start_release, write_and_seal_release
from training.release.photo_heads import describe_frozen_network, export_photo_heads
from training.release.photos import compute_photo_model_figures, read_parent_photo_heads
from training.thresholds.requirements import PHOTOS_ACCEPTED_ACCURACY
from training.untyped import Network


def main(argv: list[str] | None = None) -> int:
    """Fit the head, decide, and seal the release."""
    parser = argparse.ArgumentParser(prog="python -m lab.attribute", description=main.__doc__)
    add = parser.add_argument
    add("name", choices=(COLOUR, KIND), metavar="NAME", help="%(choices)s")
    add("photos", type=Path, metavar="PHOTOS", help="the folder of tables and archives")
    add("release", type=Path, metavar="RELEASE", help="folder of the release that gets the head")
    add("--run", type=Path, required=True, metavar="FOLDER", help="of the new release")
    add("--vectors", type=Path, metavar="FOLDER", help="of lab.strangers, for kind")
    given = parser.parse_args(argv)
    if given.name == KIND and given.vectors is None:
        parser.error("kind learns the vectors of lab.strangers: --vectors names their folder.")
    parent = open_release(given.release)
    attribute = make_attribute(given.name, given.photos, given.vectors)
    seal_with_attribute(given.run / NEW_RELEASE_FOLDER, parent, given.photos, attribute)
    return 0


def seal_with_attribute(where: Path, parent: LocalRelease, folder: Path, attribute: Attribute) -> Manifest:
    """Fit the head of an attribute, decide its thresholds, and write the release that has it.

    Args:
        where: the folder of the new release; nothing may have this name.
        parent: the release that gets the head. Its class, networks and figures stay.
        folder: the folder of photos.
    """
    known = parent.manifest
    before = parent.manifest.get_network("photos")
    names = read_source_names(folder)
    learnt = {
        what: [attribute.photos[place] for place in np.flatnonzero(chosen).tolist()]
        for what, chosen in attribute.learnt.items()
    }
    photos = [photo for some in learnt.values() for photo in some]
    sources = {find_source(photo, names) for photo in photos}  # refused before any head is fitted
    head, shares = fit_attribute(attribute)
    contract, report, answers = decide_attribute(attribute, shares, parent, folder)
    if attribute.name == KIND:
        contract = replace(contract, parts=KIND)
    with start_release(where, parent, frozenset(PHOTO_FILES)) as unfinished:
        heads = add_head(read_parent_photo_heads(parent), attribute, head)
        whole, golden = export_photo_heads(heads, unfinished, contract.parts)
        near = np.stack([compute_perceptual_hash(decode_photo(folder, photo).picture) for photo in photos])
        hashes = LearntHashes.make_from_digests(
            np.array([hash_photo(folder, photo) for photo in photos]), near
        )
        ((load_learnt_hashes(parent.folder) or UNSTATED_LEARNT_HASHES) | hashes).save_hashes(unfinished)
        record = {
            "blocks": [*PHOTO_BLOCKS, *attribute.further],
            "units": ENSEMBLE_MEMBERS * UNITS,
            "photos": {what: len(some) for what, some in sorted(learnt.items())},
            "command": shlex.join(sys.orig_argv),
            "libraries": dict(find_library_versions()),
        }
        configuration = (
            report.training.configuration | {f"{attribute.name}_head": record} | describe_frozen_network()
        )
        return write_and_seal_release(
            unfinished,
            networks=known.networks | {"photos": before.replace_fields(contract=contract, golden=golden)},
            report=report.replace_fields(
                training=report.training.replace_fields(configuration=configuration),
                photo_model=compute_photo_model_figures(whole, unfinished, contract),
            ),
            answers=answers,
            parent=known,
            sources=sorted({*known.sources, *sources}),
        )


def fit_attribute(attribute: Attribute) -> tuple[Fitted, NDArray[np.float64]]:
    """Fit the head of an attribute, and answer photos by heads that did not learn their source.

    Returns:
        The head, and the probabilities before temperature, float64 (N, labels); NaN for photos that no such
        head answers.
    """
    shares = np.full(attribute.labels.is_right.shape, np.nan)
    for trial in attribute.trials:
        seen = attribute.seen(trial.part)
        head, sums = attribute.fit(trial.learnt, seen)
        logits = head.compute_logits(seen.upright[trial.answered])
        of_label = softmax(logits, 1) if sums is None else softmax(logits.astype(np.float64), 1) @ sums
        shares[trial.answered] = of_label
    return (head, sums), shares


def decide_attribute(
    attribute: Attribute, shares: NDArray[np.float64], parent: LocalRelease, folder: Path
) -> tuple[ModelContract, Report, Answers]:
    """Decide the thresholds of an attribute by photos whose sources the head did not learn, and measure it.

    Args:
        attribute: the attribute of N photos.
        shares: the probabilities from `fit_attribute`.
        parent: the release without the head. Only photos whose class it has answered count.
        folder: the folder of the photos.

    Returns:
        The contract of the network with the head, the report with the attribute, and the answers that the
            release keeps: the parent's, and those by which the attribute was decided.
    """
    kept = read_stored_answers(parent)
    before = parent.manifest.get_contract("photos")
    report = read_report(parent)
    name = attribute.name
    asked = np.flatnonzero(attribute.deciding | attribute.products)
    row_of = {picture: row for row, picture in enumerate(kept.pictures.tolist()) if not kept.attributes[row]}
    pictures = [hash_photo(folder, attribute.photos[place])[:PICTURE_NAME_DIGITS] for place in asked.tolist()]
    places = asked[[picture in row_of for picture in pictures]]
    rows = np.array([row_of[picture] for picture in pictures if picture in row_of])
    of_class = kept.select_rows(rows)
    labels = attribute.labels.take(places)
    shares = shares[places]
    # Decide.
    decides = attribute.deciding[places]
    of_deciding = of_class.select_rows(decides)
    deciding = labels.take(decides)
    head, thresholds = attribute.decide(of_deciding, deciding, shares[decides], before)
    contract = before.replace_heads({name: head})
    # Measure.
    calibrated = np.array([calibrate_probabilities(row, head.temperature) for row in shares.tolist()])
    answers = _make_attribute_answers(name, of_class, labels, calibrated, contract)
    that_decide = answers.select_rows(decides)
    figures = compute_attribute_figures(deciding, thresholds, that_decide)
    sys.stdout.write(f"{describe_attribute(name, figures, thresholds)}\n")
    together = measure_joint_accuracy(of_deciding, {name: that_decide}, {name: deciding})
    report = report.replace_fields(
        attributes=report.attributes | {name: figures},
        # Other photos decided about the attributes that are there.
        all_accepted=None if before.attributes else together,
        products=report.products
        | measure_products(answers.select_rows(attribute.products[places]), PHOTOS_ACCEPTED_ACCURACY),
    )
    stored = answers.select_rows(decides & kept.is_from_unknown_source[rows])
    return contract, report, kept + stored if len(stored) else kept


def _make_attribute_answers(
    name: str, of_class: Answers, labels: Labels, shares: NDArray[np.float64], contract: ModelContract
) -> Answers:
    """Return decided answers about an attribute, in the form in which a release stores them.

    Args:
        of_class: the answers about the class of N photos.
        labels: the right labels of the attribute.
        shares: the calibrated probabilities, float64 (N, labels).
    """
    likeliest = shares.argmax(axis=1)
    is_right = labels.is_right[np.arange(len(labels)), likeliest]
    answers = Answers.make_answers(
        of_class.sets,
        np.where(labels.main_codes >= 0, labels.main_codes, NO_CLASS),
        np.where(is_right, labels.main_codes, likeliest),
        pictures=of_class.pictures,
        groups=of_class.groups,
        networks="photos",
        familiarity=of_class.familiarity,
        sources=of_class.sources,
        folds=of_class.folds,
        attributes=name,
        probabilities=shares,
    )
    return reapply_thresholds(of_class + answers, {"photos": contract}).select_head(name)


def add_head(heads: Network, attribute: Attribute, fitted: Fitted) -> Network:
    """Return a network that has one more output: the attribute, answered by a fitted head."""
    pixels, vector = heads.inputs
    name = attribute.name
    head, sums = fitted
    if attribute.further:
        seen = [vector, build_vector_network(attribute.further)(pixels)]
        vector = layers.Concatenate(name=f"{VECTOR_LAYER}_{name}", dtype="float32")(seen)
    hidden = layers.Dense(len(head.hidden_bias), "relu", name=f"hidden_{name}", dtype="float32")
    last = layers.Dense(len(head.bias), "softmax", name=f"probabilities_{name}", dtype="float32")
    answers = last(hidden(vector))
    hidden.set_weights([head.hidden_kernel, head.hidden_bias])
    last.set_weights([head.kernel, head.bias])
    if sums is not None:
        total = layers.Dense(sums.shape[1], use_bias=False, name=f"sums_{name}", dtype="float32")
        answers = total(answers)
        total.set_weights([sums])
    return keras.Model(heads.inputs, heads.output | {f"{ATTRIBUTE_PREFIX}{name}": answers}, name=heads.name)


if __name__ == "__main__":
    sys.exit(main())
