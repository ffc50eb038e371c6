"""What people answer: values alone. Pure.

Answers belong to the content of a picture, or to a product. review/corrections.py reads them of files, the
journal keeps them, and decide.py says what they hold for.
"""

from typing import Final, NamedTuple

from inference.contract import LABEL

LEFT_OUT: Final = ""
"""The label of a picture that a person cannot decide about."""

MODEL, PERSON = "model", "person"
"""Who decided."""


class Question(NamedTuple):
    """What a person answered.

    Attributes:
        sha256: of the picture.
        attribute: the head, LABEL for the class.
        product: whose picture it is, as its list names it; empty where the answer holds for the picture.
    """

    sha256: str
    attribute: str = LABEL
    product: str = ""


class HumanAnswer(NamedTuple):
    """What a person said of a picture.

    Attributes:
        label: a class, NONE or LEFT_OUT.
        at: when, in UTC; texts compare as times do.
    """

    label: str
    at: str
