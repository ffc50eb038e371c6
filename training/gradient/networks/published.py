"""Networks that others published for Fashion-MNIST, rebuilt layer by layer.

If a publication leaves something open, the docstring says which choice is ours. Networks without padding need
pictures of at least 28 x 28 pixels.
"""

from keras import layers

from training.gradient.networks.layers import FEATURES_LAYER, LayerFactory
from training.untyped import Tensor


def build_dense_network(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build one hidden layer of 128 units, as in TensorFlow's tutorial "Classify images of clothing"."""
    return factory.add_dense(x, 128, FEATURES_LAYER)


def build_conv2_same(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build two 3 x 3 convolutions (32 and 64 filters, each with max pooling) and a dense layer of 128."""
    for number, channels in enumerate((32, 64), start=1):
        x = _add_pooling(factory.add_convolution(x, channels, 3, f"conv{number}"), f"pool{number}")
    return factory.add_dense(x, 128, FEATURES_LAYER)


def build_conv3(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build three 3 x 3 convolutions (32, 64 and 128 filters, no padding) and a dense layer of 128.

    Max pooling follows the first two. The edge of the picture is 28, 26, 13, 11, 5 and 3. Dropout is 0.25,
    0.25, 0.4 and 0.3. The first layer has the He-normal initializer. There are 241,546 parameters.
    """
    x = _add_unpadded_convolution(x, factory, 32, 3, "conv1", kernel_initializer="he_normal")
    x = factory.add_dropout(_add_pooling(x, "pool1"), 0.25, "dropout1")
    x = factory.add_dropout(
        _add_pooling(_add_unpadded_convolution(x, factory, 64, 3, "conv2"), "pool2"), 0.25, "dropout2"
    )
    x = factory.add_dropout(_add_unpadded_convolution(x, factory, 128, 3, "conv3"), 0.4, "dropout3")
    return factory.add_dropout(factory.add_dense(x, 128, FEATURES_LAYER), 0.3, "dropout4")


def build_labelling1(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build the first network of the auto-labelling project: two convolutions of 50 filters with max pooling.

    They are 5 x 5 and 3 x 3, without padding, and with L2 penalty. The edge of the picture is 28, 24, 12, 10
    and 5. There are 36,360 parameters. The second width, pooling of 2 x 2, ReLU and the strength 0.0001 of L2
    are our choices.
    """
    x = _add_pooling(_add_unpadded_convolution(x, factory, 50, 5, "conv1"), "pool1")
    x = _add_pooling(_add_unpadded_convolution(x, factory, 50, 3, "conv2"), "pool2")
    return layers.Flatten(name=FEATURES_LAYER)(x)


def build_labelling2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build the second network of the auto-labelling project: two convolutions and a dense layer of 128.

    The convolutions are 3 x 3, with 32 and 64 filters and no padding. Max pooling follows the second. The
    edge of the picture is 28, 26, 24 and 12. Dropout is 0.25 and 0.5. All layers except the second have the
    He-uniform initializer. There are 1,199,882 parameters.
    """
    x = _add_unpadded_convolution(x, factory, 32, 3, "conv1")
    x = _add_pooling(
        _add_unpadded_convolution(x, factory, 64, 3, "conv2", kernel_initializer="glorot_uniform"), "pool1"
    )
    x = factory.add_dense(factory.add_dropout(x, 0.25, "dropout1"), 128, FEATURES_LAYER)
    return factory.add_dropout(x, 0.5, "dropout2")


def build_arch1(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build three 3 x 3 convolutions (16, 32 and 64 filters) and a dense layer of 512.

    The first one has padding. The other two have none, are normalized before their ReLU, and are followed by
    max pooling. The edge of the picture is 28, 26, 13, 11 and 5. Dropout is 0.25, 0.25 and 0.5. There are
    848,522 parameters, of which 848,330 are trained.
    """
    x = factory.add_convolution(x, 16, 3, "conv1")
    x = _add_normalized_convolution(x, factory, 32, "2")
    x = factory.add_dropout(_add_pooling(x, "pool1"), 0.25, "dropout1")
    x = _add_normalized_convolution(x, factory, 64, "3")
    x = factory.add_dropout(_add_pooling(x, "pool2"), 0.25, "dropout2")
    return factory.add_dropout(factory.add_dense(x, 512, FEATURES_LAYER), 0.5, "dropout3")


def build_arch2(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build two 4 x 4 convolutions of 64 filters, each with pooling and dropout, and two dense layers.

    The input is normalized. The first convolution has padding, the second has none. The dense layers have 256
    and 64 units. The published table counts one dense layer; these layers are from a public exercise that
    states each of them and has as many parameters: 493,902, of which 493,772 are trained.
    """
    x = factory.add_normalization(x, "norm_input")
    x = _add_pooling(factory.add_convolution(x, 64, 4, "conv1"), "pool1")
    x = factory.add_dropout(x, 0.1, "dropout1")
    x = _add_pooling(_add_unpadded_convolution(x, factory, 64, 4, "conv2"), "pool2")
    x = factory.add_dense(factory.add_dropout(x, 0.3, "dropout2"), 256, "dense1")
    x = factory.add_dense(factory.add_dropout(x, 0.5, "dropout3"), 64, "dense2")
    return layers.BatchNormalization(name=FEATURES_LAYER)(x)


def build_vgg(x: Tensor, factory: LayerFactory) -> Tensor:
    """Build two pairs of 3 x 3 convolutions (32 and 64 filters) and a dense layer of 512, all normalized.

    The order of convolution, ReLU and normalization, and dropout of 0.25 and 0.5, are as in the small VGG
    that many tutorials copy (after Simonyan and Zisserman 2014, arXiv 1409.1556).
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
