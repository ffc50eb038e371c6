"""Options of every command that promotes: who does it, and whether a store may ignore conditional writes.

Asks the operating system for the user's name, never the network.
"""

import argparse
import getpass
import os


def add_promotion_options(parser: "argparse._ActionsContainer") -> None:
    """Add --by and --unconditional."""
    parser.add_argument("--by", metavar="NAME", help="who does it, for the log; your login if left out")
    parser.add_argument(
        "--unconditional",
        action="store_true",
        help="promote even if the store ignores conditional writes (no other writer may promote meanwhile)",
    )


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
