"""Say in one line that a port cannot be listened on, before gunicorn says it in fifteen.

`make serve` runs it. Opens and closes one socket; touches nothing else.
"""

import socket
import sys


def main(argv: list[str] | None = None) -> int:
    """Return 0 if the port in the first argument is free, else 1 with the reason on stderr."""
    [port] = sys.argv[1:] if argv is None else argv
    try:
        with socket.socket() as probe:
            # As gunicorn does: a port that is only closing (TIME_WAIT) counts as free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("", int(port)))
    except (OSError, OverflowError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        print(f"wardrobe: port {port}: {reason}. Choose another with PORT=.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
