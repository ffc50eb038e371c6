"""How many examples a property is tried on: the same few in `make test`, many new ones in `make fuzz`."""

import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings

from app.factory import create_app
from app.settings import Settings

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
"""Pictures are large for what hypothesis is used to, and one app serves all examples of a test."""

settings.register_profile(
    "few", derandomize=True, database=None, max_examples=60, deadline=None, suppress_health_check=SLOW
)
settings.register_profile("many", max_examples=3000, deadline=2000, suppress_health_check=SLOW)
settings.load_profile("few")


@pytest.fixture(scope="session")
def client() -> FlaskClient:
    """The bundled model; nothing that a small request asks for is slow."""
    limits = Settings(max_pixels=2_000_000, max_upload_bytes=100_000, max_batch=20, log_level="ERROR")
    return create_app(limits).test_client()
