"""Texts and numbers of the report page in the reader's language.

The English text is the key of its translation; a text without a translation stays English. Two of the texts
are numbers, 1,234.5 and 50%. Their translations show how a language separates digits and writes per cent.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Final

from reports.intervals import compute_wilson_interval

MISSING_VALUE_SIGN: Final = "—"
"""Text in a table in place of a missing value."""

CENTURY_SECONDS: Final = 3.2e9
"""Seconds in a century. A longer duration of a training is an error in its report, and is not shown."""

NUMBER_EXAMPLE: Final = "1,234.5"
"""Text whose translation shows the separators of digits in a language: `1.234,5` in German."""

PERCENTAGE_EXAMPLE: Final = "50%"
"""Text whose translation shows how a language writes per cent: `50 %` in German."""

_NUMBER_FORM: Final = re.compile(r"1(\D?)234(\D)5")
_PLACE: Final = re.compile(r"\{(\w+)\}")


class Wording:
    """A language for the report page: translations of its texts, and the form of its numbers.

    Attributes:
        language: the code of the language, as in the HTML attribute `lang`.
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        form = _NUMBER_FORM.fullmatch(self.t(NUMBER_EXAMPLE))
        thousands, decimal = form.groups() if form else (",", ".")
        percent = self.t(PERCENTAGE_EXAMPLE).replace("50", "")
        self._marks = str.maketrans({",": thousands, ".": decimal, "%": percent})

    def t(self, english: str, **values: object) -> str:
        """Translate an English text, and fill in its places such as `{name}`.

        Args:
            english: the English text; it is returned untranslated if there is no translation.
            values: the values of the places, by name; a place without a value stays as it is.
        """
        text = self._texts.get(english, english)
        return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)

    def counted(self, things: int, singular: str, plural: str = "") -> str:
        """Return a count with its noun, translated: `1 picture`, `10,000 pictures`.

        Args:
            singular: the English noun for one.
            plural: the English noun for several; empty for the singular with an s.
        """
        name = singular if things == 1 else plural or f"{singular}s"
        return self.t(f"{{number}} {name}", number=self.whole(things))

    def whole(self, things: int) -> str:
        """Return a whole number as text, with separated thousands."""
        return self.local(f"{things:,}")

    def local(self, english: str) -> str:
        """Return a number in English form, such as `1,234.5`, in the form of the language."""
        return english.translate(self._marks)

    def percent(self, share: float | None, digits: int = 1) -> str:
        """Return a share, 0 to 1, as text such as `94.9%`; a dash for None.

        Only 0 becomes `0.0%`, and only 1 becomes `100.0%`. Other shares that would round to these become
        `< 0.1%` or `> 99.9%`.

        Args:
            share: the share, 0 to 1; None if it is not known.
            digits: the digits after the point.
        """
        if share is None:
            return MISSING_VALUE_SIGN
        if 0 < share < 1:
            smallest = 10.0 ** -(digits + 2)
            if share < smallest / 2:
                return self.local(f"< {smallest:.{digits}%}")
            if share > 1 - smallest / 2:
                return self.local(f"> {1 - smallest:.{digits}%}")
        return self.local(f"{share:.{digits}%}")

    def interval(self, bounds: tuple[float, float] | None, digits: int = 1) -> str:
        """Return an interval of shares, 0 to 1, as text such as `94.5 to 95.3%`; a dash for None."""
        if bounds is None:
            return MISSING_VALUE_SIGN
        low, high = f"{bounds[0] * 100:.{digits}f}", f"{bounds[1]:.{digits}%}"
        return self.t("{low} to {high}", low=self.local(low), high=self.local(high))

    def share_interval(self, share: float, n: int, digits: int = 1) -> str:
        """Return the 95% interval of a share as text such as `94.5 to 95.3%`; a dash if `n` is 0.

        Args:
            share: a fraction from 0 to 1.
            n: the number of answers from which the share was counted.
            digits: the digits after the point.
        """
        return self.interval(compute_wilson_interval(share * n, n), digits) if n else MISSING_VALUE_SIGN

    def number(self, value: float) -> str:
        """Return a number as text with four digits, such as `0.1504`, or whole from 1,000 on: `311,530`."""
        value = value or 0.0  # a loss of minus zero is zero
        return self.local(f"{value:,.0f}" if isfinite(value) and abs(value) >= 1000 else f"{value:.4g}")

    def points(self, difference: float | None) -> str:
        """Return a difference of two shares in percentage points, `+1.3` for .013; a dash for None."""
        return MISSING_VALUE_SIGN if difference is None else self.local(f"{100 * difference:+.1f}")

    def area(self, auroc: float | None) -> str:
        """Return an area under a curve, 0 to 1, as text such as `0.978`; a dash for None."""
        return MISSING_VALUE_SIGN if auroc is None else self.local(f"{auroc:.3f}")

    def duration(self, seconds: float | None) -> str:
        """Return seconds as hours, minutes and seconds: `0:35:05`; a dash if the duration is not known."""
        if seconds is None or not seconds < CENTURY_SECONDS:
            return MISSING_VALUE_SIGN
        minutes, rest_seconds = divmod(round(seconds), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{rest_seconds:02}"


ENGLISH_WORDING: Final = Wording("en", {})
"""Wording of English, which needs no translations."""
