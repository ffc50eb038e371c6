"""Name the questions that people answered, and their answers. Plain values.

human_answers.py of decide/ says what they do to the answers of a row.
"""

from typing import Final, NamedTuple

from inference.contract import LABEL

LEFT_OUT: Final = ""
"""The label of a picture that a person cannot decide about."""


class Question(NamedTuple):
    """The question that a person answered.

    Attributes:
        sha256: the hash of the picture.
        attribute: the head, LABEL for the class.
        product: the product of the picture, as its list names it; empty if the answer belongs to the picture.
    """

    sha256: str
    attribute: str = LABEL
    product: str = ""


class HumanAnswer(NamedTuple):
    """The answer of a person to a question.

    Attributes:
        label: a class, NONE or LEFT_OUT.
        at: the time in UTC, as text that sorts by time.
    """

    label: str
    at: str
