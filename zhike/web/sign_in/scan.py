"""Pictures to scan: a second factor's secret, a link for somebody's telephone. Drawn inline, so nothing is fetched or kept."""

from __future__ import annotations

import re

import segno
from django.utils.safestring import SafeString, mark_safe

from zhike.org.models import Staff
from zhike.org.second_factor import address_of


def qr_code(text: str) -> SafeString:
    """An SVG, dark on white whatever the page's colours: cameras want it so."""
    drawn = segno.make(text, error="m").svg_inline(
        scale=5, border=4, dark="#000", light="#fff", svgclass="zk-scan", lineclass=None, omitsize=True
    )
    return mark_safe(drawn)  # noqa: S308 - numbers and colours; the text is drawn, not written


def picture_of(secret: str, staff: Staff) -> SafeString:
    """What the telephone's app scans."""
    return qr_code(address_of(secret, staff))


def shown_secret(secret: str) -> str:
    """In groups of four, for whoever types it: "JBSW Y3DP ..."."""
    return " ".join(re.findall(".{1,4}", secret))
