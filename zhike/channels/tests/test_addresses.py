"""Where nothing is delivered, in every form an address can be written in."""

from __future__ import annotations

import ipaddress
import socket
import string

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from zhike.channels.addresses import BadAddress, check, check_written, is_public, may_be_reached, parse

INTERNAL = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "100.100.100.200", "192.0.0.192", "168.63.129.16", "198.18.0.1", "192.0.2.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
    "255.255.255.255", "192.88.99.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8", "::127.0.0.1", "fe80::1",
    "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "64:ff9b::7f00:1", "64:ff9b:1::1", "2002:7f00:1::1",
    "2001:0:7f00:1::1", "2001:db8::1", "100::1",
]  # fmt: skip


@pytest.mark.parametrize("text", INTERNAL)
def test_internal_addresses_are_not_public(text: str) -> None:
    assert not is_public(text)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "223.5.5.5", "2400:3200::1", "2606:4700::1111"])
def test_addresses_of_the_internet_are(text: str) -> None:
    assert is_public(text)


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_that_carries_an_ipv4_one_is_never_public(address: ipaddress.IPv6Address) -> None:
    if address.ipv4_mapped or address.sixtofour or address.teredo:
        assert not is_public(str(address))


@given(st.ip_addresses(v=4))
@example(ipaddress.IPv4Address("127.0.0.1"))
def test_mapped_into_ipv6_no_ipv4_address_is_public(address: ipaddress.IPv4Address) -> None:
    assert not is_public(f"::ffff:{address}")
    assert not is_public(str(ipaddress.IPv6Address(int(address))))


ODD = [
    "http://2130706433/", "http://017700000001/", "http://0x7f000001/", "http://0177.0.0.1/", "http://127.1/", "http://127.0.1/",
    "http://0x7f.0.0.1/", "http://00000127.0.0.1/", "http://1.2.3.4.5/", "http://256.1.1.1/", "http://a.0x7f/", "http://1/",
]  # fmt: skip


@pytest.mark.parametrize("text", ODD)
def test_numbers_in_odd_forms_are_refused(text: str) -> None:
    with pytest.raises(BadAddress, match="decimal, octal"):
        parse(text)


BAD = [
    "", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com/", "//example.com/", "example.com", "http://",
    "http:///x", "http://user@example.com/", "http://user:pw@example.com/", "http://example.com@127.0.0.1/",
    "http://example.com#@127.0.0.1/", "http://example.com/#x", "http://exa mple.com/", "http://example.com\\@127.0.0.1/",
    "http://example.com\r\nHost: x/", "http://example.com/\nx", "http://example.com/a b", "http://example.com:0/",
    "http://example.com:99999/", "http://example.com:x/", "http://example.com:/", "http://-a.example.com/", "http://a..b/",
    "http://[::1", "http://[fe80::1%25eth0]/", "http://[::1%lo]/", "http://[v1.x]/", "http://exa%6dple.com/", "http://*.com/",
]  # fmt: skip


@pytest.mark.parametrize("text", BAD)
def test_what_is_no_plain_address_is_refused(text: str) -> None:
    with pytest.raises(BadAddress):
        parse(text)


WRITTEN = [
    "http://127.0.0.1/", "https://[::1]/", "https://[::ffff:127.0.0.1]/", "http://169.254.169.254/latest/meta-data", "http://localhost/",
    "http://LOCALHOST./", "http://x.localhost:8080/", "http://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460/",
    "http://\uff11\uff12\uff17.0.0.1/", "http://127\u30020.0.1/", "http://10.0.0.8:8443/x",
]  # fmt: skip


@pytest.mark.parametrize("text", WRITTEN)
def test_an_internal_address_is_refused_while_it_is_typed(text: str) -> None:
    with pytest.raises(BadAddress, match="internal"):
        check_written(parse(text))


def test_an_address_is_taken_apart() -> None:
    target = parse("https://Hooks.Example.com:8443/a%20b/é?key=s3cret")
    assert (target.scheme, target.host, target.port) == ("https", "hooks.example.com", 8443)
    assert (target.path, target.authority) == ("/a%20b/%C3%A9?key=s3cret", "hooks.example.com:8443")
    assert target.shown == "https://hooks.example.com:8443/a%20b/%C3%A9?…"
    assert parse("http://[2400:3200::1]/").authority == "[2400:3200::1]"
    assert parse("https://\u5ba2\u670d.example.com").host == "xn--ubtq9x.example.com"


def test_one_internal_answer_refuses_the_whole_name() -> None:
    target = parse("https://hooks.example.com/")
    assert check(target, ["8.8.8.8", "8.8.8.8", "2400:3200::1"]) == ["8.8.8.8", "2400:3200::1"]
    for found in (["8.8.8.8", "127.0.0.1"], ["10.0.0.1"], [], ["fe80::1%eth0"], ["nonsense"]):
        with pytest.raises(BadAddress):
            check(target, found)


def test_a_host_the_installation_names_may_be_inside() -> None:
    target = parse("http://erp.internal:9000/")
    assert check(target, ["10.0.0.1"], {"erp.internal"}) == ["10.0.0.1"]
    assert check(target, ["::ffff:10.0.0.1"], {"erp.internal:9000"}) == ["::ffff:10.0.0.1"]
    with pytest.raises(BadAddress):
        check(target, ["10.0.0.1"], {"erp.internal:9001", "internal"})


@pytest.mark.parametrize(
    "text", ["169.254.169.254", "::ffff:169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0", "::", "x"]
)
def test_but_never_at_link_local_multicast_or_nowhere(text: str) -> None:
    assert not may_be_reached(text)


PIECES = st.sampled_from(
    ["http://", "https://", "127.0.0.1", "localhost", "0x7f", "@", "#", "?", "/", ":", "[", "]", "::1", "::ffff:", ".", "%", "\\", "80",
     "0177", "\u3002", "\uff0f", "\u2460", "\x00", "\r\n", "xn--", "example.com"]
)  # fmt: skip


@given(st.lists(st.one_of(PIECES, st.text(string.printable, max_size=3)), max_size=9).map("".join))
def test_whatever_is_typed_ends_in_a_plain_host_or_a_refusal(text: str) -> None:
    try:
        target = parse(text)
        check_written(target)
    except BadAddress:
        return
    assert target.scheme in ("http", "https")
    assert target.path.startswith("/")
    assert target.path.isascii()
    assert not set(target.path) & set(" \r\n\t\\#")
    assert not set(target.host) & set("@/\\#?% \r\n\t")
    try:
        old_form = socket.inet_aton(target.host)  # what the C library reads as an address
    except OSError:
        return
    assert is_public(socket.inet_ntoa(old_form))
