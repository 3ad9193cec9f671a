"""What the environment says, read in one place. Knows no Django: the supervisor must stay small."""

from __future__ import annotations

import os
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

CHECKOUT = Path(__file__).resolve().parents[3]


class BadEnvironment(Exception):
    """A setting that cannot be used; the message says which and what would do."""


def home() -> Path:
    """The data folder, ZHIKE_HOME: `.zhike` in a checkout, else the user's data folder. Not created here.

    A sandbox has a folder of its own beside it (`.zhike-sandbox`): the two never share data.
    """
    if named := os.environ.get("ZHIKE_HOME"):
        return Path(named).expanduser().absolute()
    own = "-sandbox" if sandbox() else ""
    if (CHECKOUT / "pyproject.toml").exists():
        return CHECKOUT / f".zhike{own}"
    return Path.home() / ".local" / "share" / f"zhike{own}"


def make_home() -> Path:
    """The data folder, made on first use. Root's is passable, because PostgreSQL then runs as another user."""
    place = home()
    if not place.exists():
        place.mkdir(parents=True)
        place.chmod(0o711 if os.geteuid() == 0 else 0o700)
    return place


def port() -> int:
    """PORT, the TCP port the product is served on."""
    text = os.environ.get("PORT", "8000")
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise BadEnvironment(f"PORT must be a number from 1 to 65535, not {text!r}")
    return int(text)


def host() -> str:
    """ZHIKE_BIND, the address the product listens on; loopback unless somebody decides otherwise."""
    return os.environ.get("ZHIKE_BIND", "127.0.0.1")


def handbook() -> str:
    """HANDBOOK, the name of a folder in handbooks/ or a path."""
    return os.environ.get("HANDBOOK", "retail-hotline")


def sandbox() -> bool:
    """Whether the product runs on a virtual clock."""
    return flag("ZHIKE_SANDBOX")


def proxies() -> list[IPv4Network | IPv6Network]:
    """ZHIKE_PROXIES, addresses or networks of the proxies in front of the product, with commas: 127.0.0.1, 10.0.0.0/24."""
    try:
        return [ip_network(part.strip()) for part in os.environ.get("ZHIKE_PROXIES", "").split(",") if part.strip()]
    except ValueError as error:
        raise BadEnvironment(
            f"ZHIKE_PROXIES holds addresses or networks with commas, for example 127.0.0.1: {error}"
        ) from error


def flag(name: str) -> bool:
    return os.environ.get(name, "").lower() in {"1", "true", "yes", "on"}


def external_database() -> str | None:
    """DATABASE_URL, when a server of somebody else's is to be used instead of the embedded one."""
    return os.environ.get("DATABASE_URL") or None


def parse_database_url(url: str) -> dict[str, str]:
    """Django's connection fields of a PostgreSQL URL; a query such as `sslmode=require` is honoured.

    >>> parse_database_url("postgresql://ann:p%40ss@db:5433/desk?sslmode=require")["PASSWORD"]
    'p@ss'
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadEnvironment(f"DATABASE_URL must begin with postgresql://, not {parts.scheme or 'nothing'}://")
    fields = dict(parse_qsl(parts.query))
    return {
        "NAME": unquote(parts.path.lstrip("/")) or "zhike",
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": fields.pop("host", "") or unquote(parts.hostname or ""),
        "PORT": str(parts.port or fields.pop("port", "")),
        **fields,
    }
