"""Recognise Ctrl-C, also if it came while a library in C was imported.

Nothing of this repository is imported here, because this is needed while the rest is imported.
"""


def is_interrupt(error: BaseException) -> bool:
    """Tell whether an error is Ctrl-C, or was caused by it.

    A library in C that is interrupted while it starts raises an error of its own, such as ONNX Runtime's
    `ImportError: initialization failed`, whose cause is the KeyboardInterrupt.
    """
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, KeyboardInterrupt):
        # Only for errors of imports. A full disk while a training stops after Ctrl-C is an error of its own,
        # which has to be reported.
        context = cause.__context__ if isinstance(cause, ImportError) else None
        cause = cause.__cause__ or context
    return cause is not None
