"""Which of Keras' backends trains: TensorFlow, or JAX where KERAS_BACKEND says so.

Imports the one that is asked for and not the other. Touches nothing.
"""

import keras

from training.fitting.steps import Steps, Trainee

# Each branch imports its own library: a machine with an accelerator may have JAX alone.


def steps_of(trainee: Trainee) -> Steps:
    """Whoever takes this trainee's steps."""
    if keras.backend.backend() == "jax":
        from training.fitting.jax_steps import JaxSteps  # noqa: PLC0415 - as above

        return JaxSteps(trainee)
    from training.fitting.tensorflow_steps import TensorFlowSteps  # noqa: PLC0415 - as above

    return TensorFlowSteps(trainee)


def accelerators() -> list[str]:
    """The names of the GPUs or TPUs that the backend finds; empty on a processor alone."""
    if keras.backend.backend() == "jax":
        from training.fitting import jax_steps  # noqa: PLC0415 - as above

        return jax_steps.accelerators()
    from training.fitting import tensorflow_steps  # noqa: PLC0415 - as above

    return tensorflow_steps.accelerators()
