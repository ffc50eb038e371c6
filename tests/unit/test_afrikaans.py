"""A list in Afrikaans, whose words look Dutch: it is not read as Dutch, in which `rok` is a skirt."""

import pytest

from inference.words.language_files import list_readable_languages
from inference.words.recognition import recognise_language

AFRIKAANS = (
    "Rooi rok met kort moue",
    "Mans se langmou hemp in blou",
    "Gestreepte trui vir kinders",
    "Bruin leer stewels",
    "Wit tekkies vir mans",
    "Geblomde rok vir dames",
)
DUTCH = (
    "Rode jurk met korte mouwen",
    "Heren overhemd met lange mouw",
    "Gestreepte trui voor kinderen",
    "Zwarte rok met print",
    "Bruine leren laarzen",
    "Rok van katoen",
)


@pytest.mark.parametrize(("titles", "language"), [(AFRIKAANS, "af"), (DUTCH, "nl")])
def test_lists_of_two_similar_languages_are_told_apart(titles: tuple[str, ...], language: str) -> None:
    assert recognise_language(titles) == language


def test_afrikaans_is_not_read() -> None:
    assert "af" not in list_readable_languages()
