"""Reasons why a person should look at an answer, such as `ambiguous`, and who may decide a label.

`Reason` says what each reason means and where it may occur. It is the only list: documents, texts of pages
and tables are compared with it by a test.

To add a reason, add a member at the end, and return it where the decision is made. CONTRIBUTING.md names all
places. If several reasons fit, the order of the checks in the code that decides says which one a picture
gets. The order of the members here is only the order of the columns in the summary of a table.
"""

from collections.abc import Iterable
from enum import Enum, StrEnum, auto
from typing import Self


class ReasonPlace(Enum):
    """A place that shows reasons.

    Attributes:
        ANSWER: the class in the answer to one picture.
        ATTRIBUTE: an attribute in the answer to one picture.
        LISTED: the field `listed` of such an answer, which the title takes part in.
        PICTURE: the class in the row of a picture, in a table.
        PRODUCT: the class or an attribute in the row of a product, in a table.
    """

    ANSWER = auto()
    ATTRIBUTE = auto()
    LISTED = auto()
    PICTURE = auto()
    PRODUCT = auto()


CLASS_REASON_PLACES = (ReasonPlace.ANSWER, ReasonPlace.LISTED, ReasonPlace.PICTURE, ReasonPlace.PRODUCT)
"""Places where a reason about the class of a picture may occur; see `ReasonPlace`."""


class Reason(StrEnum):
    """A reason for the decision `review`.

    Attributes:
        sentence: the meaning of the reason, for the person who looks.
        places: the places where the reason may occur.
    """

    sentence: str
    places: frozenset[ReasonPlace]

    def __new__(cls, value: str, sentence: str = "", *places: ReasonPlace) -> Self:
        """Return the member with its sentence and its places."""
        member = str.__new__(cls, value)
        member._value_ = value
        member.sentence = sentence
        member.places = frozenset(places)
        return member

    AMBIGUOUS = (
        "ambiguous",
        "Two labels are close, so the answer is not sure enough.",
        *CLASS_REASON_PLACES,
        ReasonPlace.ATTRIBUTE,
    )
    UNPROVEN = (
        "unproven",
        "The release has too few measured answers to promise that an answer like this is right.",
        *CLASS_REASON_PLACES,
        ReasonPlace.ATTRIBUTE,
    )
    UNFAMILIAR = (
        "unfamiliar",
        "The picture is unlike the pictures that the model has learnt (out of distribution).",
        *CLASS_REASON_PLACES,
        ReasonPlace.ATTRIBUTE,
    )
    INAPPLICABLE = ("inapplicable", "The class has no such attribute.", ReasonPlace.ATTRIBUTE)
    CONTRADICTING = (
        "contradicting",
        "The photos, the titles or the answers of people to the product contradict each other.",
        ReasonPlace.PRODUCT,
    )
    TITLE_CONFLICT = (
        "list",
        "The title and the photo contradict each other, or the colour in the list and the photo do.",
        ReasonPlace.LISTED,
        ReasonPlace.PICTURE,
        ReasonPlace.PRODUCT,
    )
    SHARED_PHOTO = (
        "shared",
        "The photo is listed under several products, so it decides for none of them.",
        ReasonPlace.PICTURE,
        ReasonPlace.PRODUCT,
    )
    NO_PHOTO = ("no photo", "No photo of the product can be read.", ReasonPlace.PRODUCT)


class DecidedBy(StrEnum):
    """A name of who decided a label.

    Attributes:
        MODEL: the photos alone.
        LIST: the photos together with the title, or with another column of the list.
        PERSON: a person, who has the last word.
    """

    MODEL = "model"
    LIST = "list"
    PERSON = "person"


def find_reasons(places: Iterable[ReasonPlace]) -> tuple[Reason, ...]:
    """Return the reasons that may occur at one of these places, in the order of the members of `Reason`."""
    wanted_places = frozenset(places)
    return tuple(reason for reason in Reason if reason.places & wanted_places)
