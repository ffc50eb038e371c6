"""A trained network that is to become a release, and the thresholds that are chosen for it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from inference.arrays import Distances, PixelsBatch, Probabilities
from inference.contract import ModelContract
from reports.accept_threshold import DEFAULT_CONDITIONS, AcceptConditions
from reports.answers import NO_ANSWERS, Answers
from reports.network_figures import Epoch, TrainingFigures
from reports.promises import HELD_OUT_PICTURES
from training.data.fashion import LabelledData
from training.data.picture_files import FileImages
from training.data.split import Split
from training.evaluation.evaluate import (
    ScoreFunction,
    make_answers,
)
from training.release.export import PARITY_PHOTOS, PARITY_PICTURES
from training.thresholds.attribute_thresholds import decide_attribute_thresholds
from training.thresholds.decide import Thresholds, decide_thresholds
from training.thresholds.requirements import (
    OWN_CLASSES_UNFAMILIAR_SHARE,
    UNFAMILIAR_SHARE,
    ThresholdRequirements,
    get_default_accuracy,
)
from training.untyped import Network


@dataclass(frozen=True, kw_only=True)
class ReleaseCandidate:
    """An exported network that is to be released, and the data that decide, measure and describe it.

    Attributes:
        network: the name of the network.
        model: the network with its weights.
        training: facts about its training.
        history: an entry for each epoch; empty if it is not known.
        data: the pictures; their labels name the outputs of the network.
        split: the training set in two parts, learnt and held-out pictures; the held-out ones calibrate.
        cross_fitted_answers: answers to the training pictures by networks of a cross-validation, which did
            not learn the picture. They calibrate the network as well, and are measured if there is no test
            set. If nothing is held out, there is one for each picture. If the class of a picture is not
            known, only its attributes are decided and measured.
        attributes: the probabilities of the training pictures by attribute, float32 (N, C), from heads that
            did not learn the picture.
        score: a function that returns the scores of the network for pictures; None to run the graph.
        unseen_ood_distances: distances of photos of other things that the distance was not fitted against;
            None if no photos of other things were learnt.
        accept_conditions: the conditions under which an answer is accepted.
        has_product_groups: whether the groups of pictures are products, so that the report has figures of
            products.
    """

    network: str
    model: Network
    training: TrainingFigures
    data: LabelledData
    split: Split
    history: tuple[Epoch, ...] = ()
    cross_fitted_answers: Answers = NO_ANSWERS
    attributes: Mapping[str, Probabilities] = field(default_factory=dict)
    score: ScoreFunction | None = None
    unseen_ood_distances: Distances | None = None
    accept_conditions: AcceptConditions = DEFAULT_CONDITIONS
    has_product_groups: bool = False

    @property
    def class_answers(self) -> Answers:
        """The cross-fitted answers to pictures whose class is known."""
        return self.cross_fitted_answers.select_rows(self.cross_fitted_answers.has_class)


def select_parity_pictures(split: Split) -> PixelsBatch:
    """Return some pictures on which a graph is compared with its network: held-out ones if there are any."""
    pixels = (split.validation or split.train).pixels
    return pixels[: PARITY_PHOTOS if isinstance(pixels, FileImages) else PARITY_PICTURES]


@dataclass(frozen=True, kw_only=True)
class CandidateDecisions:
    """The thresholds of a network, and what they were chosen by.

    Attributes:
        requirements: the conditions for accepted answers, such as the share that must be right.
        thresholds: the thresholds of the class.
        attribute_thresholds: the thresholds of each attribute, by its name.
        contract: the contract of the network with all of these thresholds.
        held_out_answers: the answers to held-out pictures; empty if none are held out.
    """

    requirements: ThresholdRequirements
    thresholds: Thresholds
    attribute_thresholds: Mapping[str, Thresholds]
    contract: ModelContract
    held_out_answers: Answers


def decide_candidate(candidate: ReleaseCandidate, score: ScoreFunction) -> CandidateDecisions:
    """Choose the thresholds of a network by answers to pictures that it did not learn.

    Args:
        score: a function that returns the scores of the network for pictures.
    """
    requirements = ThresholdRequirements(
        accuracy=candidate.accept_conditions.right_share
        or get_default_accuracy(has_own_classes=candidate.data.has_class_names),
        minimum_confidence=candidate.accept_conditions.confidence,
        unfamiliar_shares=(
            UNFAMILIAR_SHARE if candidate.unseen_ood_distances is None else OWN_CLASSES_UNFAMILIAR_SHARE,
        ),
    )
    # The network itself answers held-out pictures, and networks of folds answer pictures that it learnt.
    held_out = candidate.split.validation
    held_out_answers = make_answers(score(held_out), held_out, HELD_OUT_PICTURES) if held_out else NO_ANSWERS
    thresholds = decide_thresholds(held_out_answers + candidate.class_answers, requirements)
    labels = candidate.split.train.labels
    # After the class: an attribute takes over the familiarity that was chosen there.
    attribute_thresholds = decide_attribute_thresholds(
        labels, candidate.attributes, candidate.cross_fitted_answers, thresholds, requirements
    )
    attribute_heads = {
        name: head.make_head(labels[name].names, labels[name].applies_to)
        for name, head in attribute_thresholds.items()
    }
    contract = thresholds.make_contract(candidate.data.labels, candidate.data.input_contract)
    return CandidateDecisions(
        requirements=requirements,
        thresholds=thresholds,
        attribute_thresholds=attribute_thresholds,
        contract=contract.replace_heads(attribute_heads),
        held_out_answers=held_out_answers,
    )
