"""The networks of one release: which of them reads an upload, and what it answers.

classifier.py is one network; convert.py makes what it reads. Does no I/O.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from inference.classifier import Classifier, Prediction
from inference.contract import ModelContract, NetworkName, choose_network, choose_only_name
from inference.convert import ModelInput, make_model_input
from inference.decode import DecodedPicture
from inference.picture_opening import find_light_lanes
from inference.pixel_rows import find_rows_shape, parse_pixel_rows


class Networks:
    """One or both: `pixels`, which reads small grey pictures, and `photos`, which reads colour.

    Attributes:
        pixels_input: of the network that reads pixels, else of the only one.
        numbers: that this one reads of a picture.
        light_lanes: the lanes of pictures that take less time than a change of threads.
    """

    def __init__(self, networks: Mapping[NetworkName, Classifier]) -> None:
        self._networks = dict(networks)
        self._inputs = {name: network.contract.input for name, network in networks.items()}
        self.pixels_input = self["pixels"].contract.input
        self.numbers = math.prod(self.pixels_input.array_shape)
        self.light_lanes = find_light_lanes(self.pixels_input, is_only_network=len(networks) == 1)

    @classmethod
    def make_single(cls, classifier: Classifier) -> "Networks":
        """A release with one network."""
        return cls({choose_only_name(classifier.contract.input): classifier})

    def __len__(self) -> int:
        return len(self._networks)

    def __iter__(self) -> Iterator[NetworkName]:
        return iter(self._networks)

    def __getitem__(self, name: NetworkName) -> Classifier:
        """The network that answers what `name` reads: the one of that name, else the only one."""
        return self._networks.get(name) or next(iter(self._networks.values()))

    def replace_contracts(self, contracts: Mapping[NetworkName, ModelContract]) -> "Networks":
        """The same models with other contracts, such as those with other thresholds."""
        return Networks(
            {name: Classifier(self[name].session, contract) for name, contract in contracts.items()}
        )

    def make_model_input(self, decoded: DecodedPicture) -> ModelInput:
        """What is read of an upload, and for which network it is."""
        return make_model_input(decoded, self._inputs)

    def make_rows_input(self, rows: object) -> ModelInput:
        """The same of nested lists of numbers, as JSON has them.

        Raises:
            BadPixels: they are the pixels of no network.
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
        if len(self) == 1 or len(names) == 1:
            return self._answered(inputs)
        answers: dict[int, Prediction] = {}
        for name in names:
            places = [place for place, model_input in enumerate(inputs) if model_input.network == name]
            answers |= zip(places, self._answered([inputs[place] for place in places]), strict=True)
        return [answers[place] for place in range(len(inputs))]

    def _answered(self, inputs: Sequence[ModelInput]) -> list[Prediction]:
        """The answers of the one network that reads all of them."""
        names = [model_input.network for model_input in inputs]
        return self[names[0]].classify(np.array([model_input.pixels for model_input in inputs]), names)
