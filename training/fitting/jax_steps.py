"""Take an epoch's updates on JAX: for GPUs and TPUs, which it compiles a whole step for.

During an epoch the state is a value that each step maps to the next; before and after it, Keras' variables
hold it. Touches the trainee's variables alone. The same on TensorFlow: tensorflow_steps.py.
"""

from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeAlias

import jax
import numpy as np
from jax import numpy as jnp
from numpy.typing import NDArray

from training.fitting.steps import Lesson, Trainee, cross_entropy, decay, right
from training.untyped import Tensor

STEPS_AHEAD: Final = 16
"""Steps that are handed to the device before its answer is waited for: it never idles, and whoever watches is
told nothing that lies further ahead."""

Values: TypeAlias = list[jax.Array]

Tree: TypeAlias = dict[str, Any]
"""Arrays by name; a tree in JAX's sense."""


class _State(NamedTuple):
    """What a step changes.

    Attributes:
        weights, others: of the model: what the optimizer moves, and what it does not.
        averages, other_averages: the same of its running average.
        optimizer: its variables.
        totals: float32 (2,), loss and accuracy, summed over the steps.
    """

    weights: Values
    others: Values
    averages: Values
    other_averages: Values
    optimizer: Values
    totals: jax.Array


class JaxSteps:
    """Steps of one trainee; keeps steps.Steps."""

    def __init__(self, trainee: Trainee) -> None:
        self._trainee = trainee
        self._data = {"images": jnp.asarray(trainee.images), "targets": jnp.asarray(trainee.targets)}
        self._rate = _place(trainee.optimizer.learning_rate, trainee.optimizer.variables)
        self._taken = _place(trainee.optimizer.iterations, trainee.optimizer.variables)
        self._step = jax.jit(self._stepped, donate_argnums=0)

    def take(self, lesson: Lesson, told: Callable[[int], None]) -> NDArray[np.float64]:
        state = self._read()
        plan = {"order": lesson.order, "rates": lesson.rates, "draws": lesson.draws}
        on_device = jax.tree.map(jnp.asarray, plan)
        for number in range(len(lesson.order)):
            state = self._step(state, self._data, on_device, number)
            if number % STEPS_AHEAD == 0:
                state.totals.block_until_ready()
            told(number + 1)
        self._write(state)
        return np.asarray(state.totals, np.float64) / len(lesson.order)

    def _variables(self) -> tuple[list[Any], ...]:
        """Keras' variables in the order of `_State`."""
        model, average = self._trainee.model, self._trainee.average
        return (
            model.trainable_variables,
            model.non_trainable_variables,
            average.trainable_variables,
            average.non_trainable_variables,
            self._trainee.optimizer.variables,
        )

    def _read(self) -> _State:
        # Copies: a step may write over what it is handed, and the variables' own arrays must stay whole.
        weights, others, averages, other_averages, optimizer = (
            [jnp.array(variable.value) for variable in group] for group in self._variables()
        )
        return _State(weights, others, averages, other_averages, optimizer, jnp.zeros(2))

    def _write(self, state: _State) -> None:
        for variables, values in zip(self._variables(), state[:-1], strict=True):
            for variable, value in zip(variables, values, strict=True):
                variable.assign(value)

    def _stepped(self, state: _State, data: Tree, plan: Tree, number: Tensor) -> _State:
        """One update, as a pure function."""
        indices = plan["order"][number]
        draws = {name: drawn[number] for name, drawn in plan["draws"].items()}
        images, targets = self._trainee.augmentation(data["images"][indices], data["targets"][indices], draws)
        judged = jax.value_and_grad(self._loss, has_aux=True)
        (loss, (logits, others)), gradients = judged(state.weights, state.others, images, targets)
        optimizer = [*state.optimizer]
        optimizer[self._rate] = plan["rates"][number]
        weights, optimizer = self._trainee.optimizer.stateless_apply(optimizer, gradients, state.weights)
        kept = decay(self._trainee.recipe.averaging, optimizer[self._taken])
        return _State(
            weights,
            others,
            _moved(state.averages, weights, kept),
            _moved(state.other_averages, others, kept),
            optimizer,
            state.totals + jnp.stack([loss, right(targets, logits)]),
        )

    def _loss(
        self, weights: Values, others: Values, images: Tensor, targets: Tensor
    ) -> tuple[Tensor, tuple[Tensor, Values]]:
        """The loss, beside the logits and what the forward pass made of `others`."""
        logits, others, penalties = self._trainee.model.stateless_call(
            weights, others, images, training=True, return_losses=True
        )
        loss = cross_entropy(targets, logits, self._trainee.recipe.label_smoothing) + sum(penalties)
        return loss, (logits, others)


def accelerators() -> list[str]:
    """The names of the GPUs or TPUs that JAX finds."""
    return [device.device_kind for device in jax.devices() if device.platform != "cpu"]


def _moved(averages: Values, presents: Values, kept: Tensor) -> Values:
    """The averages, moved towards the present values; a dropout's seed is no weight and stays."""
    return [
        average * kept + present * (1 - kept) if jnp.issubdtype(present.dtype, jnp.floating) else average
        for average, present in zip(averages, presents, strict=True)
    ]


def _place(variable: Any, among: list[Any]) -> int:  # noqa: ANN401 - Keras ships no types
    return next(place for place, one in enumerate(among) if one is variable)
