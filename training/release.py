"""Make a complete release out of a finished fit: model, graph, calibration, report, figures, manifest.

Nothing here trains; given the same fit it can be run again. Writes one folder. Sealing is
model_store/assemble.py's, publishing model_store/publish.py's.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from inference.contract import ModelContract
from inference.onnx_session import OnnxSession
from inference.session import Session
from model_store.assemble import seal
from model_store.files import GRAPH, MODEL, REPORT
from model_store.manifest import Golden, Headline, Manifest
from model_store.report import ModelFigures, Report, TrainingFigures, report_bytes
from training.calibration import fit_contract
from training.datasets import LABELS, FashionMnist
from training.distance import fit_whitening
from training.evaluation import Answers, answer, counted, examples, measured, uncalibrated
from training.export import (
    PARITY_PICTURES,
    check_parity,
    export_graph,
    features_of,
    probabilities_of,
    save_artifact,
)
from training.figures import draw_all
from training.fitting import Fitted
from training.flops import mflops
from training.quantisation import quantise
from training.recipes import Recipe
from training.splitting import Split
from training.surroundings import git_commit, hardware, libraries

GOLDEN_PICTURES: Final = 4
FIGURES: Final = "figures"

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Material:
    """What a release is made of.

    Attributes:
        split: the training set in its two parts, as the fit saw them.
        quantised: serve the graph in eight bits, if it answers well enough.
    """

    data: FashionMnist
    split: Split
    recipe: Recipe
    fitted: Fitted
    quantised: bool = False


def make_release(folder: Path, material: Material, say: Say) -> Manifest:
    """Write a release.

    Args:
        folder: emptied first, if it is there.
        material: the fit and its data.
        say: told what is being done.

    Raises:
        ExportError: the serving graph cannot be made or answers differently from the network.
        StoreError: the folder cannot be sealed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    say("exporting and comparing the serving graph with the network")
    _export(folder, material)
    session = OnnxSession(folder / GRAPH)
    held_out = material.split.validation
    contract = fit_contract(session.run(held_out.images), held_out.labels, LABELS)
    say("measuring")
    answers = answer(session, contract, material.data.test)
    report = _report(folder, material, session, contract, answers)
    (folder / REPORT).write_bytes(report_bytes(report))
    draw_all(folder / FIGURES, report, answers, material.data.test.images)
    return _sealed(folder, material, session, contract, report)


def _export(folder: Path, material: Material) -> None:
    """Write model.keras and model.onnx."""
    train, held_out = material.split.train, material.split.validation
    artifact = save_artifact(material.fitted.model, folder / MODEL)
    whitening = fit_whitening(features_of(artifact, train.images), train.labels, len(LABELS))
    export_graph(artifact, whitening, folder / GRAPH)
    check_parity(
        lambda images: probabilities_of(artifact, images), folder / GRAPH, held_out.images[:PARITY_PICTURES]
    )
    if material.quantised:
        quantise(folder / GRAPH, train, held_out)


def _report(
    folder: Path, material: Material, session: Session, contract: ModelContract, answers: Answers
) -> Report:
    """Measure all three splits; `answers` are those to the test set."""
    before = answer(session, uncalibrated(contract), material.data.test)
    fitted, recipe = material.fitted, material.recipe
    return Report(
        labels=contract.labels,
        data=material.data.described(),
        model=ModelFigures(
            network=recipe.network,
            parameters=fitted.model.count_params(),
            mflops=mflops(folder / GRAPH),
            bytes={name: (folder / name).stat().st_size for name in (MODEL, GRAPH)},
            temperature=contract.temperature,
        ),
        training=TrainingFigures(
            seed=recipe.seed,
            epochs=len(fitted.history),
            best_epoch=fitted.best_epoch,
            seconds=fitted.seconds,
            hardware=hardware(),
            libraries=libraries(),
            configuration=recipe.as_json() | {"quantised": material.quantised},
        ),
        train=counted(answer(session, contract, material.split.train)),
        validation=counted(answer(session, contract, material.split.validation)),
        test=measured(answers, before, contract),
        examples=examples(answers, contract.labels),
        history=fitted.history,
    )


def _sealed(
    folder: Path, material: Material, session: Session, contract: ModelContract, report: Report
) -> Manifest:
    golden = material.split.validation.images[:GOLDEN_PICTURES]
    return seal(
        folder,
        created_at=datetime.now(UTC),
        model=contract,
        golden=Golden.of(golden, session.run(golden).probabilities),
        training=report.training.configuration,
        libraries=report.training.libraries,
        git_commit=git_commit(),
        data=report.data,
        headline=Headline(
            test_accuracy=report.test.accuracy,
            test_n=report.test.n,
            parameters=report.model.parameters,
            mflops=report.model.mflops,
        ),
    )
