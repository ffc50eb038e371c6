"""Split a title into words and signs, so that a word is equal however a shop writes it.

Tags, capitals, accents and characters that nobody sees make no difference.
"""

import html
import re
import unicodedata
from contextlib import suppress
from html.parser import HTMLParser
from typing import Final

MAX_TITLE_CHARACTERS: Final = 300
"""Number of characters of a title that are read, without HTML tags. Google takes 150, Shopify 255."""

MAX_HTML_CHARACTERS: Final = 10 * MAX_TITLE_CHARACTERS
"""Number of characters of a title that are read, with HTML tags."""

MAX_ENCODINGS: Final = 2
"""Number of times that a text may be encoded as HTML, one encoding in the other."""

PART_SEPARATORS: Final = frozenset("|,;:()[]!?•·\u2013\u2014-")
"""Signs that divide a title into parts."""

CONJUNCTION_SIGNS: Final = frozenset("&+/")
"""Signs that stand for "and" or "or"."""

_WITHOUT_BLANKS: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff"
"""Letters of Chinese and Japanese, which have no blanks between words: each letter is a word."""

_TOKEN: Final = re.compile(
    rf"\bw/|[{_WITHOUT_BLANKS}]|[^\W_{_WITHOUT_BLANKS}]+"
    r"|[&+/|,;:()\[\]!?•·\u2013\u2014]|(?<=\s)-(?=\s)"
)
_UNSEEN: Final = frozenset({"Cf", "Mn", "Me", "Mc"})
_NOT_DECOMPOSED: Final = str.maketrans(
    {
        **{"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "ħ": "h", "\u0131": "i", "þ": "th"},
        **{"\u2044": "/", "\u0640": ""},
    }
)
"""Letters that Unicode does not take apart into a letter and an accent, as it does `ö`. U+0131 is the
Turkish `i` without a dot, U+2044 the stroke of a fraction, and U+0640 lengthens an Arabic word."""


def split_title(title: str, *, keep_accents: bool = False) -> list[str]:
    """Return the words and signs (tokens) of a product's title, in a form in which spellings are equal.

    Args:
        title: the text as a list has it, of any length, in any script, with HTML or without.
        keep_accents: whether letters with and without accents are different.
    """
    return split_text(extract_visible_text(title), keep_accents=keep_accents)


def extract_visible_text(title: str) -> str:
    """Return the text of a title without HTML tags, cut off after MAX_TITLE_CHARACTERS characters."""
    text = title[:MAX_HTML_CHARACTERS]
    if "<" in text or "&" in text:
        parser = _Text()
        with suppress(AssertionError):  # the parser's, of `<![NEW[`: then the title is read as it stands
            for start in range(0, len(text), MAX_TITLE_CHARACTERS):
                parser.feed(text[start : start + MAX_TITLE_CHARACTERS])
                if sum(map(len, parser.texts)) > MAX_TITLE_CHARACTERS:
                    break
            else:
                parser.close()
            text = "".join(parser.texts)
    return text[:MAX_TITLE_CHARACTERS]


def split_text(text: str, *, keep_accents: bool = False) -> list[str]:
    """Return the words and signs (tokens) of a text that has no HTML tags."""
    return _TOKEN.findall(fold_text(text, keep_accents=keep_accents))


def cut_number(token: str) -> str:
    """Return a word without the number that is glued to its end: "shirt" for "shirt01".

    A single letter keeps its number: "w32" is a size.
    """
    word = token.rstrip("0123456789")
    return word if len(word) > 1 and word.isalpha() else token


def decode_entities(text: str) -> str:
    """Return a text in which entities of HTML are the signs that they stand for: ">" for "&gt;".

    Some exports encode a text twice ("&amp;gt;").
    """
    for _ in range(MAX_ENCODINGS):
        if "&" not in text:
            break
        text = html.unescape(text)
    return text


def locate_tokens(text: str, *, keep_accents: bool = False) -> list[slice]:
    """Return the place of each token of a text without HTML tags: [0:4, 5:9] for "Navy Coat"."""
    if text.isascii():
        return [slice(*match.span()) for match in _TOKEN.finditer(text.casefold())]
    folded_characters = [fold_text(character, keep_accents=keep_accents) for character in text]
    # A character can become several or none: "ß" is "ss", and a soft hyphen is removed.
    places = [place for place, folded in enumerate(folded_characters) for _ in folded]
    matches = _TOKEN.finditer("".join(folded_characters))
    return [slice(places[match.start()], places[match.end() - 1] + 1) for match in matches]


def fold_text(text: str, *, keep_accents: bool = False) -> str:
    """Return a text in small letters, without accents and without characters that nobody sees.

    Compatible characters come before small letters, as some of them are capitals. Signs go first: the trade
    mark's would become letters of the word before it.

    Args:
        keep_accents: whether accents stay, as Vietnamese needs them.
    """
    if text.isascii():
        return text.casefold()
    apart = "".join(" " if unicodedata.category(char) == "So" else char for char in text)
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", apart).casefold())
    if keep_accents:
        return _remove_unseen(unicodedata.normalize("NFKC", plain)).replace("\u2044", "/")
    return _remove_unseen(plain).translate(_NOT_DECOMPOSED)


def _remove_unseen(text: str) -> str:
    return "".join(char for char in text if unicodedata.category(char) not in _UNSEEN)


class _Text(HTMLParser):
    """The text of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.texts = list[str]()

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.texts.append("" if tag == "wbr" else " ")

    def handle_endtag(self, tag: str) -> None:
        self.texts.append(" ")
