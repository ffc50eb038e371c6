"""Names for the types of TensorFlow, Keras and ONNX, which ship no types.

mypy takes each of them for Any. The names tell a reader what a function gets and returns.
"""

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A tensor of TensorFlow, or Keras' symbolic one; its docstring gives shape and dtype."""

Network: TypeAlias = Any
"""A `keras.Model`, the type of all networks."""

Graph: TypeAlias = Any
"""An `onnx.ModelProto`, the type of all ONNX graphs."""

Callback: TypeAlias = Any
"""A `keras.callbacks.Callback`, which Keras calls during a fit."""
