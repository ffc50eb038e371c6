"""Networks that others published for Fashion-MNIST.

published_figures.py has the published figures, docs/results/comparison.json ours. Where a text leaves
something open, the docstring says "ours:" and what stands for it here. Without padding a network needs a
picture of some size: 28 x 28 is enough. Touches nothing. Our own networks: compact.py.
"""

from keras import layers

from training.gradient.networks.layers import FEATURES, LayerFactory
from training.untyped import Tensor


def dense(x: Tensor, factory: LayerFactory) -> Tensor:
    """One hidden layer of 128: TensorFlow's tutorial "Basic classification: Classify images of clothing"."""
    return factory.dense(x, 128, FEATURES)


def conv2_same(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two 3 x 3 convolutions, 32 and 64, each halved by pooling, and 128 units."""
    for number, channels in enumerate((32, 64), start=1):
        x = _pooled(factory.convolution(x, channels, 3, f"conv{number}"), f"pool{number}")
    return factory.dense(x, 128, FEATURES)


def conv3(x: Tensor, factory: LayerFactory) -> Tensor:
    """Three 3 x 3 convolutions without padding, 32, 64 and 128, two of them halved by pooling, and 128 units.

    241,546 parameters; edges 28, 26, 13, 11, 5, 3.
    """
    for number, channels in enumerate((32, 64), start=1):
        x = _pooled(_unpadded(x, factory, channels, 3, f"conv{number}"), f"pool{number}")
    return factory.dense(_unpadded(x, factory, 128, 3, "conv3"), 128, FEATURES)


def labelling1(x: Tensor, factory: LayerFactory) -> Tensor:
    """The first network of the auto-labelling project: 5 x 5 of 50, pool, 3 x 3 of 50, pool, the classes.

    Convolutions without padding, Adam, L2: 36,360 parameters; edges 28, 24, 12, 10, 5. Ours: the second
    width, 2 x 2 pools, ReLU, and the strength of L2, 0.0001.
    """
    x = _pooled(_unpadded(x, factory, 50, 5, "conv1"), "pool1")
    x = _pooled(_unpadded(x, factory, 50, 3, "conv2"), "pool2")
    return layers.Flatten(name=FEATURES)(x)


def labelling2(x: Tensor, factory: LayerFactory) -> Tensor:
    """The later one: 32 and 64 filters, one pool fewer, dropout, one dense layer, a kernel initializer.

    839,946 parameters; edges 28, 24, 12, 10. Ours: sizes of filters as in the first, the pool after the first
    convolution, dropout of 0.25 before 128 units, He's uniform initializer.
    """
    x = _pooled(_unpadded(x, factory, 32, 5, "conv1"), "pool1")
    x = _unpadded(x, factory, 64, 3, "conv2")
    return factory.dense(factory.dropped(x, 0.25, "dropout"), 128, FEATURES)


def arch1(x: Tensor, factory: LayerFactory) -> Tensor:
    """Conv, conv, pool, dropout, conv, pool, dropout, one dense layer: 848,330 trainable parameters.

    848,522 in all. 3 x 3 of 16, 32 and 64 without padding, normalized before each pool, 512 units; edges
    28, 26, 24, 12, 10, 5. One of many arrangements that fit the published number. Ours: dropout of 0.25.
    """
    x = _unpadded(x, factory, 16, 3, "conv1")
    x = factory.normalized(_unpadded(x, factory, 32, 3, "conv2"), "norm1")
    x = factory.dropped(_pooled(x, "pool1"), 0.25, "dropout1")
    x = factory.normalized(_unpadded(x, factory, 64, 3, "conv3"), "norm2")
    return factory.dense(factory.dropped(_pooled(x, "pool2"), 0.25, "dropout2"), 512, FEATURES)


def arch2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Two blocks of 4 x 4 convolution, pool and dropout, two dense layers: 493,772 trainable parameters.

    493,902 in all. The layers are those of a public exercise on the data set, which states each of them and
    has just as many parameters: the input is normalized, 64 filters with padding, 64 without, 256 and 64
    units. The published table counts one dense layer.
    """
    x = factory.normalized(x, "norm_input")
    x = _pooled(factory.convolution(x, 64, 4, "conv1"), "pool1")
    x = factory.dropped(x, 0.1, "dropout1")
    x = _pooled(_unpadded(x, factory, 64, 4, "conv2"), "pool2")
    x = factory.dense(factory.dropped(x, 0.3, "dropout2"), 256, "dense1")
    x = factory.dense(factory.dropped(x, 0.5, "dropout3"), 64, "dense2")
    return layers.BatchNormalization(name=FEATURES)(x)


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


def _unpadded(x: Tensor, factory: LayerFactory, channels: int, size: int, name: str) -> Tensor:
    return factory.convolution(x, channels, size, name, padding="valid")


def _pooled(x: Tensor, name: str) -> Tensor:
    return layers.MaxPooling2D(name=name)(x)
