"""The questions that people answer on a review sheet, and their answers, as plain values.

    Question(sha256="9f86...", attribute="colour")                       a question about one picture
    Question(sha256="9f86...", attribute="label", product="A-17")        a question about a product
    HumanAnswer(label="blue", answered_at="2026-11-30T03:00:00.000Z")

A question about a product also names the first photo that the person saw.
"""

from typing import Final, NamedTuple

from inference.contract import LABEL

LEFT_OUT_LABEL: Final = ""
"""The label that stands for "left out": a person saw the picture and could not, or would not, decide."""


class AnswerSubject(NamedTuple):
    """A question about a picture or a product that a person answered on a review sheet.

    Attributes:
        sha256: the SHA-256 of the picture's bytes, in hexadecimal.
        attribute: the attribute that the question is about, such as `colour`; LABEL for the class.
        product: the product that the question is about, as its list names it; empty for a question about the
            picture alone.
    """

    sha256: str
    attribute: str = LABEL
    product: str = ""


class HumanAnswer(NamedTuple):
    """The answer of a person to a question.

    Attributes:
        label: a class such as `Dress` or a label of the attribute such as `blue`; NONE if none of them fits;
            or LEFT_OUT_LABEL.
        answered_at: the time in UTC, as text that sorts by time.
    """

    label: str
    answered_at: str
