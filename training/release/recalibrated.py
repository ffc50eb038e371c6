"""Make a release of another one's weights, calibrated on one's own checked pictures.

Model, graph, test figures and, beside a second network, everything about pixels are the parent's; measured
again is what the new calibration changes, on the pictures at hand: measure/decide.py. The report
says which are which (`calibrated`, `decided_by`). Trains nothing, reads no data set, writes one folder.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np

from inference.classifier import Classifier
from inference.contract import Head, ModelContract, NetworkName
from inference.onnx_session import OnnxSession
from model_store.local import LocalRelease
from model_store.manifest import Manifest
from reports.acceptance import Conditions
from reports.answers import CLASS, TEST_SET, Answers, all_answers_in
from reports.values import HELD_OUT, Calibrated, PhotoFigures, Report, report_of
from training.errors import BadRecipe, NotShown
from training.measure.acceptance import with_promises
from training.measure.decide import ACCEPTED_OF_PHOTOS, Decided, decide, of_own_pictures
from training.measure.evaluate import decided, decided_again, graph_scores
from training.measure.photo_evaluation import DEVELOPMENT, asked_photos, measured_tiers, photo_figures
from training.measure.why_nothing import check_enough
from training.pictures.learnt_hashes import NOTHING, load_learnt
from training.pictures.photos import OOD
from training.pictures.split import in_groups
from training.pictures.table import Pictures
from training.progress import Say
from training.release.sealing import Measured, begin_with, seal_measured


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
    check_enough(photos.tiers[photos.labels != OOD].tolist(), accuracy)
    before = parent.manifest.contract("photos")
    session = OnnxSession(parent.graph("photos"), shape=before.input.array_shape)
    given = asked_photos(graph_scores(session, photos), photos, photos.networks)
    found = decide(given, of_own_pictures(given, before, accept))
    contract = found.contract(before.labels, before.input).with_heads(before.attributes)
    if found.familiarity is not None and not found.familiarity.threshold:
        say("these pictures are as unlike what was learnt as any, so no photo will be `unfamiliar`.")
    answers = decided(Classifier(session, contract), given)
    begin_with(folder, parent)
    name: NetworkName = "photos" if "photos" in parent.manifest.networks else "pixels"
    calibrated = parent.manifest.networks[name].model_copy(update={"contract": contract})
    measured = Measured(
        networks={**parent.manifest.networks, name: calibrated},
        report=_report(parent, found, contract, answers, accuracy),
        answers=_every(parent, answers, contract),
        parent=parent.manifest,
        sources=parent.manifest.sources,
    )
    return seal_measured(folder, measured)


def _not_learnt(photos: Pictures, parent: LocalRelease, say: Say) -> Pictures:
    """Those of groups of which the parent learnt no picture."""
    learnt = load_learnt(parent.folder)
    if learnt is None:
        say(
            f"{parent.version} does not say what it learnt. If these pictures are among that, it will accept "
            "too much."
        )
    groups = photos.groups
    known = in_groups(groups, groups[(learnt or NOTHING).has(photos.sha256)])
    if known.all():
        raise NotShown(f"{parent.version} learnt these pictures, so they cannot calibrate it. Bring others.")
    if known.any():
        say(f"{known.sum():,} of {len(known):,} pictures are left out: {parent.version} learnt their groups.")
    return photos.take(np.flatnonzero(~known))


def _report(
    parent: LocalRelease, found: Decided, contract: ModelContract, answers: Answers, accuracy: float
) -> Report:
    """The parent's report, with everything about photos from these pictures, or marked as the parent's."""
    before = report_of(parent)
    known = answers.take(answers.known)
    test_decided_by = before.calibrated.test_decided_by if before.calibrated else None
    held_out = parent.manifest.both  # else it was decided by thresholds that are gone
    if not held_out:
        test_decided_by = parent.version
    calibrated = Calibrated(
        parent=parent.version,
        n=len(known),
        groups=len(np.unique(known.units)),
        accuracy=accuracy,
        test_decided_by=test_decided_by,
    )
    photos = _carried_over(parent, before) | photo_figures(answers, contract, DEVELOPMENT)
    promised = with_promises(before, found.kinds, found.confidence, HELD_OUT if held_out else None)
    changed = {
        "photos": dict(sorted(photos.items())),
        "calibrated": calibrated,
        "all_accepted": None,  # which classes are accepted has changed
    }
    return promised.model_copy(update=changed)


def _carried_over(parent: LocalRelease, before: Report) -> dict[str, PhotoFigures]:
    """The parent's figures of photos: a temperature leaves the likeliest classes as they were."""
    return {
        tier: one.model_copy(update={"decided_by": one.decided_by or parent.version})
        for tier, one in before.photos.items()
    }


def _every(parent: LocalRelease, own: Answers, now: ModelContract) -> Answers:
    """The answers to these pictures, to the parent's test set and to its photos of other tiers.

    What the calibrated network answered is decided again: the gate compares decisions.
    """
    every = all_answers_in(
        parent.manifest, lambda path: (parent.folder / path).read_bytes(), str(parent.folder)
    )
    every = every.take(every.by == "")
    earlier = every.of_head(CLASS)
    tested = earlier.sets == TEST_SET
    measured_now = np.isin(measured_tiers(earlier), measured_tiers(own))
    others = ~measured_now & ~np.isin(earlier.pictures, own.pictures)
    kept = earlier.take(tested | others)
    calibrated = (kept.networks == "photos") | (not parent.manifest.both)
    again = decided_again(kept.take(calibrated), parent.manifest.contract("photos"), now)
    answers = kept.take(~calibrated) + again + own
    for name in np.unique(every.attributes[every.attributes != CLASS]):
        answers += _attribute_again(every.of_head(name), now.attributes.get(name), earlier, now)
    return answers


def _attribute_again(mine: Answers, head: Head | None, of_class: Answers, now: ModelContract) -> Answers:
    """The answers to an attribute, of which a calibration changes the threshold of familiarity alone.

    Args:
        mine: as served before.
        head: None where the calibrated network lacks it.
        of_class: to the same pictures.
        now: of the calibrated network.
    """
    if head is None:
        return mine
    alone = ModelContract.of_class(head, now.input, now.familiarity)
    likeliest = np.nanargmax(mine.probabilities, axis=1)  # a right label may stand for it in `predicted`
    decisions = decided_again(replace(mine, predicted=likeliest), alone, alone).decisions
    classes = dict(zip(of_class.pictures.tolist(), of_class.predicted.tolist(), strict=True))
    labels = now.labels if head.applies_to is None else head.applies_to
    have_it = set(map(now.labels.index, labels))
    lacks_it = np.array([classes.get(picture) not in have_it for picture in mine.pictures.tolist()])
    inapplicable = lacks_it & (decisions != "unfamiliar")
    return replace(mine, decisions=np.where(inapplicable, "inapplicable", decisions))
