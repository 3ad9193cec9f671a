"""Where a request really comes from, behind proxies of the house.

A connection from an address in ZHIKE_PROXIES is a proxy's: what it forwarded says whose request it is. X-Forwarded-For is
read from its end, past proxies of ours, to the first address that is none; what stands before it a client may have made
up. From anywhere else the header means nothing. Without this, everybody behind one proxy shares one address and its tries.
"""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

HEADER = "HTTP_X_FORWARDED_FOR"


class Forwarded:
    """The first middleware: everything after it sees the client's own address as REMOTE_ADDR."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        came_from = str(request.META.get("REMOTE_ADDR", ""))
        if settings.PROXIES and is_proxy(came_from):
            request.META["REMOTE_ADDR"] = client_of(str(request.META.get(HEADER, "")), came_from)
        return self.get_response(request)


def client_of(forwarded: str, came_from: str) -> str:
    """The last address of the header that is no proxy of ours; the connection's own where the header says nothing sound."""
    for part in reversed(forwarded.split(",")):
        text = part.strip()
        if not is_address(text):
            return came_from
        if not is_proxy(text):
            return text
    return came_from


def is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def is_proxy(text: str) -> bool:
    return is_address(text) and any(ip_address(text) in network for network in settings.PROXIES)


def address_of(request: HttpRequest) -> str:
    """The address a request came from; never a header the client may set."""
    return str(request.META.get("REMOTE_ADDR", ""))[:45]
