"""Which client an address is counted as."""

import pytest

from app.security.rate_limits import identify_client


@pytest.mark.parametrize(
    ("address", "client"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("203.0.113.7:4711", "203.0.113.7"),  # some gateways append the port
        ("[2001:db8:1:2:3:4:5:6]:4711", "2001:db8:1:2::/64"),
        ("[2001:db8:1:2:3:4:5:6]", "2001:db8:1:2::/64"),
        ("_hidden", "_hidden"),
        ("", "unknown"),
        (None, "unknown"),
    ],
)
def test_a_client_is_an_address_or_the_network_of_one_subscriber(address: str | None, client: str) -> None:
    assert identify_client(address) == client
