"""The end of every training that is not a head beside another release's files: seal, and ask about labels."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from inference.onnx_session import OnnxSession
from model_store.files import GRAPH
from reports.acceptance import USUAL, Conditions, needed
from reports.answers import Answers
from training.fitted import Fitted
from training.gradient.fitting.checkpoints import Run
from training.gradient.recipes import Recipe
from training.measure.decide import usual_accept_right
from training.pictures.fashion import LabelledData
from training.pictures.split import Split, doubt_of
from training.progress import Progress, summed
from training.release.builder import make_release, material_of, pictures_to_answer
from training.release.doubted import Asked, asked_of

RELEASE: Final = "release"
"""The folder of a new release in a run's folder."""


@dataclass(frozen=True)
class Trained:
    """What a training leaves.

    Attributes:
        run: its folder; the release is in RELEASE there.
        asked: answers of networks that did not learn the pictures: they doubt labels.
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
    if doubt := doubt_of(answers, needed(promised)):
        progress.warn(doubt)


def seal_trained(  # noqa: PLR0913, PLR0917 - what a release is made of
    task: Run,
    data: LabelledData,
    parts: Split,
    recipe: Recipe,
    fitted: Fitted,
    progress: Progress,
    *,
    others: Answers | None = None,
    accept: Conditions = USUAL,
) -> Trained:
    """Write the release to the run's folder.

    Args:
        task: where.
        data: what the release is measured on.
        parts: its training set in two.
        recipe: of the training.
        fitted: what is released.
        progress: shows that the release is being made.
        others: answers of heads that did not learn the pictures; they choose thresholds, too.
        accept: when an answer is accepted.

    Raises:
        TrainingError: the network cannot be exported.
    """
    material = material_of(fitted, recipe, task, data=data, split=parts, out_of_fold=others, accept=accept)
    with progress.counting("making the release") as watch:
        seen = summed(watch, pictures_to_answer(material))
        manifest = make_release(task.folder / RELEASE, fitted.model, material, progress.say, seen)
    session = OnnxSession(task.folder / RELEASE / GRAPH, shape=data.reads.array_shape)
    return Trained(task.folder, asked_of(session, manifest.model, data, parts, others), data.labels)
