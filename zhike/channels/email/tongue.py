"""In which of the two languages of the product somebody writes; enough to answer him in his own words around a quotation."""

from __future__ import annotations

import re

MOST_READ = 4_000
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_LETTER = re.compile(r"[A-Za-z\u00c0-\u024f]")
_OTHER = re.compile(r"[\u0400-\u05ff\u0600-\u06ff\u0e00-\u0e7f\u3040-\u30ff\uac00-\ud7af]")


def language_of(text: str) -> str:
    """zh, en, or "" where it cannot be told: another language in a script of its own, or too little.

    >>> [language_of(text) for text in ("订单 A-17 到哪了 please", "Where is my order?", "ok", "注文はどこですか")]
    ['zh', 'en', '', '']
    """
    seen = text[:MOST_READ]
    if _OTHER.search(seen):
        return ""
    if _HAN.search(seen):
        return "zh"
    return "en" if len(_LETTER.findall(seen)) >= 8 else ""
