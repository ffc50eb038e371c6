"""The texts and numbers of the report page, in the reader's language.

The English text is the key of its translation; a text without one stays English. Two of the texts are
numbers: their translations have the language's separators and its percent sign. Knows no page.
"""

import re
from collections.abc import Mapping
from math import isfinite
from typing import Final

from reports.intervals import wilson_interval

ABSENT: Final = "—"
"""Sign for a value that a table does not have."""

A_CENTURY: Final = 3.2e9
"""Seconds; a training that claims more has no known duration."""

NUMBER: Final = "1,234.5"
PERCENTAGE: Final = "50%"
"""The texts whose translations show how a language writes numbers."""

_NUMBER_FORM: Final = re.compile(r"1(\D?)234(\D)5")
_PLACE: Final = re.compile(r"\{(\w+)\}")


class Wording:
    """The words of the page in one language.

    Attributes:
        language: the code of the language, as HTML has it.
    """

    def __init__(self, language: str, texts: Mapping[str, str]) -> None:
        self.language = language
        self._texts = texts
        form = _NUMBER_FORM.fullmatch(self.t(NUMBER))
        thousands, decimal = form.groups() if form else (",", ".")
        percent = self.t(PERCENTAGE).replace("50", "")
        self._marks = str.maketrans({",": thousands, ".": decimal, "%": percent})

    def t(self, english: str, **values: object) -> str:
        """Translate a text, and replace `{name}` by values; one without a value stays."""
        text = self._texts.get(english, english)
        return _PLACE.sub(lambda place: str(values.get(place[1], place[0])), text)

    def counted(self, things: int, singular: str, plural: str = "") -> str:
        """Write a count with its noun: `1 picture`, `10,000 pictures`."""
        name = singular if things == 1 else plural or f"{singular}s"
        return self.t(f"{{number}} {name}", number=self.whole(things))

    def whole(self, things: int) -> str:
        """Write a count with its thousands separated."""
        return self.local(f"{things:,}")

    def local(self, english: str) -> str:
        """Write a number of the English form as the language does."""
        return english.translate(self._marks)

    def percent(self, share: float | None, digits: int = 1) -> str:
        """Write a share of 0..1 as `94.9%`; only 0 is `0.0%` and only 1 is `100.0%`."""
        if share is None:
            return ABSENT
        if 0 < share < 1:
            smallest = 10.0 ** -(digits + 2)
            if share < smallest / 2:
                return self.local(f"< {smallest:.{digits}%}")
            if share > 1 - smallest / 2:
                return self.local(f"> {1 - smallest:.{digits}%}")
        return self.local(f"{share:.{digits}%}")

    def interval(self, bounds: tuple[float, float] | None, digits: int = 1) -> str:
        """Write two shares of 0..1 as `94.5 to 95.3%`."""
        if bounds is None:
            return ABSENT
        low, high = f"{bounds[0] * 100:.{digits}f}", f"{bounds[1]:.{digits}%}"
        return self.t("{low} to {high}", low=self.local(low), high=self.local(high))

    def share_interval(self, share: float, n: int, digits: int = 1) -> str:
        """Write the 95% interval of a share that was counted on `n`."""
        return self.interval(wilson_interval(share * n, n), digits) if n else ABSENT

    def number(self, value: float) -> str:
        """Write four significant digits, thousands separated: `0.1504`, `311,530`."""
        value = value or 0.0  # a loss of minus zero is zero
        return self.local(f"{value:,.0f}" if isfinite(value) and abs(value) >= 1000 else f"{value:.4g}")

    def points(self, difference: float | None) -> str:
        """Write a difference of two shares, -1..1, in points: `+1.3`."""
        return ABSENT if difference is None else self.local(f"{100 * difference:+.1f}")

    def area(self, auroc: float | None) -> str:
        """Write an area under a curve, 0..1, as `0.978`."""
        return ABSENT if auroc is None else self.local(f"{auroc:.3f}")

    def duration(self, seconds: float | None) -> str:
        """Write hours, minutes and seconds: `0:35:05`."""
        if seconds is None or not seconds < A_CENTURY:
            return ABSENT
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes // 60}:{minutes % 60:02}:{rest:02}"


ENGLISH: Final = Wording("en", {})
