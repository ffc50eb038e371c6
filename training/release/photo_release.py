"""Make a release of another one's files and a network that answers photos.

Model, graph, test figures and everything about pixels are the parent's; photos.keras, photos.onnx, what they
decide and what the report says of photos are new. Writes one folder. How the network is fitted:
training/ten_classes.py.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.contract import ACCEPT_NOTHING
from inference.onnx_session import DISTANCE, PROBABILITIES, OnnxSession
from inference.session import Scores
from model_store.files import PHOTO_FILES
from model_store.local import LocalRelease
from model_store.manifest import Golden, Manifest, PhotoNetwork
from reports.answers import (
    NONE_OF_THESE,
    TEST_SET,
    Answers,
    answers_in,
)
from reports.values import CROSS_FITTED, ModelFigures, Report, report_of
from training.answering import answering
from training.environment import libraries
from training.errors import BadRecipe
from training.features.blocks import READS
from training.features.shipped import LITE0, PhotoFeatures
from training.gradient.networks.registry import trainable_count
from training.heads.photo_head import PhotoHead, photo_network
from training.measure.acceptance import broken_promises, promises, with_promises
from training.measure.decide import Decided, decide_on_photos
from training.measure.evaluate import decided, scores_in, uncalibrated
from training.measure.photo_evaluation import asked_photos, photo_figures
from training.measure.statistics import overconfidence
from training.measure.temperature import FOLDS
from training.pictures.fashion import at_once
from training.pictures.learnt import NOTHING, Learnt, load_learnt
from training.pictures.photos import share_by_group
from training.progress import Say
from training.release.onnx_graph import check_parity, mflops, write_graph
from training.release.written import Measured, begin_with, seal_measured
from training.untyped import Network

GOLDEN_PICTURES: Final = 2

PARITY_PICTURES: Final = 16

PATCHES: Final = 6
"""Along each edge of a made picture."""

OTHER_KINDS: Final = "other kinds"
"""The set of OOD photos whose kinds the heads that answered them had not learnt."""

SEED: Final = 0
"""Of the made pictures on which network and graph are compared: no photo is stored in a release."""


@dataclass(frozen=True, kw_only=True)
class Made:
    """A head that answers photos, and how it was made.

    Attributes:
        learnt: photos that the head learnt.
        head: the head, and the answers of folds.
        command: the command line.
        seconds: wall time.
    """

    learnt: PhotoFeatures
    head: PhotoHead
    command: str
    seconds: float

    @property
    def answers(self) -> Answers:
        """What heads of folds answered to the checked photos, and to OTHER_KINDS; nothing is decided yet."""
        asked, others = self.learnt.take(self.head.asked), self.head.of_other_kinds
        given = asked_photos(self.head.scores, asked, "photo", "photos", self.head.folds)
        if others is None:
            return given
        truth = np.full(len(others.probabilities), NONE_OF_THESE)
        return given + Answers.of(
            OTHER_KINDS,
            truth,
            networks="photos",
            distances=others.distances,
            probabilities=others.probabilities,
        )

    @property
    def record(self) -> dict[str, JsonValue]:
        """How the network was made, for report and manifest."""
        tiers, counts = np.unique(self.learnt.tiers, return_counts=True)
        return {
            "network": "_".join(LITE0),
            "units": len(self.head.head.hidden_bias),
            "photos": dict(zip(tiers.tolist(), counts.tolist(), strict=True)),
            "command": self.command,
            "seconds": round(self.seconds, 1),
            "libraries": dict(libraries()),
        }


def measure_photo_network(folder: Path, parent: LocalRelease, made: Made, say: Say) -> Measured:
    """Export, decide and measure; `seal_measured` makes a release of it.

    Args:
        folder: emptied first, if it is there.
        parent: whose other files it has.
        made: the head, what it learnt, and how.
        say: receives progress messages, and promises that cannot be given.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
    """
    found = _decided_on(made.answers, parent)
    begin_with(folder, parent, frozenset(PHOTO_FILES))
    say("exporting and comparing the serving graph with the network")
    network = photo_network(made.head)
    photos = _network(found, _export(network, folder))
    known = (load_learnt(parent.folder) or NOTHING) | Learnt.of(made.learnt.sha256)
    known.save(folder)
    figures = _figures(network, folder, photos)
    before = _recorded(report_of(parent), made.record).model_copy(update={"photo_model": figures})
    report, answers = _measured(folder, before, photos, found, say)
    return _successor(parent, photos, report, _tested(parent) + answers)


def decide_again(folder: Path, parent: LocalRelease, given: Answers, tested: Answers, say: Say) -> Manifest:
    """Write a release with the networks of another one, and decide again from what heads of folds answered.

    Args:
        folder: emptied first, if it is there.
        parent: whose networks it has; one of them answers photos.
        given: `Made.answers`, as the parent's network was fitted.
        tested: what the parent answers to its test set.
        say: receives promises that cannot be given.

    Raises:
        BadRecipe: the parent has no network that answers photos.
        StoreError: the folder cannot be sealed.
    """
    before, report = parent.manifest.photos, report_of(parent)
    if before is None or report.photo_model is None:
        raise BadRecipe(f"{parent.version} has no network that answers photos.")
    found = _decided_on(given, parent)
    begin_with(folder, parent)
    photos = _network(found, before.golden)
    figures = report.photo_model.model_copy(update={"temperature": photos.temperature})
    difference = {"overconfidence": overconfidence(tested.confidences, tested.right)}
    test = report.test.model_copy(update=difference)
    known = report.model_copy(update={"test": test, "photo_model": figures})
    again, answers = _measured(folder, known, photos, found, say)
    return seal_measured(folder, _successor(parent, photos, again, tested + answers))


def _decided_on(given: Answers, parent: LocalRelease) -> Decided:
    asked, others = given.take(given.sets != OTHER_KINDS), given.of_set(OTHER_KINDS)
    drawn = share_by_group(asked.groups.tolist(), FOLDS)
    answered = parent.manifest.photos
    before = ACCEPT_NOTHING if answered is None else answered.thresholds.confidence
    return decide_on_photos(asked, drawn, scores_in(others) if len(others) else None, before)


def _network(found: Decided, golden: Golden) -> PhotoNetwork:
    return PhotoNetwork(
        input=READS,
        temperature=found.temperature,
        thresholds=found.thresholds,
        familiarity=found.familiarity,
        golden=golden,
    )


def _measured(
    folder: Path, before: Report, photos: PhotoNetwork, found: Decided, say: Say
) -> tuple[Report, Answers]:
    """The report with everything about photos from the answers that decided, and these answers."""
    contract = photos.contract(before.labels)
    session = OnnxSession(folder / PHOTO_FILES[1], shape=READS.array_shape)
    answers = decided(Classifier(session, uncalibrated(contract)), found.answers)
    for broken in broken_promises(promises(found.kinds, found.thresholds)):
        say(broken)
    figures = photo_figures(answers, contract, CROSS_FITTED)
    report = with_promises(before, found.kinds, found.thresholds)
    return report.model_copy(update={"photos": figures, "calibrated": None}), answers


def _successor(parent: LocalRelease, photos: PhotoNetwork, report: Report, answers: Answers) -> Measured:
    known = parent.manifest
    return Measured(
        model=known.model, golden=known.golden, photos=photos, report=report, answers=answers, parent=known
    )


def _export(network: Network, folder: Path) -> Golden:
    """Write photos.keras and photos.onnx; compare them, and keep some answers."""
    artifact, graph = (folder / name for name in PHOTO_FILES)
    network.save(artifact, include_optimizer=False)
    write_graph(network, graph)
    images = _made_pictures()

    def scores(pixels: PixelsBatch) -> Scores:
        given = answering(network, at_once(pixels))(pixels)
        return Scores(given[PROBABILITIES], given.get(DISTANCE))

    check_parity(scores, graph, images)
    session = OnnxSession(graph, shape=READS.array_shape)
    given = session.run(images[:GOLDEN_PICTURES])
    return Golden.of(images[:GOLDEN_PICTURES], given.probabilities, given.distances)


def _made_pictures() -> PixelsBatch:
    """Coloured patches, uint8 (PARITY_PICTURES, 192, 192, 3)."""
    rng = np.random.default_rng(SEED)
    patches = rng.integers(0, 256, (PARITY_PICTURES, PATCHES, PATCHES, 3), np.uint8)
    return patches.repeat(READS.shape[0] // PATCHES, axis=1).repeat(READS.shape[1] // PATCHES, axis=2)


def _figures(network: Network, folder: Path, photos: PhotoNetwork) -> ModelFigures:
    return ModelFigures(
        network="_".join(LITE0),
        parameters=network.count_params(),
        trainable_parameters=trainable_count(network),
        mflops=mflops(folder / PHOTO_FILES[1]),
        bytes={name: (folder / name).stat().st_size for name in PHOTO_FILES},
        temperature=photos.temperature,
    )


def _recorded(before: Report, record: dict[str, JsonValue]) -> Report:
    """The parent's report, which also says how this network was made."""
    configuration = before.training.configuration | {"photo_network": record}
    training = before.training.model_copy(update={"configuration": configuration})
    return before.model_copy(update={"training": training})


def _tested(parent: LocalRelease) -> Answers:
    """The parent's answers to its test set."""
    folder = parent.folder
    stored = answers_in(parent.manifest, lambda path: (folder / path).read_bytes(), str(folder))
    return stored.of_set(TEST_SET)
