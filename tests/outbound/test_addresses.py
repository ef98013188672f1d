"""Which addresses count as public, and what an operator can allow."""

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foretell.outbound.addresses import Reach, is_public

PRIVATE = [
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.9.9.9",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.1",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.1.1.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "5f00::1",
]
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "172.15.255.255",
    "172.32.0.1",
    "100.128.0.1",
    "2606:4700::1111",
    "2a00:1450::1",
    "::ffff:8.8.8.8",
]
LOCAL = [
    "127.0.0.1",
    "::1",
    "10.0.0.1",
    "192.168.1.1",
    "172.16.0.1",
    "100.64.0.1",
    "fd00::1",
    "::ffff:127.0.0.1",
]
NEVER_LOCAL = [
    "169.254.169.254",
    "0.0.0.0",
    "224.0.0.1",
    "255.255.255.255",
    "fe80::1",
    "::ffff:169.254.169.254",
]


@pytest.mark.parametrize("address", PRIVATE)
def test_what_is_not_public_is_refused(address: str) -> None:
    assert not Reach(local=False).permits("example.com", [address], port=443)


@pytest.mark.parametrize("address", PUBLIC)
def test_what_is_public_is_permitted(address: str) -> None:
    assert Reach(local=False).permits("example.com", [address], port=443)


@pytest.mark.parametrize("address", PRIVATE)
def test_one_private_address_among_public_ones_refuses_the_name(address: str) -> None:
    assert not Reach(local=False).permits("example.com", ["1.1.1.1", address, "8.8.8.8"], port=443)


@pytest.mark.parametrize(
    ("port", "permitted"), [(80, True), (443, True), (8443, True), (22, False), (25, False)]
)
def test_on_the_public_internet_only_the_webs_ports_and_free_ones_are_called(
    port: int, permitted: bool
) -> None:
    assert Reach(local=True).permits("example.com", ["1.1.1.1"], port=port) is permitted
    assert Reach(local=False, allowed="example.com").permits("example.com", ["1.1.1.1"], port=port)


def test_a_name_without_addresses_is_refused() -> None:
    assert not Reach(local=True).permits("example.com", [], port=443)


@pytest.mark.parametrize("address", LOCAL)
def test_a_server_on_loopback_may_call_its_own_machine_and_network(address: str) -> None:
    assert Reach(local=True).permits("localhost", [address], port=443)


@pytest.mark.parametrize("address", NEVER_LOCAL)
def test_even_a_server_on_loopback_does_not_call_link_local_or_multicast(address: str) -> None:
    assert not Reach(local=True).permits("metadata", [address], port=443)


def test_an_operator_allows_networks_and_hosts() -> None:
    reach = Reach(local=False, allowed="10.1.0.0/16, receiver.internal ,fd00::/8, 192.168.5.5")
    assert reach.permits("any", ["10.1.2.3", "fd00::5", "192.168.5.5"], port=443)
    assert not reach.permits("any", ["10.1.2.3", "10.2.0.1"], port=443)
    assert reach.permits("Receiver.internal.", ["172.16.3.4"], port=443)
    assert not reach.permits("other.internal", ["172.16.3.4"], port=443)


@pytest.mark.parametrize("word", ["10.0.0.0/33", "host:80", "fd00::/x"])
def test_an_allowance_that_is_neither_host_nor_network_is_named(word: str) -> None:
    with pytest.raises(ValueError, match=word):
        Reach(local=False, allowed=f"10.0.0.0/8,{word}")


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: object) -> None:
    found = ip_address(str(address))
    if not found.is_global or found.is_multicast:
        assert not is_public(found)
