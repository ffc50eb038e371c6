"""Networks that others published for Fashion-MNIST.

published_figures.py has the published figures, docs/results/comparison.json ours. Where no width was
published, a network here has the common widths that come nearest to the published parameters, and its
docstring says so. Touches nothing. Our own networks: compact.py.
"""

from training.networks.layers import FEATURES, LayerFactory
from training.untyped import Tensor


def dense(x: Tensor, factory: LayerFactory) -> Tensor:
    """One hidden layer of 128: TensorFlow's tutorial "Basic classification: Classify images of clothing"."""
    return factory.dense(factory.flattened(x), 128, FEATURES)


def conv2_same(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two 3 x 3 convolutions, 32 and 64, each halved by pooling, and 128 units."""
    for number, channels in enumerate((32, 64), start=1):
        x = factory.pooled(factory.convolution(x, channels, 3, f"conv{number}"), f"pool{number}")
    return factory.dense(factory.flattened(x), 128, FEATURES)


def conv3(x: Tensor, factory: LayerFactory) -> Tensor:
    """Three 3 x 3 convolutions, 32, 64 and 128, each halved by pooling, and 128 units.

    Padding and pooling were not published: see `conv3_valid`.
    """
    for number, channels in enumerate((32, 64, 128), start=1):
        x = factory.pooled(factory.convolution(x, channels, 3, f"conv{number}"), f"pool{number}")
    return factory.dense(factory.flattened(x), 128, FEATURES)


def conv3_valid(x: Tensor, factory: LayerFactory) -> Tensor:
    """The same without padding, and without the third pooling: as many parameters.

    The published figures may have been this one's: the published time is 0.45 of a 19-MFLOP ResNet's. This
    one takes 0.46 of `resnet`'s here, and `conv3` 0.84.
    """
    for number, channels in enumerate((32, 64), start=1):
        x = factory.pooled(
            factory.convolution(x, channels, 3, f"conv{number}", padding="valid"), f"pool{number}"
        )
    x = factory.convolution(x, 128, 3, "conv3", padding="valid")
    return factory.dense(factory.flattened(x), 128, FEATURES)


def conv2_5x5(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two 5 x 5 convolutions of 50 filters, each halved by pooling, with L2 and dropout if asked.

    Neither padding nor the layers behind were published: here `same` and 128 units, as in the other two-layer
    network. 378,868 parameters.
    """
    for number in (1, 2):
        x = factory.pooled(factory.convolution(x, 50, 5, f"conv{number}"), f"pool{number}")
    x = factory.dropped(factory.flattened(x), 0.0, "dropout")
    return factory.dense(x, 128, FEATURES)


def arch1(x: Tensor, factory: LayerFactory) -> Tensor:
    """Conv, conv, pool, dropout, conv, pool, dropout, one layer of 512: 848,138 parameters.

    No width was published. 16, 32 and 64 filters of 3 x 3 without padding come within 192 parameters;
    dropout 0.25 is our choice.
    """
    x = factory.convolution(x, 16, 3, "conv1", padding="valid")
    x = factory.convolution(x, 32, 3, "conv2", padding="valid")
    x = factory.dropped(factory.pooled(x, "pool1"), 0.25, "dropout1")
    x = factory.convolution(x, 64, 3, "conv3", padding="valid")
    x = factory.dropped(factory.pooled(x, "pool2"), 0.25, "dropout2")
    return factory.dense(factory.flattened(x), 512, FEATURES)


def arch2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two blocks of 4 x 4 convolution, pool and dropout, one layer of 200: 496,386 parameters.

    No width was published. 32 filters without padding, 64 with, and 200 units come within
    2,614; dropout 0.25 is our choice.
    """
    x = factory.convolution(x, 32, 4, "conv1", padding="valid")
    x = factory.dropped(factory.pooled(x, "pool1"), 0.25, "dropout1")
    x = factory.convolution(x, 64, 4, "conv2")
    x = factory.dropped(factory.pooled(x, "pool2"), 0.25, "dropout2")
    return factory.dense(factory.flattened(x), 200, FEATURES)


def vgg(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two pairs of 3 x 3 convolutions, 32 and 64, and 512 units, normalized throughout.

    The order convolution, ReLU, normalization is that of the mini-VGG which many tutorials copy
    (Simonyan and Zisserman 2014, arXiv 1409.1556, made small), and so are its dropouts of 0.25 and 0.5.
    """
    for block, channels in enumerate((32, 64), start=1):
        for half in ("a", "b"):
            x = factory.convolution(x, channels, 3, f"conv{block}{half}")
            x = factory.normalized(x, f"norm{block}{half}")
        x = factory.dropped(factory.pooled(x, f"pool{block}"), 0.25, f"dropout{block}")
    x = factory.dense(factory.flattened(x), 512, "dense")
    return factory.dropped(factory.normalized_row(x, FEATURES), 0.5, "dropout3")
