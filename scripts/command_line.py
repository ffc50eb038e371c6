"""What every command says of itself: a summary, what it takes, and examples that a test parses.

Makes parsers and reads no arguments. How commands end is in terminal.py, the list of them in __main__.py.
"""

import argparse
from collections.abc import Sequence


def command_parser(
    verb: str | None,
    doc: str | None,
    examples: Sequence[str],
    *,
    parents: Sequence[argparse.ArgumentParser] = (),
    allow_abbrev: bool = True,
) -> argparse.ArgumentParser:
    """A parser that takes nothing yet but `--help`.

    Args:
        verb: the name of the command; None for `wardrobe` itself.
        doc: that module's docstring.
        examples: command lines as one would type them; they end the help.
        parents: as argparse has it.
        allow_abbrev: as argparse has it.
    """
    return argparse.ArgumentParser(
        prog=f"wardrobe {verb}" if verb else "wardrobe",
        description=summary(doc),
        epilog="\n  ".join(("examples:", *examples)),
        formatter_class=argparse.RawDescriptionHelpFormatter,  # examples stay a line each
        parents=list(parents),
        allow_abbrev=allow_abbrev,
    )


def summary(doc: str | None) -> str:
    """The first line of a docstring; empty without one, as under `python -OO`."""
    return (doc or "").partition("\n")[0]
