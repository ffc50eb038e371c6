"""Recognise Ctrl-C, also if it came while a library in C was imported.

It imports nothing of this repository, because it is needed while the rest is imported.
"""


def is_interrupt(error: BaseException) -> bool:
    """Return whether an error is Ctrl-C, or was made of it.

    A library in C that is interrupted while it starts raises an error of its own, such as ONNX Runtime's
    `ImportError: initialization failed`, whose cause is the KeyboardInterrupt.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        # Another error whose context is Ctrl-C, such as a full disk while a training stops, has to be told.
        context = cause.__context__ if isinstance(cause, ImportError) else None
        cause = cause.__cause__ or context
    return cause is not None
