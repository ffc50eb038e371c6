"""The networks of one release: which of them reads an upload, and what it answers.

classifier.py is one network; convert.py makes what it reads. Does no I/O.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from inference.classifier import Classifier, Prediction
from inference.contract import ModelContract, NetworkName, network_for, usual_name
from inference.convert import ModelInput, to_model_input
from inference.decode import Decoded
from inference.opening import light_lanes
from inference.pixels import rows_to_pixels, shape_of_rows


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
        self.light_lanes = light_lanes(self.pixels_input, is_only_network=len(networks) == 1)

    @classmethod
    def only(cls, classifier: Classifier) -> "Networks":
        """A release with one network."""
        return cls({usual_name(classifier.contract.input): classifier})

    def __len__(self) -> int:
        return len(self._networks)

    def __iter__(self) -> Iterator[NetworkName]:
        return iter(self._networks)

    def __getitem__(self, name: NetworkName) -> Classifier:
        """The network that answers what `name` reads: the one of that name, else the only one."""
        return self._networks.get(name) or next(iter(self._networks.values()))

    def with_contracts(self, contracts: Mapping[NetworkName, ModelContract]) -> "Networks":
        """The same models with other contracts, such as those with other thresholds."""
        return Networks(
            {name: Classifier(self[name].session, contract) for name, contract in contracts.items()}
        )

    def model_input(self, decoded: Decoded) -> ModelInput:
        """What is read of an upload, and for which network it is."""
        return to_model_input(decoded, self._inputs)

    def rows_input(self, rows: object) -> ModelInput:
        """The same of nested lists of numbers, as JSON has them.

        Raises:
            BadPixels: they are the pixels of no network.
        """
        name = network_for(shape_of_rows(rows), self._inputs)
        return ModelInput(rows_to_pixels(rows, self[name].contract.input), network=name)

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
