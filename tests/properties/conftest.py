"""How many examples a property is tried on: the same few in `make test`, many new ones in `make fuzz`."""

from hypothesis import HealthCheck, settings

SLOW = (HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.function_scoped_fixture)
"""Pictures are large for what hypothesis is used to, and one app serves all examples of a test."""

settings.register_profile(
    "few", derandomize=True, database=None, max_examples=60, deadline=None, suppress_health_check=SLOW
)
settings.register_profile("many", max_examples=3000, deadline=2000, suppress_health_check=SLOW)
settings.load_profile("few")
