"""Names for the types of TensorFlow, Keras and ONNX, which ship no types.

mypy takes each of them for Any. The names tell a reader what a function gets and returns.
"""

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""Tensor of TensorFlow, or symbolic tensor of Keras, which stands for the output of a layer."""

Network: TypeAlias = Any
"""Network of Keras: a `keras.Model`."""

Graph: TypeAlias = Any
"""ONNX graph: an `onnx.ModelProto`."""

Callback: TypeAlias = Any
"""Object that Keras calls during a fit: a `keras.callbacks.Callback`."""
