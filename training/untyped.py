"""Names for the types of libraries that ship none: TensorFlow, Keras and ONNX.

Touches nothing.
"""

from typing import Any, TypeAlias

Tensor: TypeAlias = Any
"""A tensor of TensorFlow, or Keras' symbolic one; its docstring gives shape and dtype."""

Network: TypeAlias = Any
"""keras.Model."""

Graph: TypeAlias = Any
"""onnx.ModelProto."""

Callback: TypeAlias = Any
"""keras.callbacks.Callback."""
