"""Make a release of another one's files and a network that answers photos.

Model, graph, test figures and everything about pixels are the parent's; photos.keras, photos.onnx, what they
decide and what the report says of photos are new. Writes one folder. How the network is fitted:
training/ten_classes.py.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import JsonValue

from inference.arrays import PixelsBatch
from inference.classifier import Classifier
from inference.contract import ACCEPT_NOTHING, LABEL, ModelContract, NetworkName
from inference.keras_session import load_model
from inference.onnx_session import DISTANCE, OF_ATTRIBUTE, PROBABILITIES, OnnxSession
from inference.session import Scores
from model_store.files import PHOTO_FILES
from model_store.local import LocalRelease
from model_store.manifest import Golden, Manifest
from model_store.manifest import Network as ReleasedNetwork
from reports.answers import (
    NONE_OF_THESE,
    TEST_SET,
    Answers,
    answers_in,
)
from reports.values import CROSS_FITTED, ModelFigures, Report, report_of
from training.answering import answering
from training.environment import libraries
from training.features.blocks import READS
from training.features.shipped_vectors import LITE0, PhotoFeatures
from training.gradient.networks.registry import trainable_count
from training.heads.photo_head import PhotoHead, photo_network, scores_of
from training.measure.acceptance import promises, with_promises
from training.measure.decide import Decided, of_photos
from training.measure.evaluate import decided, scores_in
from training.measure.photo_evaluation import asked_photos, photo_figures
from training.measure.unknown_sources import of_known_sources, that_decide, unknown_figures
from training.measure.why_nothing import broken_promises
from training.measure.withheld import decide_withholding, source_labels
from training.pictures.fashion import at_once
from training.pictures.learnt_hashes import NOTHING, Learnt, load_learnt
from training.pictures.photos import OWN_TIER
from training.progress import Say
from training.release.onnx_graph import check_parity, mflops, write_graph
from training.release.sealing import Measured, begin_with
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
        unlearnt: photos that it answers and did not learn, for thresholds and figures.
        command: the command line.
        seconds: wall time.
    """

    learnt: PhotoFeatures
    head: PhotoHead
    unlearnt: tuple[PhotoFeatures, ...] = ()
    command: str
    seconds: float

    @property
    def answers(self) -> Answers:
        """What heads of folds answered to the checked photos, and to OTHER_KINDS; nothing is decided yet."""
        asked, others = self.learnt.take(self.head.asked), self.head.scores_of_unseen_ood
        given = asked_photos(self.head.scores, asked, "photos", self.head.folds)
        for photos in self.unlearnt:
            scores = scores_of(self.head.head.logits(photos.features.upright), self.head.classes)
            given += asked_photos(scores, photos, "photos")
        if others is None:
            return given
        truth = np.full(len(others), NONE_OF_THESE)
        return given + Answers.of(
            OTHER_KINDS,
            truth,
            networks="photos",
            distances=others.distances,
            probabilities=others.of_label,
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
    answers, found = decide_photos(made.answers, parent, say)
    begin_with(folder, parent, frozenset(PHOTO_FILES))
    say("exporting and comparing the serving graph with the network")
    kept = _with_attributes(parent.manifest)
    network = photo_network(made.head, kept and load_model(parent.folder / kept.artifact))
    photos = _network(found, parent, export_photos(network, folder))
    known = (load_learnt(parent.folder) or NOTHING) | Learnt.of(made.learnt.sha256)
    known.save(folder)
    figures = photo_model_figures(network, folder, photos.contract)
    before = _recorded(report_of(parent), made.record).model_copy(update={"photo_model": figures})
    report, answers = measured_photos(folder, before, photos, found, answers)
    release = successor(parent, photos, report, _tested(parent) + answers)
    sources = {*parent.manifest.sources, *made.learnt.sources.tolist()} - {""}
    return replace(release, sources=tuple(sorted(sources)))


def decide_photos(given: Answers, parent: LocalRelease, say: Say) -> tuple[Answers, Decided]:
    """The answers that count, and what they decide.

    The parent's confidence, if unknown sources chose it, stays the least where neither such sources nor
    a sample of the user's own pictures choose.
    """
    asked, others = given.take(given.sets != OTHER_KINDS), given.of_set(OTHER_KINDS)
    known, deciding = parent.manifest, that_decide(asked)
    before = known.contract("photos").of_label.confidence if known.both else ACCEPT_NOTHING
    target = of_photos(deciding, scores_in(others) if len(others) else None, before)
    chosen_by_strangers = known.both and bool(report_of(parent).unknown_sources)
    if chosen_by_strangers and not asked.of_unknown_sources.any() and OWN_TIER not in (target.tiers or ()):
        target = replace(target, confidence=max(target.confidence, before))
    found = decide_withholding(deciding, target, known.labels)
    for broken in broken_promises(promises(found.kinds, found.confidence)):
        say(broken)
    for row in source_labels(deciding, found.sure(deciding), known.labels, target.right):
        if row.unproven:
            say(
                f"{row.label} is never accepted for photos: of {row.accepted:,} sure answers to photos from "
                f"{row.source}, of which nothing had been learnt, {row.right:,} are right."
            )
    return asked, found


def _with_attributes(parent: Manifest) -> ReleasedNetwork | None:
    """The network whose attributes stay; None where there is none."""
    return parent.network("photos") if parent.both and parent.contract("photos").attributes else None


def _network(found: Decided, parent: LocalRelease, golden: Golden) -> ReleasedNetwork:
    contract, (artifact, graph) = found.contract(parent.manifest.labels, READS), PHOTO_FILES
    if kept := _with_attributes(parent.manifest):
        contract = contract.with_heads(kept.contract.attributes)
    return ReleasedNetwork(graph=graph, artifact=artifact, contract=contract, golden=golden)


def measured_photos(
    folder: Path, before: Report, photos: ReleasedNetwork, found: Decided, given: Answers
) -> tuple[Report, Answers]:
    """The report with everything about photos from the answers that decided, and these answers."""
    contract = photos.contract
    session = OnnxSession(folder / photos.graph, shape=READS.array_shape)
    answers = decided(Classifier(session, contract), given)
    figures = photo_figures(answers.take(of_known_sources(answers)), contract, CROSS_FITTED)
    report = with_promises(before, found.kinds, found.confidence)
    changed = {
        "photos": figures,
        "unknown_sources": unknown_figures(answers),
        "calibrated": None,
        "all_accepted": None,  # which classes are accepted has changed
    }
    return report.model_copy(update=changed), answers


def successor(parent: LocalRelease, photos: ReleasedNetwork, report: Report, answers: Answers) -> Measured:
    """The release, but for its seal."""
    known = parent.manifest
    both: dict[NetworkName, ReleasedNetwork] = {"pixels": known.network("pixels"), "photos": photos}
    return Measured(networks=both, report=report, answers=answers, parent=known, sources=known.sources)


def export_photos(network: Network, folder: Path) -> Golden:
    """Write photos.keras and photos.onnx; compare them, and keep some answers.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
    """
    artifact, graph = (folder / name for name in PHOTO_FILES)
    network.save(artifact, include_optimizer=False)
    write_graph(network, graph)
    images = _made_pictures()

    def scores(pixels: PixelsBatch) -> Scores:
        given = answering(network, at_once(pixels))(pixels)
        heads = {LABEL: given[PROBABILITIES]} | {
            name.removeprefix(OF_ATTRIBUTE): one
            for name, one in given.items()
            if name.startswith(OF_ATTRIBUTE)
        }
        return Scores(heads, given.get(DISTANCE))

    check_parity(scores, graph, images)
    session = OnnxSession(graph, shape=READS.array_shape)
    given = session.run(images[:GOLDEN_PICTURES])
    return Golden.of(images[:GOLDEN_PICTURES], given.probabilities, given.distances)


def _made_pictures() -> PixelsBatch:
    """Coloured patches, uint8 (PARITY_PICTURES, 192, 192, 3)."""
    rng = np.random.default_rng(SEED)
    patches = rng.integers(0, 256, (PARITY_PICTURES, PATCHES, PATCHES, 3), np.uint8)
    return patches.repeat(READS.shape[0] // PATCHES, axis=1).repeat(READS.shape[1] // PATCHES, axis=2)


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
