"""`{% load sandbox_bar %}`: what the bar of the sandbox shows."""

from __future__ import annotations

from typing import Any

from django import template

from zhike.clocks.queries import next_moment
from zhike.web.base import times
from zhike.web.sandbox import cast, virtual

register = template.Library()


@register.simple_tag
def sandbox_state() -> dict[str, Any]:
    """The virtual time, what is due next, and everybody one can be."""
    at, due = virtual.read(), next_moment()
    return {
        "at": at,
        "words": times.moment(at, at),
        "next": times.moment(due, at) if due else "",
        "groups": cast.groups(),
    }
