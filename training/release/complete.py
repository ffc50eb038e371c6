"""Complete a release whose network is exported: decide, measure, draw, seal. Read it top to bottom.

Own classes and pixels are trained and exported before (own_classes.py, pixel_network.py), and a model that
was trained elsewhere (adopt.py). Releases that share another one's files: photos.py, recalibrate.py. The
first and the last step of all: make.py. Writes one folder.
"""

from pathlib import Path
from typing import Final

from inference.classifier import Classifier
from inference.contract import ModelContract
from inference.onnx_session import OnnxSession
from inference.session import Session
from model_store.assemble import only_network
from model_store.files import FIGURES, GRAPH, MODEL
from model_store.manifest import Golden, Manifest
from reports.answers import LARGEST, NO_ANSWERS, Answers
from reports.values import CROSS_FITTED, HELD_OUT, TEST, ModelFigures, OutOfScope, Report
from training.decide.acceptance import possible_promises, with_promises
from training.decide.answer_sets import scores_in
from training.decide.decide import decide, decide_attributes
from training.decide.requirements import (
    FAMILIARITY_OF_OWN,
    FAMILIARITY_THRESHOLD,
    Requirements,
    usual_accept_right,
)
from training.gradient.networks.registry import trainable_count
from training.heads.ood import UNSEEN_THINGS, separation
from training.measure.attributes import attribute_in_words, measure_attributes
from training.measure.evaluate import counted, decided, examples, full_figures, uncalibrated, undecided
from training.measure.plots import draw_all
from training.measure.products import products_of
from training.measure.words import words_of
from training.progress import Progress
from training.release.candidate import Candidate, samples
from training.release.conversion import mflops
from training.release.doubts import FileAnswers, with_files
from training.release.make import make_release

GOLDEN_PICTURES: Final = 4


def complete_release(folder: Path, candidate: Candidate, progress: Progress) -> tuple[Manifest, FileAnswers]:
    """Calibrate, measure, draw and seal what has its model.keras and model.onnx.

    Args:
        folder: with these two files.
        candidate: what is in them.
        progress: shows what is done, and receives what was found of attributes.

    Returns:
        what it sealed, and what networks answered that had not learnt the picture.

    Raises:
        ModelError: the graph cannot be run.
        StoreError: the folder cannot be sealed.
    """
    session = OnnxSession(folder / GRAPH, shape=candidate.data.reads.array_shape)
    # 1) Decide by answers of networks that did not learn the picture.
    required = _required(candidate, fitted_on_photos=candidate.unseen is not None)
    given = _to_held_out(session, candidate)
    thresholds = decide(given + candidate.of_class, required)
    contract = thresholds.contract(candidate.data.labels, candidate.data.reads)
    labels = candidate.split.train.labels
    further = decide_attributes(labels, candidate.attributes, candidate.out_of_fold, thresholds, required)
    heads = {
        name: of_head.head(labels[name].names, labels[name].applies_to) for name, of_head in further.items()
    }
    contract = contract.with_heads(heads)
    # 2) Measure as serving would answer.
    with progress.counting("measuring"):
        report, answers, of_files = _measure(session, contract, candidate, folder, given)
    report = with_promises(report, thresholds.answer_sets, thresholds.confidence)
    changed: dict[str, object] = {"possible_promises": possible_promises(thresholds.answer_sets[0])}
    of_attributes = NO_ANSWERS
    if further:
        figures, together, of_attributes = measure_attributes(
            Classifier(session, contract),
            candidate.out_of_fold,
            candidate.attributes,
            candidate.split.train.attributes,
            further,
        )
        changed |= {"attributes": figures, "all_accepted": together}
        for name, of_head in further.items():
            progress.say(attribute_in_words(name, figures[name], of_head))
    if candidate.of_products:
        changed["products"] = products_of(answers + of_attributes, required.right)
    if candidate.data.named:
        changed["words"] = words_of(answers + of_attributes, contract)
    report = report.changed(**changed)
    # 3) Draw and seal.
    with progress.counting("drawing the report"):
        pixels = candidate.data.measured.of_known_class.pixels
        draw_all(folder / FIGURES, report, answers, pixels, candidate.data.reads.polarity)
    golden = samples(candidate.split)[:GOLDEN_PICTURES]
    scores = session.run(golden)
    manifest = make_release(
        folder,
        networks=only_network(contract, Golden.of(golden, scores.probabilities, scores.distances)),
        report=report,
        answers=answers + of_attributes if len(answers) <= LARGEST else NO_ANSWERS,
    )
    return manifest, of_files


def _required(candidate: Candidate, *, fitted_on_photos: bool) -> Requirements:
    return Requirements(
        right=candidate.accept.right or usual_accept_right(own_classes=candidate.data.named),
        confidence=candidate.accept.confidence,
        unfamiliar=(FAMILIARITY_OF_OWN if fitted_on_photos else FAMILIARITY_THRESHOLD,),
    )


def _to_held_out(session: Session, candidate: Candidate) -> Answers:
    """The answers before anything is decided; none where nothing is held out."""
    held_out = candidate.split.validation
    return undecided(candidate.scored_by(session)(held_out), held_out, HELD_OUT) if held_out else NO_ANSWERS


def _measure(
    session: Session, contract: ModelContract, candidate: Candidate, folder: Path, held_out: Answers
) -> tuple[Report, Answers, FileAnswers]:
    """Measure all three splits.

    Returns:
        the report without promises, the answers to the test set behind it, and those to what was not learnt.
    """
    classifier, score, test = Classifier(session, contract), candidate.scored_by(session), candidate.data.test
    given = undecided(score(test), test) if test else candidate.of_class
    answers, before = decided(classifier, given), decided(Classifier(session, uncalibrated(contract)), given)
    learnt, validation = candidate.split.train, candidate.split.validation
    known = learnt.of_known_class
    train = decided(classifier, undecided(score(known), known)) if known else answers
    held_out = decided(classifier, held_out) if validation else answers
    others = decided(classifier, candidate.out_of_fold) if len(candidate.out_of_fold) else NO_ANSWERS
    report = Report(
        labels=contract.labels,
        data=candidate.data.described(),
        model=_model_figures(folder, candidate, contract),
        training=candidate.training,
        train=counted(train),
        validation=counted(held_out),
        test=full_figures(answers, before, contract).changed(split=TEST if test else CROSS_FITTED),
        out_of_scope=_out_of_scope(given, contract, candidate),
        photos={},
        examples=examples(answers, contract.labels),
        history=candidate.history,
    )
    return report, answers, with_files((validation, held_out), (test, answers), (learnt, others))


def _out_of_scope(given: Answers, contract: ModelContract, candidate: Candidate) -> dict[str, OutOfScope]:
    """Of things that the score has not seen; empty where no photo of other things was learnt."""
    distances = scores_in(given).distances
    if candidate.unseen is None or distances is None or contract.familiarity is None:
        return {}
    return {UNSEEN_THINGS: separation(distances, candidate.unseen, contract.familiarity)}


def _model_figures(folder: Path, candidate: Candidate, contract: ModelContract) -> ModelFigures:
    return ModelFigures(
        network=candidate.network,
        parameters=candidate.model.count_params(),
        trainable_parameters=trainable_count(candidate.model),
        mflops=mflops(folder / GRAPH),
        bytes={name: (folder / name).stat().st_size for name in (MODEL, GRAPH)},
        temperature=contract.temperature,
    )
