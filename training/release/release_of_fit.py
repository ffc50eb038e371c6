"""Make a release of a fit of ours: export it, complete the release, and ask about labels.

For trainings without a parent; the head that answers photos of the ten classes: photo_release.py. The same
fit can be exported again. Writes one folder.
"""

from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Final

from pydantic import JsonValue

from inference.arrays import Distances
from inference.onnx_session import OnnxSession
from model_store.files import GRAPH, MODEL
from reports.acceptance import Conditions
from reports.intervals import needed
from reports.values import TrainingFigures
from training.environment import hardware, libraries
from training.fit_result import Fitted
from training.gradient.fitting.checkpoints import Run
from training.gradient.networks.registry import trainable_count
from training.gradient.recipes import Recipe
from training.heads.ood import fit_measure
from training.measure.decide import usual_accept_right
from training.pictures.fashion import LabelledData
from training.pictures.learnt_hashes import Learnt
from training.pictures.split import warning_of_few_answers
from training.progress import Progress
from training.release.builder import Evaluation, Origin, complete_release
from training.release.label_doubts import Asked, asked_of
from training.release.onnx_graph import (
    PARITY_PICTURES,
    check_parity,
    export_graph,
    features_of,
    save_artifact,
    scores_of,
)
from training.release.sealing import begin

RELEASE: Final = "release"
"""The folder of a new release in a run's folder."""

FIELDS_OF_ANY_FIT: Final = ("network", "seed", "limit")
"""The fields of a recipe that a head on frozen networks has, too."""


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        run: its folder; the release is in RELEASE there.
        asked: out-of-fold answers, from which doubted labels are listed.
        labels: of the release.
    """

    run: Path
    asked: Asked
    labels: tuple[str, ...]

    @property
    def release(self) -> Path:
        """The folder of the release."""
        return self.run / RELEASE


def warn_of_few(data: LabelledData, answers: int, accept: Conditions, progress: Progress) -> None:
    """Warn, before hours of training, where too few answers would choose the thresholds."""
    promised = accept.right or usual_accept_right(own_classes=data.named)
    if doubt := warning_of_few_answers(answers, needed(promised)):
        progress.warn(doubt)


def seal_trained(task: Run, recipe: Recipe, fitted: Fitted, on: Evaluation, progress: Progress) -> Trained:
    """Write the release to the run's folder.

    Args:
        task: where; the release records its command and settings.
        recipe: of the training.
        fitted: what is released.
        on: what the release is decided and measured on.
        progress: shows that the release is being made.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    folder = task.folder / RELEASE
    with progress.counting("making the release"):
        progress.say("exporting and comparing the serving graph with the network")
        distances = _export(folder, fitted, on)
        origin = _origin(task, recipe, fitted, on, distances)
        manifest = complete_release(folder, on, origin, progress.say)
    session = OnnxSession(folder / GRAPH, shape=on.data.reads.array_shape)
    asked = asked_of(session, manifest.contract("pixels"), on.data, on.split, on.out_of_fold)
    return Trained(task.folder, asked, on.data.labels)


def _export(folder: Path, fitted: Fitted, on: Evaluation) -> Distances | None:
    """Write model.keras, model.onnx and what was learnt; the distances of `Origin.unseen`."""
    train = on.split.train
    begin(folder)
    artifact = save_artifact(fitted.model, folder / MODEL)
    features = features_of(artifact, train.images)
    measure = fit_measure(features, train.labels, len(on.data.labels), fitted.ood)
    attributes = {name: one.head for name, one in fitted.attributes.items()}
    export_graph(artifact, measure, folder / GRAPH, attributes)
    network = partial(scores_of, artifact, measure, attributes)
    check_parity(network, folder / GRAPH, on.samples[:PARITY_PICTURES])
    Learnt.of(train.sha256).save(folder)
    return None if fitted.ood is None else measure.distances(fitted.ood.unseen)


def _origin(task: Run, recipe: Recipe, fitted: Fitted, on: Evaluation, distances: Distances | None) -> Origin:
    """What the release records of a fit."""
    made_with: dict[str, JsonValue] = {"command": task.command}
    if task.settings:
        made_with["settings"] = dict(task.settings)
    if len(on.out_of_fold):
        made_with["folds"] = int(on.out_of_fold.folds.max())
    settings = recipe.as_json()
    if fitted.head is not None:
        settings = {name: settings[name] for name in FIELDS_OF_ANY_FIT} | {"head": asdict(fitted.head)}
    training = TrainingFigures(
        seed=recipe.seed,
        epochs=len(fitted.history),
        best_epoch=len(fitted.history),
        seconds=fitted.seconds,
        hardware="; then ".join(fitted.hardware) or hardware(),
        libraries=libraries() | fitted.libraries,
        configuration=settings | made_with,
    )
    return Origin(
        network=recipe.network,
        parameters=fitted.model.count_params(),
        trainable=trainable_count(fitted.model),
        training=training,
        history=fitted.history,
        unseen=distances,
        attributes=fitted.attributes,
    )
