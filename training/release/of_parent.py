"""Make a release of another one's files: with a network that answers photos, or calibrated on one's own.

`release_photos` adds or replaces the network (fitted by training/ten_classes.py), `recalibrate` keeps all
weights. Both decide by answers to photos, and measure what that changes; everything else is the parent's. The
first and the last step: make.py. Writes one folder.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from inference.classifier import Classifier
from inference.contract import ACCEPT_NOTHING, ModelContract, NetworkName
from inference.keras_session import load_model
from inference.onnx_session import OnnxSession
from model_store.files import PHOTO_FILES
from model_store.local import LocalRelease
from model_store.manifest import Manifest
from model_store.manifest import Network as ReleasedNetwork
from reports.acceptance import Conditions
from reports.answers import (
    CLASS,
    NO_ANSWERS,
    TEST_SET,
    Answers,
    all_answers_in,
    answers_in,
)
from reports.decisions import at_temperature, decide_stored
from reports.intervals import needed
from reports.values import (
    CROSS_FITTED,
    HELD_OUT,
    PHOTOS_OF_TIER,
    Calibrated,
    ModelFigures,
    ProductPromise,
    Report,
    report_of,
)
from training.data.labels import OOD
from training.data.learnt_hashes import NOTHING, Learnt, load_learnt
from training.data.photos import OWN_TIER
from training.data.pictures import Pictures
from training.data.split import in_groups
from training.decide.acceptance import promises, with_promises
from training.decide.answer_sets import scores_in
from training.decide.decide import Thresholds, decide
from training.decide.requirements import ACCEPTED_OF_PHOTOS, of_own_pictures, of_photos
from training.decide.unproven import decide_withholding, source_labels
from training.decide.why_nothing import broken_promises, check_enough
from training.errors import BadRecipe, NotShown
from training.features.blocks import READS
from training.features.shipped import LITE0
from training.gradient.networks.registry import trainable_count
from training.heads.photo_head import PhotoHead, photo_network
from training.measure.evaluate import decided, full_figures, graph_scores
from training.measure.photos import DEVELOPMENT, asked_photos, measured_tiers, photo_figures
from training.measure.unknown_sources import (
    of_known_sources,
    that_decide,
    tiers_that_unknown_sources_decide,
    unknown_figures,
)
from training.progress import Say
from training.release.conversion import mflops
from training.release.export import export_photos
from training.release.make import begin, make_release
from training.untyped import Network

UNLEARNT_THINGS: Final = "other kinds"
"""The set of OOD photos that show what the heads that answered them had not learnt."""


def release_photos(  # noqa: PLR0913, PLR0917 - a head, what it answered, and whose files it joins
    folder: Path,
    parent: LocalRelease,
    head: PhotoHead,
    answers: Answers,
    record: JsonValue,
    say: Say,
    of_parent: Answers = NO_ANSWERS,
) -> Report:
    """Write a release with a new network that answers photos.

    Args:
        folder: emptied first, if it is there.
        parent: whose other files it has.
        head: with what it learnt.
        answers: of heads of folds, nothing decided; those to UNLEARNT_THINGS, too.
        record: how the network was made, for report and manifest.
        say: receives progress messages, and promises that cannot be given.
        of_parent: what the parent answers to pictures that the head learnt, which the release keeps.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    # 1) Decide by what heads of folds answered.
    of_folds, thresholds = decide_photos(answers, parent, say)
    # 2) Export; the parent's attributes stay.
    begin(folder, parent, frozenset(PHOTO_FILES))
    parent_manifest, contract = parent.manifest, thresholds.contract(parent.manifest.labels, READS)
    with_attributes = None
    if parent_manifest.both and (attributes := parent_manifest.contract("photos").attributes):
        contract = contract.with_heads(attributes)
        with_attributes = load_model(parent.folder / parent_manifest.network("photos").artifact)
    network, (artifact, graph) = photo_network(head, with_attributes), PHOTO_FILES
    golden = export_photos(network, folder)
    photos = ReleasedNetwork(graph=graph, artifact=artifact, contract=contract, golden=golden)
    ((load_learnt(parent.folder) or NOTHING) | Learnt.of(head.learnt.sha256)).save(folder)
    # 3) Measure and seal.
    before = report_of(parent)
    configuration = before.training.configuration | {"photo_network": record}
    training = before.training.changed(configuration=configuration)
    cost = photo_model_figures(network, folder, contract)
    kept = {"products": _products(parent, thresholds)}
    before = before.changed(training=training, photo_model=cost, **kept)
    stored = answers_in(parent_manifest, lambda path: (parent.folder / path).read_bytes(), str(parent.folder))
    report, decided_answers = measured_photos(folder, before, photos, thresholds, of_folds)
    make_release(
        folder,
        networks={"pixels": parent_manifest.network("pixels"), "photos": photos},
        report=report,
        answers=stored.of_set(TEST_SET) + decided_answers + of_parent,
        parent=parent_manifest,
        sources=sorted({*parent_manifest.sources, *head.learnt.sources.tolist()} - {""}),
    )
    return report


def _products(parent: LocalRelease, thresholds: Thresholds) -> dict[str, ProductPromise]:
    """What the parent's accepted products keep, where this release is as strict: it answered no others."""
    before = parent.manifest.contract("photos")
    now = thresholds.contract(before.labels, before.input)
    is_as_strict = (
        thresholds.temperature >= before.temperature
        and thresholds.confidence >= before.of_label.confidence
        and now.least_familiarity >= before.least_familiarity
        and (now.of_label.stricter, now.of_label.withheld)
        == (before.of_label.stricter, before.of_label.withheld)
    )
    return report_of(parent).products if is_as_strict else {}


def decide_photos(answers: Answers, parent: LocalRelease, say: Say) -> tuple[Answers, Thresholds]:
    """The answers that count, and what they decide.

    Where nothing chooses but the tiers that the parent promises, the parent's temperature stays, and its
    confidences are the least: unknown sources may have chosen them.
    """
    of_classes, others = answers.take(answers.sets != UNLEARNT_THINGS), answers.of_set(UNLEARNT_THINGS)
    manifest, deciding = parent.manifest, that_decide(of_classes)
    before = manifest.contract("photos").of_label.confidence if manifest.both else ACCEPT_NOTHING
    required = of_photos(deciding, scores_in(others) if len(others) else None, before)
    is_sampled = int((of_classes.known & (of_classes.sets == OWN_TIER)).sum()) >= needed(required.right)
    promised = {promise.pictures.removeprefix(PHOTOS_OF_TIER) for promise in report_of(parent).promises}
    is_new = is_sampled or not (required.tiers or set()) <= {*promised, OWN_TIER}
    if before < ACCEPT_NOTHING and not is_new and not tiers_that_unknown_sources_decide(of_classes):
        contract, least = manifest.contract("photos"), max(required.confidence, before)
        required = replace(required, temperature=contract.temperature, confidence=least).with_labels_of(
            contract
        )
    thresholds = decide_withholding(deciding, required, manifest.labels)
    for broken in broken_promises(promises(thresholds.answer_sets, thresholds.confidence)):
        say(broken)
    for index, least in thresholds.stricter.items():
        say(
            f"{manifest.labels[index]} needs a confidence of {least:.0%} for photos: at less, too few are "
            "right."
        )
    for row in source_labels(deciding, thresholds.sure(deciding), manifest.labels, required.right):
        if row.unproven:
            say(
                f"{row.label} is never accepted for photos: of {row.accepted:,} sure answers to photos from "
                f"{row.source}, of which nothing had been learnt, {row.right:,} are right."
            )
    return of_classes, thresholds


def measured_photos(
    folder: Path, before: Report, photos: ReleasedNetwork, thresholds: Thresholds, of_folds: Answers
) -> tuple[Report, Answers]:
    """The report with everything about photos from the answers that decided, and these answers."""
    contract, session = photos.contract, OnnxSession(folder / photos.graph, shape=READS.array_shape)
    answers = decided(Classifier(session, contract), of_folds)
    changed = {
        "photos": photo_figures(answers.take(of_known_sources(answers)), contract, CROSS_FITTED),
        "unknown_sources": unknown_figures(answers, contract.labels),
        "calibrated": None,
        "all_accepted": None,  # which classes are accepted has changed
    }
    return with_promises(before, thresholds.answer_sets, thresholds.confidence).changed(**changed), answers


def photo_model_figures(network: Network, folder: Path, contract: ModelContract) -> ModelFigures:
    """What the network that `export_photos` wrote costs."""
    return ModelFigures(
        network="_".join(LITE0),
        parameters=network.count_params(),
        trainable_parameters=trainable_count(network),
        mflops=mflops(folder / PHOTO_FILES[1]),
        bytes={name: (folder / name).stat().st_size for name in PHOTO_FILES},
        temperature=contract.temperature,
    )


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
    answers = asked_photos(graph_scores(session, photos), photos, photos.networks)
    thresholds = decide(answers, of_own_pictures(answers, before, accept))
    contract = thresholds.contract(before.labels, before.input).with_heads(before.attributes)
    if thresholds.familiarity is not None and not thresholds.familiarity.threshold:
        say("these pictures are as unlike what was learnt as any, so no photo will be `unfamiliar`.")
    own = decided(Classifier(session, contract), answers)
    name: NetworkName = "photos" if "photos" in parent.manifest.networks else "pixels"
    calibrated = parent.manifest.networks[name].changed(contract=contract)
    networks = {**parent.manifest.networks, name: calibrated}
    kept = _decided_again(parent, own, networks)
    begin(folder, parent)
    return make_release(
        folder,
        networks=networks,
        report=_report(parent, thresholds, own, kept, accuracy),
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
    groups = photos.groups
    out = in_groups(groups, groups[(learnt or NOTHING).has(photos.sha256)])
    if out.all():
        raise NotShown(f"{parent.version} learnt these pictures, so they cannot calibrate it. Bring others.")
    if out.any():
        say(f"{out.sum():,} of {len(out):,} pictures are left out: {parent.version} learnt their groups.")
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
        networks_of.get("photos", next(iter(networks_of.values()))).contract.temperature
        for networks_of in (parent.manifest.networks, networks)
    )
    of_class = stored.attributes == CLASS
    calibrated = of_class & ((stored.networks == "photos") | (not parent.manifest.both))
    shares = np.where(calibrated[:, None], at_temperature(stored, before, now), stored.probabilities)
    undecided = replace(stored, probabilities=shares, decisions=np.where(of_class, "", stored.decisions))
    again = decide_stored(undecided, {name: network.contract for name, network in networks.items()})
    measured_now = np.isin(measured_tiers(again), measured_tiers(own)) | np.isin(again.pictures, own.pictures)
    return again.take(~of_class | (again.sets == TEST_SET) | ~measured_now)


def _report(
    parent: LocalRelease, thresholds: Thresholds, own: Answers, kept: Answers, accuracy: float
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
        "products": _products(parent, thresholds),
    }
    if not parent.manifest.both and len(tested) and tested.decided.all():
        uncalibrated = before.test.model_dump(include={"split", "ece_before", "nll_before"})
        changed["test"] = full_figures(tested, tested, contract).changed(**uncalibrated)
    kept_set = HELD_OUT if parent.manifest.both else None  # else it was promised by thresholds that are gone
    return with_promises(before, thresholds.answer_sets, thresholds.confidence, kept_set).changed(**changed)
