"""The colours that a feed sends: the shop's own words stay unless a person names another colour."""

import pytest

from inference.reasons import DecidedBy, Reason
from inference.release_labels import NONE
from labelling.decide.feed_colours import choose_feed_colours
from labelling.decide.list_colours import ListColourDecision
from labelling.rows import HeadAnswer, HeadDecision

INK = ListColourDecision(feed_texts=("Ink",), labels=())
NAVY = ListColourDecision(feed_texts=("Navy",), labels=("blue",))
NAVY_OR_RED = ListColourDecision(feed_texts=("Navy", "Red"), labels=("blue", "red"))
DENIED_NAVY = ListColourDecision(feed_texts=("Navy",), labels=("blue",), is_denied_by_photos=True)
TITLE = NAVY._replace(title_phrases=("navy", "navy coat"))
DENIED_TITLE = DENIED_NAVY._replace(title_phrases=("navy", "navy coat"))
PHOTO = HeadAnswer(label="black", confidence=0.9)


def by_person(label: str | None, answer: HeadAnswer = PHOTO) -> HeadDecision:
    return HeadDecision(answer=answer, label=label, decided_by=DecidedBy.PERSON)


@pytest.mark.parametrize(
    ("decision", "by_list", "sent"),
    [
        (by_person("black"), INK, ("Ink",)),  # what the card suggests
        (by_person("red"), INK, ("red",)),
        (by_person("blue"), NAVY, ("Navy",)),  # what the shop's word stands for
        (by_person("red"), NAVY_OR_RED, ("Navy", "Red")),
        (
            by_person("black"),
            DENIED_NAVY,
            ("black",),
        ),  # the photo contradicts the shop, and the person agrees
        (by_person("blue"), DENIED_NAVY, ("Navy",)),
        (HeadDecision(answer=PHOTO, label="blue"), DENIED_NAVY, ("Navy",)),
        (HeadDecision(answer=PHOTO, label="blue"), TITLE, ("Navy",)),
        (HeadDecision(answer=PHOTO, label="blue"), DENIED_TITLE, ()),  # a phrase of a title can be a name
        (by_person("blue"), DENIED_TITLE, ("Navy",)),
        (by_person("black"), DENIED_TITLE, ("black",)),
        (by_person(NONE), INK, ()),
        (by_person(None), INK, ()),
        (by_person("black"), None, ("black",)),
        (HeadDecision(answer=PHOTO, label="black"), INK, ("Ink",)),
        (HeadDecision(answer=PHOTO, label="black"), None, ("black",)),
        (HeadDecision(answer=PHOTO, label="black", reason=Reason.CONTRADICTING), None, ()),
    ],
)
def test_a_feed_sends_the_shops_own_word_unless_a_person_names_another_colour(
    decision: HeadDecision, by_list: ListColourDecision | None, sent: tuple[str, ...]
) -> None:
    assert choose_feed_colours(decision, by_list, PHOTO) == sent
