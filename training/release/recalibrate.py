"""Make a release with the weights of another one, whose thresholds a user's own pictures decide.

All networks stay. What the parent answered to other pictures is decided again by the new thresholds;
everything else is the parent's. The first and the last step: make.py. Writes one folder.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.classifier import Classifier
from inference.contract import NetworkName
from inference.onnx_session import OnnxSession
from model_store.local import LocalRelease
from model_store.manifest import Manifest
from model_store.manifest import Network as ReleasedNetwork
from reports.acceptance import Conditions
from reports.answers import CLASS, TEST_SET, Answers, all_answers_in
from reports.decisions import at_temperature, decide_stored
from reports.values import HELD_OUT, Calibrated, Report, report_of
from training.data.labels import OOD
from training.data.learnt_hashes import NOTHING, knows_bytes_alone, load_learnt
from training.data.pictures import Pictures
from training.decide.acceptance import with_promises
from training.decide.decide import Thresholds, decide
from training.decide.requirements import ACCEPTED_OF_PHOTOS, of_own_pictures
from training.decide.why_nothing import check_enough
from training.errors import BadRecipe, NotShown
from training.measure.evaluate import decided, full_figures, scored
from training.measure.photos import (
    DEVELOPMENT,
    measured_tiers,
    of_known_sources,
    photo_figures,
    undecided_photos,
    unknown_figures,
)
from training.progress import Say
from training.release.kept_evidence import accepts_no_more
from training.release.make import begin, make_release
from training.release.rescaled import attributes_as_far, keeps_promise, stored_ranks


def recalibrate(
    folder: Path, parent: LocalRelease, photos: Pictures, accept: Conditions, say: Say
) -> Manifest:
    """Write a release.

    Args:
        folder: emptied first, if it is there.
        parent: whose weights it has.
        photos: checked pictures, as the parent's model reads them; those that it learnt are left out, with
            their groups.
        accept: when an answer to each tier is accepted.
        say: receives what was left out, and other doubts.

    Raises:
        NotShown: the pictures do not show that so many accepted answers are right.
        BadRecipe: the folder is the parent's.
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    if folder.resolve() == parent.folder.resolve():
        raise BadRecipe(
            f"{folder}: the release that is calibrated lies there. Name another folder with --run."
        )
    accuracy = accept.right or ACCEPTED_OF_PHOTOS
    photos = _not_learnt(photos, parent, say)
    check_enough(photos.tiers[photos.classes != OOD].tolist(), accuracy)
    before = parent.manifest.contract("photos")
    session = OnnxSession(parent.graph("photos"), shape=before.input.array_shape)
    answers = undecided_photos(scored(session, photos.pixels), photos, photos.networks)
    thresholds = decide(answers, of_own_pictures(answers, before, accept))
    contract = thresholds.contract(before.labels, before.input)
    contract = contract.with_heads(attributes_as_far(before, contract))
    if thresholds.familiarity is not None and not thresholds.familiarity.threshold:
        say("these pictures are as unlike what was learnt as any, so no photo will be `unfamiliar`.")
    own = decided(Classifier(session, contract), answers)
    name: NetworkName = "photos" if "photos" in parent.manifest.networks else "pixels"
    calibrated = parent.manifest.networks[name].changed(contract=contract)
    networks = {**parent.manifest.networks, name: calibrated}
    kept = _decided_again(parent, own, networks)
    weaker = [name for name in before.attributes if not keeps_promise(name, before, contract)]
    keeps_products = accepts_no_more(before, contract) and not weaker
    if report_of(parent).products and not keeps_products:
        say(
            f"What {parent.version} showed of products does not hold by these thresholds, which accept more "
            "photos: products of several photos are `review`."
        )
    if lost := report_of(parent).attributes.keys() & set(weaker):
        say(
            f"What {parent.version} showed of {', '.join(sorted(lost))} is not in the report: these "
            "thresholds accept other photos."
        )
    begin(folder, parent)
    return make_release(
        folder,
        networks=networks,
        report=_report(parent, thresholds, own, kept, accuracy, lost=lost, keeps_products=keeps_products),
        answers=kept.of_head(CLASS) + own + kept.take(kept.attributes != CLASS),
        parent=parent.manifest,
        sources=parent.manifest.sources,
    )


def _not_learnt(photos: Pictures, parent: LocalRelease, say: Say) -> Pictures:
    """Those of groups of which the parent learnt no picture."""
    learnt = load_learnt(parent.folder)
    if learnt is None:
        say(
            f"{parent.version} does not say what it learnt. If these pictures are among that, it will accept "
            "too much."
        )
    learnt, groups = learnt or NOTHING, photos.groups
    if doubt := knows_bytes_alone(learnt, parent.version):
        say(doubt)
    out = np.isin(groups, groups[learnt.has(photos.sha256, photos.hashes)])
    if out.all():
        raise NotShown(
            f"{parent.version} learnt these pictures, or nearly the same, so they cannot calibrate it. Bring "
            "others."
        )
    if out.any():
        say(
            f"{out.sum():,} of {len(out):,} pictures are left out: {parent.version} learnt pictures of their "
            "groups, or nearly the same."
        )
    return photos.take(np.flatnonzero(~out))


def _decided_again(
    parent: LocalRelease, own: Answers, networks: Mapping[NetworkName, ReleasedNetwork]
) -> Answers:
    """The parent's answers to its test set, to photos of other tiers and to attributes, by these networks.

    Args:
        parent: that gave them.
        own: the answers to the pictures at hand.
        networks: of the release.
    """
    stored = all_answers_in(
        parent.manifest, lambda path: (parent.folder / path).read_bytes(), str(parent.folder)
    )
    stored = stored.take(stored.by == "")
    before, now = (
        networks_of.get("photos", next(iter(networks_of.values()))).contract
        for networks_of in (parent.manifest.networks, networks)
    )
    of_class, calibrated = (
        stored.attributes == CLASS,
        (stored.networks == "photos") | (not parent.manifest.both),
    )
    scaled = at_temperature(stored, before.temperature, now.temperature)
    undecided = replace(
        stored,
        probabilities=np.where((of_class & calibrated)[:, None], scaled, stored.probabilities),
        familiarity=np.where(calibrated, stored_ranks(stored.familiarity, before, now), stored.familiarity),
        decisions=np.where(of_class, "", stored.decisions),
    )
    again = decide_stored(undecided, {name: network.contract for name, network in networks.items()})
    measured_now = np.isin(measured_tiers(again), measured_tiers(own)) | np.isin(again.pictures, own.pictures)
    return again.take(~of_class | (again.sets == TEST_SET) | ~measured_now)


def _report(  # noqa: PLR0913 - the parent's, and what is new
    parent: LocalRelease,
    thresholds: Thresholds,
    own: Answers,
    kept: Answers,
    accuracy: float,
    *,
    lost: Collection[str],
    keeps_products: bool,
) -> Report:
    """The parent's report, with what is accepted of these pictures and of those whose answers it keeps."""
    contract = thresholds.contract(parent.manifest.labels, parent.manifest.contract("photos").input)
    before, of_classes, of_class = report_of(parent), own.take(own.known), kept.of_head(CLASS)
    tested, photos = of_class.of_set(TEST_SET), of_class.take(of_class.sets != TEST_SET)
    counted = photos.take(of_known_sources(photos)) + own
    splits = {tier: photo.split for tier, photo in before.photos.items() if tier not in measured_tiers(own)}
    changed: dict[str, object] = {
        "photos": {
            tier: figure.changed(split=splits.get(tier, DEVELOPMENT))
            for tier, figure in photo_figures(counted, contract, DEVELOPMENT).items()
        },
        "unknown_sources": unknown_figures(photos, contract.labels),
        "calibrated": Calibrated(
            parent=parent.version,
            n=len(of_classes),
            groups=len(np.unique(of_classes.units)),
            accuracy=accuracy,
        ),
        "all_accepted": None,  # which classes are accepted has changed
        "attributes": {name: figures for name, figures in before.attributes.items() if name not in lost},
        "products": before.products if keeps_products else {},
    }
    if not parent.manifest.both and len(tested) and tested.decided.all():
        uncalibrated = before.test.model_dump(include={"split", "ece_before", "nll_before"})
        changed["test"] = full_figures(tested, tested, contract).changed(**uncalibrated)
    kept_set = HELD_OUT if parent.manifest.both else None  # else it was promised by thresholds that are gone
    return with_promises(before, thresholds.answer_sets, thresholds.confidence, kept_set).changed(**changed)
