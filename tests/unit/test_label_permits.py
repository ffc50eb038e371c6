"""Which pictures on the web may be fetched: by the host that is named and by the address that it has."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelling.errors import Unreadable
from labelling.permits import NOTHING, Endpoint, Permits, allowed_host

SHOP = Permits((("shop.example", 443), ("*.cdn.example", 443), ("shop.example", 8443), ("::1", 443)))


@pytest.mark.parametrize(
    ("url", "endpoint"),
    [
        ("https://shop.example/a.jpg?w=9#top", ("shop.example", 443, "/a.jpg?w=9")),
        ("HTTPS://Shop.Example.:8443", ("shop.example", 8443, "/")),
        ("https://eu.img.cdn.example/ä b.jpg", ("eu.img.cdn.example", 443, "/%C3%A4%20b.jpg")),
        ("https://[::1]/a", ("::1", 443, "/a")),
    ],
)
def test_an_allowed_host_is_asked_for_the_path_as_browsers_write_it(
    url: str, endpoint: tuple[str, int, str]
) -> None:
    assert SHOP.endpoint(url) == Endpoint(*endpoint)


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/a",
        "https://shop.example.other.example/a",
        "https://evil-cdn.example/a",
        "https://cdn.example/a",
        "https://shop.example:22/a",
        "https://other.example/?shop.example",
        "https://other.example#@shop.example",
        r"https://other.example\@shop.example/",
        "https://shop.example@other.example/",
        "https://key@shop.example/a",
        "http://shop.example/a",
        "ftp://shop.example/a",
        "//shop.example/a",
        "https:///a",
        "https://shop.example:99999/a",
        "https://[::1/a",
        "https://=1+1|x/a",
        "https://shop.example\r\nHost: other.example/",
        f"https://{'a.' * 65_536}example/",
    ],
)
def test_any_other_address_is_refused(url: str) -> None:
    with pytest.raises(Unreadable) as refused:
        SHOP.endpoint(url)

    assert len(str(refused.value)) < 400  # it stands in the table


def test_without_an_option_no_host_is_allowed() -> None:
    with pytest.raises(Unreadable, match=r"The host shop\.example is not among those of --allow-host\."):
        NOTHING.endpoint("https://shop.example/a.jpg")


@given(st.text() | st.text().map("https://{}".format))
def test_no_text_of_a_list_is_more_than_a_rows_error(text: str) -> None:
    with pytest.raises(Unreadable) as refused:
        NOTHING.endpoint(text)

    assert str(refused.value).isprintable()


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("Shop.Example", ("shop.example", 443)),
        ("*.cdn.example:8443", ("*.cdn.example", 8443)),
        ("bücher.example", ("xn--bcher-kva.example", 443)),
        ("[::1]:8443", ("::1", 8443)),
    ],
)
def test_a_host_can_be_allowed_with_a_port_and_with_all_below_it(text: str, allowed: tuple[str, int]) -> None:
    assert allowed_host(text) == allowed


@pytest.mark.parametrize(
    "text", ["", "*", "*.", "a.*.example", "https://shop.example", "shop.example/a", "me@shop.example", "a b"]
)
def test_what_is_no_host_cannot_be_allowed(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        allowed_host(text)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "2606:4700::1", "64:ff9b::5db8:d822", "::ffff:93.184.216.34"]
)
def test_public_addresses_are_connected_to(address: str) -> None:
    assert NOTHING.admits(address)


NOT_PUBLIC = """
127.0.0.1 127.9.9.9 10.0.0.1 172.16.0.1 192.168.1.1 169.254.169.254 100.64.0.1 0.0.0.0 192.0.2.1
198.18.0.1 192.0.0.8 192.88.99.1 3fff::1 224.0.0.1 240.0.0.1 255.255.255.255 ::1 :: ::127.0.0.1
64:ff9b:1::1 2001:db8::1 fc00::1 fd00:ec2::254 fe80::1 fe80::1%eth0 fec0::1 ff0e::1
"""
REACHED = {
    "::ffff:127.0.0.1": "127.0.0.1",
    "::ffff:169.254.169.254": "169.254.169.254",
    "64:ff9b::a9fe:a9fe": "169.254.169.254",
    "2002:7f00:1::": "127.0.0.1",
}
"""What addresses lead to that hold another one."""


@pytest.mark.parametrize(
    ("address", "reached"),
    [*((one, one.partition("%")[0]) for one in NOT_PUBLIC.split()), *REACHED.items()],
)
def test_addresses_that_are_not_public_are_connected_to_only_in_an_allowed_network(
    address: str, reached: str
) -> None:
    other = ip_network("10.99.0.0/16")

    assert not Permits(networks=(other,)).admits(address)
    assert Permits(networks=(other, ip_network(reached))).admits(address)
