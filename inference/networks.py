"""Combine the networks of one release: choose the network that reads an upload, and return its answer.

A release may have a network for pictures of 28 x 28 pixels in grey (`pixels`) and one for photos in colour
(`photos`). A request may have pictures for both.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from inference.classifier import Classifier, Prediction
from inference.contract import ModelContract, NetworkName, choose_network, choose_only_network
from inference.pictures.convert import ModelInput, make_model_input
from inference.pictures.decode import DecodedPicture
from inference.pictures.picture_opening import list_quick_lanes
from inference.pictures.pixel_rows import find_rows_shape, parse_pixel_rows
from inference.sessions.session import Scores


class Networks:
    """The networks of a release: `pixels` for small grey pictures, `photos` for colour, or both.

    Attributes:
        pixels_input: the input of the network that reads pixels, or of the only network.
        numbers: the number of values that this network reads of a picture.
        light_lanes: the ways to decode (lanes) of pictures that take less time than a change of threads.
    """

    def __init__(self, networks: Mapping[NetworkName, Classifier]) -> None:
        self._networks = dict(networks)
        self._inputs = {name: network.contract.input for name, network in networks.items()}
        self.pixels_input = self["pixels"].contract.input
        self.numbers = math.prod(self.pixels_input.array_shape)
        self.light_lanes = list_quick_lanes(self.pixels_input, is_only_network=len(networks) == 1)

    @classmethod
    def wrap_classifier(cls, classifier: Classifier) -> "Networks":
        """Return the networks of a release with one network."""
        return cls({choose_only_network(classifier.contract.input): classifier})

    def __len__(self) -> int:
        return len(self._networks)

    def __iter__(self) -> Iterator[NetworkName]:
        return iter(self._networks)

    def __getitem__(self, name: NetworkName) -> Classifier:
        """Return the network with a name; a single network answers to any name."""
        return self._networks.get(name) or next(iter(self._networks.values()))

    def replace_contracts(self, contracts: Mapping[NetworkName, ModelContract]) -> "Networks":
        """Return a copy of these networks with other contracts, such as contracts with other thresholds."""
        return Networks(
            {name: Classifier(self[name].session, contract) for name, contract in contracts.items()}
        )

    def make_model_input(self, picture: DecodedPicture) -> ModelInput:
        """Return the input for an upload, and choose the network that reads it."""
        return make_model_input(picture, self._inputs)

    def make_rows_input(self, rows: object) -> ModelInput:
        """Return the input for nested lists of numbers, as JSON has them, and choose the network.

        Raises:
            BadPixels: the numbers are the pixels of no network.
        """
        name = choose_network(find_rows_shape(rows), self._inputs)
        return ModelInput(parse_pixel_rows(rows, self[name].contract.input), network=name)

    def classify(self, inputs: Sequence[ModelInput]) -> list[Prediction]:
        """Classify N >= 1 pictures, each by its network.

        Raises:
            AnswerNotFinite: a model answered NaN or infinity.
            ContractBroken: a contract needs an output that its model does not have.
        """
        names = {model_input.network for model_input in inputs}
        # A single network answers under both names, so all its pictures go into one run.
        if len(self) == 1 or len(names) == 1:
            return self._classify_with_one(inputs)
        answers: dict[int, Prediction] = {}
        for name in names:
            places = [place for place, model_input in enumerate(inputs) if model_input.network == name]
            answers |= zip(places, self._classify_with_one([inputs[place] for place in places]), strict=True)
        return [answers[place] for place in range(len(inputs))]

    def _classify_with_one(self, inputs: Sequence[ModelInput]) -> list[Prediction]:
        """Return the answers of the one network that reads all of these pictures."""
        names = [model_input.network for model_input in inputs]
        scores = self[names[0]].compute_scores(np.array([model_input.pixels for model_input in inputs]))
        return self.make_predictions(scores, names)

    def make_predictions(self, scores: Scores, names: Sequence[NetworkName]) -> list[Prediction]:
        """Turn the scores that one network gave to N pictures into predictions.

        `classify` ends with this step. Trainings and reports call it with scores that they have stored, so
        that a rule which is added here is in the measured promises as well.

        Args:
            names: the name of the network that each picture is for; the first one decides which network gave
                the scores.

        Raises:
            AnswerNotFinite: a score is NaN or infinity.
            ContractBroken: a contract needs an output that its model does not have.
        """
        return self[next(iter(names), "pixels")].make_predictions(scores, names)
