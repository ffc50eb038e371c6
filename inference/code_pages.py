"""Read the names in a ZIP of Windows, which writes its country's code page and does not say which. Pure.

Each code page is tried with the alphabets of its languages: a reading costs what its letters cost, which is
little for frequent ones, and what a name does not have: letters of another alphabet, capitals behind small
ones, signs of a drawing. The cheapest reading of all names of an archive together is taken. The page does the
same for the ZIPs that it takes apart (app/web/page/code_pages.js); one list of names tests both.
"""

import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import groupby
from typing import Final

ALPHABETS: Final = {
    "de": "0 5äüß 6ö 9é 2qxy",
    "fr": "1 4é 5à 6è 7êç 8ôâîûï 9œù 10ëü 3kw",
    "es": "1 5óíá 6éñ 7ú 9üçàè 3kw",
    "pt": "2 5ãçá 6íéóê 7õú 8âôà 3kwy",
    "it": "1 5à 6òèéìù 3jkwxy",
    "nordic": "1 5åäøö 6æ 8é 10ü 3qwxz 1c",
    "is": "4 4ðáí 5óæöþú 6éý 3cqwz",
    "nl": "3 7ë 8é 9ïè 2qxy",
    "cs": "1 4íáěř 5éýčšžů 7úň 8ťóď 3qwx",
    "sk": "2 4áíý 5čšéúžť 6ľô 7óňďä 9ĺŕ 3qwx",
    "pl": "1 4ł 5ąęóśżć 6ń 7ź 3qvx",
    "hu": "1 3áé 5öóőíü 6úű 3qwx",
    "hr": "2 4č 5šžć 7đ 3qwxy",
    "ro": "3 4ăţ 5şîâ 3kqwy",
    "tr": "2 3ı 4üş 5ğçöİ 8â 3qwx",
    "ru": "0 2оа 3еинтрслвкм 4пдуяыгьзбйч 5хжюшцф 6щэ 7ё 8ъ",
    "uk": "3 2о 3аниіртвесклумд 4пзяьгбчй 5хюцжшїє 6фщ 9ґ",
    "el": "1 2α 3σεοιτνρκπμλς 4υηάίέγόδήωχύθ 5φβώξζ 6ψ 8ϊ 10ΐϋΰ",
    "he": "1 2וי 3התלרמבשאנ 4םדעקחפכסגטצן 5ז 6ךף 7ץ",
}
"""What each language costs by itself, and its letters beyond ASCII by their costs: rounded logarithms of
their shares in lists of frequent words (wordfreq 3.1), with a minus. Of ASCII those that it hardly has."""

_WESTERN: Final = ("de", "fr", "es", "pt", "it", "nordic", "is", "nl")
_CENTRAL: Final = ("de", "cs", "sk", "pl", "hu", "hr", "ro")
LETTER_PAGES: Final[dict[str, tuple[int, Sequence[str]]]] = {
    "cp850": (0, _WESTERN),
    "cp852": (0, _CENTRAL),
    "cp857": (0, ("tr",)),
    "cp866": (0, ("ru", "uk")),
    "cp737": (0, ("el",)),
    "cp862": (0, ("he",)),
    "cp1252": (1, _WESTERN),
    "cp1250": (1, _CENTRAL),
    "cp1254": (1, ("tr",)),
    "cp1251": (1, ("ru", "uk")),
    "cp1253": (1, ("el",)),
    "cp1255": (1, ("he",)),
}
"""Code pages of one byte a letter: what each costs by itself, and the languages that are written in it. The
Explorer of Windows writes the first six; letters of cp437 stand in cp850 at the same places."""

WIDE_PAGES: Final = {"cp932": 1, "gbk": 1, "cp950": 3, "cp949": 6}
"""Those of Japan, China, Taiwan and Korea, of two bytes a letter, and what each costs by itself."""

STRANGE, OTHER_SIGN = 13, 9
"""What a letter of no alphabet costs, or a sign of a drawing; and a sign that names may have."""

SIGNS: Final = "’‘“”„–—…°º№€£§©®™«»·×²³½ªµ"

OF_TWO_ALPHABETS, BETWEEN_SMALL = 10, 6
"""What a word costs that mixes alphabets, and a wide letter beside a small one."""

CAPITAL, CAPITALS, ODD_CAPITALS = 1, 3, 5
"""What a word costs that begins with a capital, has no other, or mixes both."""

VOWELS: Final = "aeiouyæøœı"
HARD_TO_SAY: Final = 3
"""What an accent costs in a run of vowels, or of consonants."""

WORDS_OF_ONE_LETTER: Final = "àèéêóåöäüвскоиуаяηο"
ALONE: Final = 4
"""What another letter costs that is a word."""

COMBINING: Final = "\u0300\u0301\u0302\u0303\u0306\u0307\u0308\u030a\u030b\u030c\u0327\u0328"
"""Accents that macOS writes behind their letters."""

FEW: Final = 2
"""Letters of which UTF-8 is believed only if they are usual."""

MOST_NAMES: Final = 64
"""Names of an archive by which its code page is chosen."""


def read_names(written: Sequence[bytes]) -> list[str | None]:
    """The names of one archive: each in UTF-8 if it is that, the others in the code page that fits them best.

    Args:
        written: as they stand in the archive; each has bytes beyond ASCII.

    Returns:
        in the same order; None for one that no code page fits.
    """
    unicode = [_in_utf8(one) for one in written]
    others = [one for one, text in zip(written, unicode, strict=True) if text is None]
    best = _best_page(others[:MOST_NAMES])
    return [
        text or _decoded(one, best) or _decoded(one, _best_page([one]))
        for one, text in zip(written, unicode, strict=True)
    ]


def _in_utf8(written: bytes) -> str | None:
    """A name in UTF-8; None where it is none, or a few letters that no name has, as Chinese may look."""
    text = _decoded(written, "utf-8")
    letters = [] if text is None else [one for one in text if not one.isascii()]
    return text if len(letters) > FEW or all(map(_is_usual, letters)) else None


def _is_usual(letter: str) -> bool:
    """Whether names have this letter in Unicode: of an alphabet above, East Asian, a sign or a picture."""
    return letter.lower() in _usual_letters() or not (letter < "\u1000" or "\u3400" <= letter < "\u4e00")


@cache
def _usual_letters() -> frozenset[str]:
    return frozenset(SIGNS).union(
        *(group[1:] for own in ALPHABETS.values() for group in own.split()), COMBINING
    )


def _decoded(written: bytes, page: str | None) -> str | None:
    try:
        text = None if page is None else written.decode(page)
    except UnicodeDecodeError:
        return None
    # What Unicode leaves to users, code pages of East Asia have: no name does.
    return None if text is None or any("\ue000" <= one <= "\uf8ff" for one in text) else text


def _best_page(written: Sequence[bytes]) -> str | None:
    """The code page in which some names cost least; None where none of them fits."""
    costs = {
        page: cost for page in (*LETTER_PAGES, *WIDE_PAGES) if (cost := _cost(written, page)) is not None
    }
    return min(costs, key=lambda page: costs[page], default=None)


def _cost(written: Sequence[bytes], page: str) -> int | None:
    if page in WIDE_PAGES:
        costs = [_wide_cost(one, page) for one in written]
        return None if None in costs else WIDE_PAGES[page] + sum(cost or 0 for cost in costs)
    by_itself, languages = LETTER_PAGES[page]
    texts = [_decoded(one, page) for one in written]
    if None in texts:
        return None
    return by_itself + min(
        _alphabet(language)[""] + sum(_letter_cost(text or "", language) for text in texts)
        for language in languages
    )


@cache
def _alphabet(language: str) -> dict[str, int]:
    """What each letter costs; "" is the language itself."""
    own, *groups = ALPHABETS[language].split()
    costs = {"": int(own)}
    for group in groups:
        letters = group.lstrip("0123456789")
        cost = int(group[: -len(letters)])
        costs |= dict.fromkeys(letters, cost)
    return costs


def _letter_cost(text: str, language: str) -> int:
    """What a name costs in a language of letters."""
    costs, total = _alphabet(language), 0
    for word in _words(_stem(text)):
        if word.isascii():
            continue
        for letter in word:
            usual = 0 if letter.isascii() else STRANGE
            total += costs.get(letter, costs.get(letter.lower(), usual))
        if language in _OTHER_ALPHABETS and any(letter.isascii() for letter in word):
            total += OF_TWO_ALPHABETS
        total += _capitals_cost(word)
        if len(word) == 1 and word.lower() not in WORDS_OF_ONE_LETTER:
            total += ALONE
        if language not in _OTHER_ALPHABETS:
            total += HARD_TO_SAY * _accents_in_runs(word)
    if "\\." in text:  # half of a Japanese letter, and no folder
        total += STRANGE
    signs = [one for one in text if not one.isascii() and not one.isalpha()]
    return total + sum(OTHER_SIGN if one in SIGNS else STRANGE for one in signs)


def _words(text: str) -> Iterator[str]:
    return ("".join(letters) for are_letters, letters in groupby(text, key=str.isalpha) if are_letters)


def _accents_in_runs(word: str) -> int:
    """Letters beyond ASCII in runs of three vowels or consonants, or of two consonants at the end."""
    letters = [(one, unicodedata.normalize("NFD", one)[0] in VOWELS) for one in word.lower()]
    count = end = 0
    for is_vowel, group in groupby(letters, key=lambda letter: letter[1]):
        run = [one for one, _ in group]
        end += len(run)
        is_hard = len(run) > 2 or (len(run) == 2 and not is_vowel and end == len(letters))
        count += is_hard * sum(not one.isascii() and one != "ß" for one in run)
    return count


def _capitals_cost(word: str) -> int:
    if word == word.lower():
        return 0
    if word[1:] == word[1:].lower():
        return CAPITAL
    return CAPITALS if word == word.upper() else ODD_CAPITALS


_OTHER_ALPHABETS: Final = ("ru", "uk", "el", "he")


def _stem(text: str) -> str:
    return text.rpartition(".")[0] or text


def _wide_cost(written: bytes, page: str) -> int | None:
    """What a name costs in a code page of two bytes a letter; None where its bytes are none."""
    total, place, before = 0, 0, 0
    while place < len(written):
        lead = written[place]
        if lead < 0x80:
            before, place = lead, place + 1
            continue
        if page == "cp932" and 0xA1 <= lead <= 0xDF:
            beside = before or (written[place + 1] if place + 1 < len(written) else 0)
            total += 7 + BETWEEN_SMALL * (chr(beside).isalpha() and beside < 0x80)  # half as wide
            before, place = 0, place + 1
            continue
        if place + 1 == len(written):
            return None
        cost = _PAIRS[page](lead, written[place + 1])
        if cost is None:
            return None
        after = written[place + 2] if place + 2 < len(written) else 0
        beside = (0x61 <= before <= 0x7A) + (0x61 <= after <= 0x7A)
        total, before, place = total + cost + BETWEEN_SMALL * beside, 0, place + 2
    return total


def _japanese(lead: int, trail: int) -> int | None:
    """Kana, then the characters of levels 1 and 2 of JIS X 0208."""
    if not (0x40 <= trail <= 0xFC and trail != 0x7F and (0x81 <= lead <= 0x9F or 0xE0 <= lead <= 0xFC)):
        return None
    if (lead == 0x82 and trail >= 0x9F) or (lead == 0x83 and trail <= 0x96) or (lead, trail) == (0x81, 0x5B):
        return 5
    if 0x88 <= lead <= 0x97 or (lead, trail <= 0x72) == (0x98, True):
        return 8
    return 9 if lead <= 0x82 else 11 if lead <= 0xEA and lead != 0x87 else STRANGE


def _simplified(lead: int, trail: int) -> int | None:
    """Levels 1 and 2 of GB 2312; whatever else GBK has is rare."""
    if not (0x81 <= lead <= 0xFE and 0x40 <= trail <= 0xFE and trail != 0x7F):
        return None
    if trail < 0xA1 or lead < 0xA1 or lead > 0xF7:
        return STRANGE
    return 8 if 0xB0 <= lead <= 0xD7 else 11 if lead >= 0xD8 else 9


def _traditional(lead: int, trail: int) -> int | None:
    """Levels 1 and 2 of Big5."""
    if not (0xA1 <= lead <= 0xF9 and (0x40 <= trail <= 0x7E or 0xA1 <= trail <= 0xFE)):
        return None
    return 8 if 0xA4 <= lead <= 0xC6 else 11 if lead >= 0xC9 else 9


def _korean(lead: int, trail: int) -> int | None:
    """Syllables of KS X 1001."""
    if not (0x81 <= lead <= 0xFE and 0x41 <= trail <= 0xFE):
        return None
    return 7 if 0xB0 <= lead <= 0xC8 and trail >= 0xA1 else STRANGE


_PAIRS: Final = {"cp932": _japanese, "gbk": _simplified, "cp950": _traditional, "cp949": _korean}
