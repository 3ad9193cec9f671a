"""The catalogues of messages, made quick. A page asks for hundreds of them, and Django looks each up in every catalogue there is:
twice for one that stands in none, as all Chinese ones do."""

from __future__ import annotations

from functools import lru_cache

from django.conf import settings
from django.utils.translation import trans_real

MOST = 8192
"""Messages kept of each language; the product has fewer."""


def remember_translations() -> None:
    """Let each language remember what it has looked up, for as long as the process lives."""
    for language, _ in settings.LANGUAGES:
        catalogue = trans_real.translation(language)
        catalogue.gettext = lru_cache(maxsize=MOST)(catalogue.gettext)  # type: ignore[method-assign]
