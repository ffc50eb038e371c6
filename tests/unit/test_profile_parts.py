"""A profile's samples are told by part: who the innermost known frame belongs to."""

import pytest

from benchmarks.profile_parts import part_of, shares


@pytest.mark.parametrize(
    ("stack", "part"),
    [
        (("Flask.wsgi_app (flask/app.py)", "predict (app/api/predict.py)"), "this service"),
        (("predict (app/api/predict.py)", "Session.run (onnxruntime/capi/x.py)"), "ONNX Runtime"),
        (("Flask.wsgi_app (flask/app.py)", "loads (json/__init__.py)"), "framework"),
        (("run (gunicorn/workers/gthread.py)", "select (selectors.py)"), "server"),
        (("write (gunicorn/util.py)", "AnsweringSocket.sendall (app/connection.py)"), "sockets"),
        (("predict (with_fastapi.py)", "pixels_of (clothing.py)"), "decoding, conversion"),
        (("main (elsewhere.py)",), "other"),
    ],
)
def test_a_sample_counts_for_the_innermost_part_that_is_known(stack: tuple[str, ...], part: str) -> None:
    assert part_of(stack) == part


def test_shares_add_up_and_the_largest_comes_first() -> None:
    told = shares("run (flask/app.py) 1\nrun (flask/app.py);run (onnxruntime/capi/x.py) 3\n")

    assert list(told.items()) == [("ONNX Runtime", 0.75), ("framework", 0.25)]


def test_no_samples_have_no_shares() -> None:
    assert shares("") == {}
