"""Who is at work here: the name that goes into the promotion log.

Asks the operating system, never the network. Commands that promote offer `--by` for another answer.
"""

import argparse
import getpass
import os


def add_by(parser: "argparse._ActionsContainer") -> None:
    """Add --by."""
    parser.add_argument("--by", metavar="NAME", help="who does it, for the log; your login if left out")


def who(by: str | None) -> str:
    """The name for the log.

    Args:
        by: what --by said; None or empty asks for the login.

    Returns:
        `by`, the login, or `user id 1000` where that has no name, as is usual in a container.
    """
    if by:
        return by
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # the first up to Python 3.12, the second since
        return f"user id {os.getuid()}"
