"""Which addresses a stranger may make this server connect to."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LOCAL = tuple(
    ip_network(each)
    for each in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "100.64.0.0/10",
        "::1/128",
        "fc00::/7",
    )
)
"""This machine and its neighbours: what a server that is itself bound to loopback may call."""

_NEVER = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",
        "169.254.0.0/16",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "3fff::/20",
    )
)
"""Not public either: link-local (where clouds keep credentials), documentation, multicast, tunnels."""

_GLOBAL_IPV6 = IPv6Network("2000::/3")
"""All of IPv6 that is given out for the public internet; the rest is private, local or translated."""

WEB_PORTS = {80, 443}
FREE_PORT_MIN = 1_024
"""On the public internet, lower ports than this belong to other services: mail, remote shells, names."""


class Reach:
    """One server's rule: public addresses, what its operator allows, and local ones if it is `local`."""

    def __init__(self, *, local: bool, allowed: str = "") -> None:
        """`allowed`: host names and networks, separated by commas. ValueError names one that is neither."""
        self._local = local
        self._hosts: set[str] = set()
        self._networks: list[Network] = []
        for word in filter(None, (each.strip() for each in allowed.split(","))):
            self._allow(word)

    def permits(self, host: str, addresses: Sequence[str], *, port: int) -> bool:
        """Whether `host` may be connected to: every one of the `addresses` it resolves to must be allowed."""
        if not addresses:
            return False
        return self.names(host) or all(self._permits(_unwrapped(each), port) for each in addresses)

    def names(self, host: str) -> bool:
        """Whether the operator allows `host` by its name."""
        return host.lower().rstrip(".") in self._hosts

    def _permits(self, address: Address, port: int) -> bool:
        if _within(address, self._networks):
            return True
        if _within(address, _LOCAL):
            return self._local
        return is_public(address) and (port in WEB_PORTS or port >= FREE_PORT_MIN)

    def _allow(self, word: str) -> None:
        try:
            self._networks.append(ip_network(word, strict=False))
        except ValueError:
            if "/" in word or ":" in word:
                raise ValueError(f"allow_private: '{word}' is neither a host name nor a network") from None
            self._hosts.add(word.lower().rstrip("."))


def is_public(address: Address) -> bool:
    """Whether an address belongs to the public internet."""
    if isinstance(address, IPv6Address) and address not in _GLOBAL_IPV6:
        return False
    return not _within(address, _LOCAL) and not _within(address, _NEVER)


def _unwrapped(text: str) -> Address:
    """An address; the IPv4 one inside an IPv4-mapped IPv6 one."""
    address = ip_address(text)
    return getattr(address, "ipv4_mapped", None) or address


def _within(address: Address, networks: Sequence[Network]) -> bool:
    return any(address.version == each.version and address in each for each in networks)
