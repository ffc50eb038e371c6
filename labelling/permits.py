"""Which pictures on the web may be fetched: the hosts and networks that the operator allows.

By default none. A host has to be allowed by name, and what the name resolves to has to be public or in an
allowed network. Resolves and connects to nothing; https.py does.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from labelling.errors import Unreadable

PORT: Final = 443
"""Of HTTPS, where neither a list nor an option names another one."""

ANY_BELOW: Final = "*."
"""How an allowed host begins that stands for all names below it, but not for itself."""

GLOBAL_UNICAST: Final = ip_network("2000::/3")
"""The only part of IPv6 from which public addresses are given out (IANA)."""

SPECIAL: Final = tuple(map(ip_network, ("192.0.0.0/24", "192.88.99.0/24", "3fff::/20")))
"""Networks of IANA's registries of special-purpose addresses that Python 3.11 takes for public."""

ANYCAST: Final = tuple(map(ip_address, ("192.0.0.9", "192.0.0.10")))
"""The addresses in them that are public (RFC 7723, RFC 8155)."""

NAT64: Final = ip_network("64:ff9b::/96")
"""Where gateways show IPv4 to machines that have IPv6 alone (RFC 6052)."""

HOST: Final = re.compile(r"[a-z0-9._:-]{1,253}")
"""A name in ASCII, as long as DNS allows, or an IP address: nothing that a spreadsheet would run."""

if TYPE_CHECKING:
    from urllib3.util import Url

IpNetwork: TypeAlias = IPv4Network | IPv6Network


class Endpoint(NamedTuple):
    """An address taken apart once, so that what is checked is what is asked for.

    Attributes:
        host: a name in ASCII, or an IP address without brackets.
        request: path and query, percent-encoded.
    """

    host: str
    port: int
    request: str

    @property
    def authority(self) -> str:
        """What the header Host says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORT else f"{host}:{self.port}"

    def __str__(self) -> str:
        return f"The host {self.authority}"


@dataclass(frozen=True)
class Permits:
    """What may be fetched.

    Attributes:
        hosts: as `allowed_host` returns them.
        networks: that may be connected to though they are not public.
    """

    hosts: tuple[tuple[str, int], ...] = ()
    networks: tuple[IpNetwork, ...] = ()

    def endpoint(self, url: str) -> Endpoint:
        """Take a picture's address apart.

        Raises:
            Unreadable: it is none, not one of HTTPS, holds a user name, or its host is not allowed.
        """
        try:
            parts = _parts(url)
        except ValueError as error:
            raise Unreadable("Its address is none.") from error
        if parts.scheme != "https":
            raise Unreadable("Only addresses that begin with https:// are fetched.")
        if parts.auth is not None:
            raise Unreadable("Its address holds a user name, which is not sent. Leave it out.")
        endpoint = Endpoint(_bare(parts), parts.port or PORT, parts.request_uri)
        if not HOST.fullmatch(endpoint.host):
            raise Unreadable("Its address names no host.")
        if not any(_fits(endpoint, *allowed) for allowed in self.hosts):
            raise Unreadable(f"{endpoint} is not among those of --allow-host.")
        return endpoint

    def admits(self, address: str) -> bool:
        """Whether an IP address may be connected to, by the one that packets to it reach in the end."""
        reached = _reached(ip_address(address))
        return _is_public(reached) or any(reached in network for network in self.networks)


NOTHING: Final = Permits()


def allowed_host(text: str) -> tuple[str, int]:
    """Read a host that may be fetched from: `shop.example`, `*.shop.example`, either with `:port`.

    Raises:
        ValueError: it is something else, as an address with a path.
    """
    parts = _parts(f"https://{text}")
    name = _bare(parts)
    is_more = any(part is not None for part in (parts.auth, parts.path, parts.query, parts.fragment))
    if is_more or not HOST.fullmatch(name.removeprefix(ANY_BELOW)):
        raise ValueError(text)
    return name, parts.port or PORT


def _parts(url: str) -> "Url":
    from urllib3.util import parse_url  # noqa: PLC0415 - it takes 0.2 s to import, and few lists need it

    return parse_url(url)


def _bare(parts: "Url") -> str:
    """The host without the brackets of IPv6 and the dot at the end of a full name."""
    return (parts.host or "").strip("[]").rstrip(".").lower()


def _fits(endpoint: Endpoint, name: str, port: int) -> bool:
    is_named = endpoint.host.endswith(name[1:]) if name.startswith(ANY_BELOW) else endpoint.host == name
    return is_named and endpoint.port == port


def _reached(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address inside one of IPv6 that stands for it, by mapping, NAT64 or 6to4; else the same."""
    if isinstance(address, IPv4Address):
        return address
    if address in NAT64:
        return IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour or address


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    is_unicast = not address.is_multicast and (address.version == 4 or address in GLOBAL_UNICAST)
    is_special = address not in ANYCAST and any(address in network for network in SPECIAL)
    return is_unicast and not is_special and address.is_global
