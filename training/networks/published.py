"""Networks that others published for Fashion-MNIST.

published_figures.py has the published figures, docs/results/comparison.json ours. Where no width was
published, a network here has the common widths that come nearest to the published parameters, and its
docstring says so. Touches nothing. Our own networks: compact.py.
"""

from keras import layers

from training.networks.layers import FEATURES, LayerFactory
from training.untyped import Tensor


def dense(x: Tensor, factory: LayerFactory) -> Tensor:
    """One hidden layer of 128: TensorFlow's tutorial "Basic classification: Classify images of clothing"."""
    return factory.dense(x, 128, FEATURES)


def conv2_same(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two 3 x 3 convolutions, 32 and 64, each halved by pooling, and 128 units."""
    return factory.dense(_halving(x, factory, (32, 64), 3), 128, FEATURES)


def conv3(x: Tensor, factory: LayerFactory) -> Tensor:
    """Three 3 x 3 convolutions, 32, 64 and 128, each halved by pooling, and 128 units.

    Neither padding nor pooling were published.
    """
    return factory.dense(_halving(x, factory, (32, 64, 128), 3), 128, FEATURES)


def conv2_5x5(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two 5 x 5 convolutions of 50 filters, each halved by pooling, with L2 and dropout if asked.

    Neither padding nor the layers behind were published: here `same` and 128 units, as in the other two-layer
    network. 378,868 parameters.
    """
    return factory.dense(factory.dropped(_halving(x, factory, (50, 50), 5), 0.0, "dropout"), 128, FEATURES)


def _halving(x: Tensor, factory: LayerFactory, widths: tuple[int, ...], size: int) -> Tensor:
    """A convolution of each width, each halved by pooling."""
    for number, channels in enumerate(widths, start=1):
        x = _pooled(factory.convolution(x, channels, size, f"conv{number}"), f"pool{number}")
    return x


def _pooled(x: Tensor, name: str) -> Tensor:
    return layers.MaxPooling2D(name=name)(x)


def arch1(x: Tensor, factory: LayerFactory) -> Tensor:
    """Conv, conv, pool, dropout, conv, pool, dropout, one layer of 512: 848,138 parameters.

    No width was published. 16, 32 and 64 filters of 3 x 3 without padding come within 192 parameters;
    dropout 0.25 is our choice.
    """
    x = factory.convolution(x, 16, 3, "conv1", padding="valid")
    x = factory.convolution(x, 32, 3, "conv2", padding="valid")
    x = factory.dropped(_pooled(x, "pool1"), 0.25, "dropout1")
    x = factory.convolution(x, 64, 3, "conv3", padding="valid")
    x = factory.dropped(_pooled(x, "pool2"), 0.25, "dropout2")
    return factory.dense(x, 512, FEATURES)


def arch2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two blocks of 4 x 4 convolution, pool and dropout, one layer of 200: 496,386 parameters.

    No width was published. 32 filters without padding, 64 with, and 200 units come within
    2,614; dropout 0.25 is our choice.
    """
    x = factory.convolution(x, 32, 4, "conv1", padding="valid")
    x = factory.dropped(_pooled(x, "pool1"), 0.25, "dropout1")
    x = factory.convolution(x, 64, 4, "conv2")
    x = factory.dropped(_pooled(x, "pool2"), 0.25, "dropout2")
    return factory.dense(x, 200, FEATURES)


def vgg(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two pairs of 3 x 3 convolutions, 32 and 64, and 512 units, normalized throughout.

    The order convolution, ReLU, normalization is that of the mini-VGG which many tutorials copy
    (Simonyan and Zisserman 2014, arXiv 1409.1556, made small), and so are its dropouts of 0.25 and 0.5.
    """
    for block, channels in enumerate((32, 64), start=1):
        for half in ("a", "b"):
            x = factory.convolution(x, channels, 3, f"conv{block}{half}")
            x = factory.normalized(x, f"norm{block}{half}")
        x = factory.dropped(_pooled(x, f"pool{block}"), 0.25, f"dropout{block}")
    x = layers.BatchNormalization(name=FEATURES)(factory.dense(x, 512, "dense"))
    return factory.dropped(x, 0.5, "dropout3")
