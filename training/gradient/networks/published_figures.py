"""The figures that the authors of networks for Fashion-MNIST published, for tables, plots and pages.

Some of them publish the accuracy on held-out pictures in the last epoch. Then `test` has their own figure on
the 10,000 test pictures, if there is one.
"""

from typing import Annotated, Final

from pydantic import Field

from model_store.manifest import FrozenModel, Share
from training.gradient.recipes import TrainableNetworkName


class PublishedFigures(FrozenModel):
    """The published figures of a network.

    Attributes:
        accuracy: the published accuracy, on the test set unless `test` is set.
        test: the accuracy on the test set in the authors' own notebook, if `accuracy` is on held-out
            pictures.
        loss: the cross entropy on the test set in nats; None if it was not published.
        parameters: the number of parameters as its authors counted them; None if they did not.
        remark: a further fact that is needed to judge the accuracy; empty if there is none.
    """

    accuracy: Share
    test: Share | None = None
    loss: float | None = None
    parameters: Annotated[int, Field(gt=0)] | None = None
    remark: str = ""


VALIDATION_REMARK: Final = "10 epochs; the accuracy is of the validation in the last one"

COPIES_REMARK: Final = (
    f"{VALIDATION_REMARK}, where rotated and mirrored copies of one picture are on both sides"
)
"""Remarks on figures that cannot be compared directly with an accuracy on the test set."""

PUBLISHED_FIGURES: Final[dict[TrainableNetworkName, PublishedFigures]] = {
    "dense": PublishedFigures(
        accuracy=0.88,
        parameters=101_770,
        remark="TensorFlow's tutorial “Basic classification: Classify images of clothing”",
    ),
    "conv2_same": PublishedFigures(
        accuracy=0.9224, loss=0.254, parameters=421_642, remark="Adam, batches of 64, 10 epochs"
    ),
    "conv3": PublishedFigures(accuracy=0.9232, loss=0.2116, parameters=241_546),
    "labelling1": PublishedFigures(
        accuracy=0.9027, remark="the auto-labelling project; training accuracy 0.9229"
    ),
    "labelling2": PublishedFigures(
        accuracy=0.9225, parameters=1_199_882, remark="the auto-labelling project, later"
    ),
    "arch1": PublishedFigures(accuracy=0.9134, test=0.9092, parameters=848_330, remark=VALIDATION_REMARK),
    "arch2": PublishedFigures(
        accuracy=0.9302,
        test=0.9178,
        parameters=493_772,
        remark=f"{COPIES_REMARK}; two dense layers, its table says one",
    ),
    "vgg": PublishedFigures(
        accuracy=0.9485,
        test=0.9354,
        parameters=1_677_674,
        remark=f"{COPIES_REMARK}; after 80 epochs 0.97, and 0.9487 on the test set",
    ),
}
