"""Networks that others published for Fashion-MNIST.

published_figures.py has the published figures, docs/results/comparison.json ours. Where a text leaves
something open, the docstring says "ours:" and what stands for it here. Without padding a network needs a
picture of some size: 28 x 28 is enough. Touches nothing. Our own networks: compact.py.
"""

from keras import layers

from training.gradient.networks.layers import FEATURES_LAYER, LayerFactory
from training.untyped import Tensor


def build_dense(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build a network with one hidden layer of 128: TensorFlow's tutorial "Classify images of clothing"."""
    return factory.add_dense(x, 128, FEATURES_LAYER)


def build_conv2_same(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build a network of two 3 x 3 convolutions, 32 and 64, each halved by pooling, and 128 units."""
    for number, channels in enumerate((32, 64), start=1):
        x = _add_pooling(factory.add_convolution(x, channels, 3, f"conv{number}"), f"pool{number}")
    return factory.add_dense(x, 128, FEATURES_LAYER)


def build_conv3(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build three 3 x 3 convolutions without padding, 32, 64 and 128, two of them pooled, and 128 units.

    241,546 parameters; edges 28, 26, 13, 11, 5, 3. Dropout of 0.25, 0.25, 0.4 and 0.3; He's normal
    initializer in the first layer.
    """
    x = _add_unpadded_convolution(x, factory, 32, 3, "conv1", kernel_initializer="he_normal")
    x = factory.add_dropout(_add_pooling(x, "pool1"), 0.25, "dropout1")
    x = factory.add_dropout(
        _add_pooling(_add_unpadded_convolution(x, factory, 64, 3, "conv2"), "pool2"), 0.25, "dropout2"
    )
    x = factory.add_dropout(_add_unpadded_convolution(x, factory, 128, 3, "conv3"), 0.4, "dropout3")
    return factory.add_dropout(factory.add_dense(x, 128, FEATURES_LAYER), 0.3, "dropout4")


def build_labelling1(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build the first network of the auto-labelling project: 5 x 5 of 50, pool, 3 x 3 of 50, pool.

    Convolutions without padding, Adam, L2: 36,360 parameters; edges 28, 24, 12, 10, 5. Ours: the second
    width, 2 x 2 pools, ReLU, and the strength of L2, 0.0001.
    """
    x = _add_pooling(_add_unpadded_convolution(x, factory, 50, 5, "conv1"), "pool1")
    x = _add_pooling(_add_unpadded_convolution(x, factory, 50, 3, "conv2"), "pool2")
    return layers.Flatten(name=FEATURES_LAYER)(x)


def build_labelling2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build the second network of the auto-labelling project: 3 x 3 of 32 and 64, pool, 128 units.

    The convolutions have no padding.

    1,199,882 parameters; edges 28, 26, 24, 12. Dropout of 0.25 and 0.5; He's uniform initializer, but in
    the second layer.
    """
    x = _add_unpadded_convolution(x, factory, 32, 3, "conv1")
    x = _add_pooling(
        _add_unpadded_convolution(x, factory, 64, 3, "conv2", kernel_initializer="glorot_uniform"), "pool1"
    )
    x = factory.add_dense(factory.add_dropout(x, 0.25, "dropout1"), 128, FEATURES_LAYER)
    return factory.add_dropout(x, 0.5, "dropout2")


def build_arch1(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build conv, conv, pool, dropout, conv, pool, dropout, one dense layer: 848,330 trainable parameters.

    848,522 in all. 3 x 3 of 16 with padding, of 32 and 64 without, these two normalized before their ReLU,
    and 512 units; edges 28, 26, 13, 11, 5. Dropout of 0.25, 0.25 and 0.5.
    """
    x = factory.add_convolution(x, 16, 3, "conv1")
    x = _add_normalized_convolution(x, factory, 32, "2")
    x = factory.add_dropout(_add_pooling(x, "pool1"), 0.25, "dropout1")
    x = _add_normalized_convolution(x, factory, 64, "3")
    x = factory.add_dropout(_add_pooling(x, "pool2"), 0.25, "dropout2")
    return factory.add_dropout(factory.add_dense(x, 512, FEATURES_LAYER), 0.5, "dropout3")


def build_arch2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build two blocks of 4 x 4 convolution, pool, dropout, and two dense layers: 493,772 parameters.

    493,902 in all. The layers are those of a public exercise on the data set, which states each of them and
    has just as many parameters: the input is normalized, 64 filters with padding, 64 without, 256 and 64
    units. The published table counts one dense layer.
    """
    x = factory.add_normalization(x, "norm_input")
    x = _add_pooling(factory.add_convolution(x, 64, 4, "conv1"), "pool1")
    x = factory.add_dropout(x, 0.1, "dropout1")
    x = _add_pooling(_add_unpadded_convolution(x, factory, 64, 4, "conv2"), "pool2")
    x = factory.add_dense(factory.add_dropout(x, 0.3, "dropout2"), 256, "dense1")
    x = factory.add_dense(factory.add_dropout(x, 0.5, "dropout3"), 64, "dense2")
    return layers.BatchNormalization(name=FEATURES_LAYER)(x)


def build_vgg(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build two pairs of 3 x 3 convolutions, 32 and 64, and 512 units, normalized throughout.

    The order convolution, ReLU, normalization is that of the mini-VGG which many tutorials copy
    (Simonyan and Zisserman 2014, arXiv 1409.1556, made small), and so are its dropouts of 0.25 and 0.5.
    """
    for block, channels in enumerate((32, 64), start=1):
        for half in ("a", "b"):
            x = factory.add_convolution(x, channels, 3, f"conv{block}{half}")
            x = factory.add_normalization(x, f"norm{block}{half}")
        x = factory.add_dropout(_add_pooling(x, f"pool{block}"), 0.25, f"dropout{block}")
    x = layers.BatchNormalization(name=FEATURES_LAYER)(factory.add_dense(x, 512, "dense"))
    return factory.add_dropout(x, 0.5, "dropout3")


def _add_unpadded_convolution(
    x: Tensor, factory: LayerFactory, channels: int, size: int, name: str, **settings: str
) -> Tensor:
    return factory.add_convolution(x, channels, size, name, padding="valid", **settings)


def _add_normalized_convolution(x: Tensor, factory: LayerFactory, channels: int, number: str) -> Tensor:
    """Add a 3 x 3 convolution without padding, normalized before its ReLU."""
    x = _add_unpadded_convolution(x, factory, channels, 3, f"conv{number}", activation="linear")
    return layers.ReLU(name=f"relu{number}")(factory.add_normalization(x, f"norm{number}"))


def _add_pooling(x: Tensor, name: str) -> Tensor:
    return layers.MaxPooling2D(name=name)(x)
