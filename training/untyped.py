"""Names for values of libraries that ship no types, so that a signature still says what it takes.

Touches nothing. TensorFlow, Keras and ONNX are the libraries.
"""

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A tensor of Keras' backend, or its symbolic one; its docstring gives shape and dtype."""

Network: TypeAlias = Any
"""keras.Model."""

Policy: TypeAlias = Any
"""keras.DTypePolicy: what a layer computes in."""

Graph: TypeAlias = Any
"""onnx.ModelProto."""

Callback: TypeAlias = Any
"""keras.callbacks.Callback."""
