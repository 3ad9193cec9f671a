"""Where a delivery may go. A name is resolved once, every answer is checked, and the connection is made to a checked answer:
what the name answers a moment later does not matter.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, quote, urlsplit

from zhike.handbook.common import Text

LONGEST = 500
PORTS = {"http": 80, "https": 443}
LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
NAME = re.compile(rf"{LABEL}(?:\.{LABEL})*")
NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)")
"""What old resolvers read as a part of an address: decimal, octal or hexadecimal."""
FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\]")
KEPT = "/%:@!$&'()*+,;=~-._?"
"""Characters of paths and queries that stay as they are."""

IPv4 = ipaddress.IPv4Address
IPv6 = ipaddress.IPv6Address

# Beside what Python calls private: protocol assignments (a cloud's metadata is there), the relays of 6to4, and the wire server of a
# cloud that sits on a public address. https://www.iana.org/assignments/iana-ipv4-special-registry
CLOSED = tuple(
    ipaddress.ip_network(text)
    for text in ("0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "198.18.0.0/15", "168.63.129.16/32")
)
PUBLIC_IPV6 = ipaddress.ip_network("2000::/3")
# Inside 2000::/3: Teredo and other assignments, 6to4 and documentation. An IPv4 address hides in the first two.
CLOSED_IPV6 = tuple(ipaddress.ip_network(text) for text in ("2001::/23", "2002::/16", "2001:db8::/32", "3fff::/20"))

NOT_AN_ADDRESS = Text(
    zh="请填写完整的 http 或 https 地址，不带用户名、密码和 # 部分。",
    en="Give a complete http or https address, without user name, password or # part.",
)
TOO_LONG = Text(zh="地址最多 500 个字符。", en="An address has at most 500 characters.")
ODD_NUMBER = Text(
    zh="请用主机名或标准写法的地址，不要用十进制、八进制或十六进制。",
    en="Use a host name or an address in its usual form, not decimal, octal or hexadecimal.",
)
INSIDE = Text(
    zh="不能投递到内部地址。确需内部主机时，请由运维在 ZHIKE_WEBHOOK_HOSTS 中写明。",
    en="Nothing is delivered to internal addresses. For an internal host, the operator names it in ZHIKE_WEBHOOK_HOSTS.",
)


class BadAddress(ValueError):
    """An address nothing is delivered to; `words` say why."""

    def __init__(self, words: Text) -> None:
        super().__init__(words.en)
        self.words = words


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address, taken apart. `host` is ASCII without brackets, `path` begins with a slash and has the query."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def bracketed(self) -> str:
        return f"[{self.host}]" if ":" in self.host else self.host

    @property
    def authority(self) -> str:
        """As the Host header has it."""
        return self.bracketed if self.port == PORTS[self.scheme] else f"{self.bracketed}:{self.port}"

    @property
    def shown(self) -> str:
        """Without the values of the query: some receivers put a password there."""
        path, mark, _ = self.path.partition("?")
        return f"{self.scheme}://{self.authority}{path}{'?…' if mark else ''}"


def parse(text: str) -> Target:
    """Raises BadAddress for what is no plain http(s) address, and for one that is written as an internal one."""
    if len(text) > LONGEST:
        raise BadAddress(TOO_LONG)
    parts, port = _split(text)
    host = _ipv6(parts.hostname or "") if "[" in parts.netloc else _host(parts.hostname or "")
    path = quote(parts.path or "/", safe=KEPT) + (f"?{quote(parts.query, safe=KEPT)}" if parts.query else "")
    return Target(parts.scheme, host, port, path)


def _split(text: str) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise BadAddress(NOT_AN_ADDRESS)
    odd = FORBIDDEN.search(text) or "#" in text or "@" in parts.netloc or parts.netloc.endswith(":")
    if odd or parts.scheme not in PORTS or not parts.netloc or port == 0:
        raise BadAddress(NOT_AN_ADDRESS)
    return parts, port or PORTS[parts.scheme]


def _host(text: str) -> str:
    try:
        # Full-width and circled digits become plain ones here, so what follows sees what a resolver would.
        host = text.encode("idna").decode("ascii").lower().removesuffix(".")
    except (UnicodeError, ValueError):
        raise BadAddress(NOT_AN_ADDRESS)
    if not NAME.fullmatch(host) or len(host) > 253:
        raise BadAddress(NOT_AN_ADDRESS)
    if NUMBER.fullmatch(host.rpartition(".")[2]):
        try:
            return str(IPv4(host))
        except ValueError:
            raise BadAddress(ODD_NUMBER)
    return host


def _ipv6(text: str) -> str:
    if "%" in text:  # a zone names one of our own interfaces
        raise BadAddress(NOT_AN_ADDRESS)
    try:
        return str(IPv6(text))
    except ValueError:
        raise BadAddress(NOT_AN_ADDRESS)


def check(target: Target, found: Iterable[str], inside: Collection[str] = ()) -> list[str]:
    """The addresses a name was resolved to, all of them sound. One that is not refuses the name: who answers with both wants
    something. `inside`: hosts, "host" or "host:port", that the installation allows inside the house.

    Raises BadAddress.
    """
    addresses = list(dict.fromkeys(found))
    may_be_inside = is_allowed(target, inside)
    sound = may_be_reached if may_be_inside else is_public
    if not addresses or not all(sound(text) for text in addresses):
        raise BadAddress(INSIDE)
    return addresses


def check_written(target: Target, inside: Collection[str] = ()) -> None:
    """As `check`, before anything is resolved: an internal address that is written out is refused while it is typed. Raises BadAddress."""
    literal = _address(target.host)
    named_here = target.host == "localhost" or target.host.endswith(".localhost")
    if is_allowed(target, inside):
        return
    if named_here or (literal is not None and not is_public(target.host)):
        raise BadAddress(INSIDE)


def is_allowed(target: Target, inside: Collection[str]) -> bool:
    return target.host in inside or f"{target.bracketed}:{target.port}" in inside


def is_public(text: str) -> bool:
    """Reached over the internet and nowhere else. False for what is no address."""
    address = _address(text)
    if isinstance(address, IPv4):
        return (
            address.is_global
            and not (address.is_multicast or address.is_reserved)
            and not any(address in network for network in CLOSED)
        )
    if isinstance(address, IPv6):
        # Everything outside 2000::/3 is internal, or carries an IPv4 address that would be reached instead.
        return address in PUBLIC_IPV6 and address.is_global and not any(address in network for network in CLOSED_IPV6)
    return False


def may_be_reached(text: str) -> bool:
    """May a host that the installation named be there: anything but link-local (metadata of clouds), multicast and nowhere."""
    address = _address(text)
    mapped = address.ipv4_mapped if isinstance(address, IPv6) else None
    plain = mapped or address
    return plain is not None and not (plain.is_link_local or plain.is_multicast or plain.is_unspecified)


def _address(text: str) -> IPv4 | IPv6 | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None
