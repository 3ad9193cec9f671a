"""The page of the keyboard lists what there is, no more and no less."""

from __future__ import annotations

import re

from zhike.web.shortcuts.keys import known
from zhike.web.tests.texts import WEB

OF_THE_BROWSER = {"Tab", "Enter", "Ctrl", "Shift", "ArrowDown", "ArrowUp"}
"""Keys that need nothing from us, that only go with another, or that move in a list of proposals as everywhere."""


def pressed() -> set[str]:
    """Keys named by a template's data-key or data-row-key, or asked for in a script."""
    found: set[str] = set()
    for place in [*WEB.rglob("templates/**/*.html"), *WEB.rglob("*.py")]:
        if "tests" not in place.parts:
            found |= set(re.findall(r'data-(?:row-)?key="([^"{]+)"', place.read_text()))
    for script in (WEB / "static" / "zhike").glob("*.js"):
        found |= set(re.findall(r'event\.key [=!]== "([^"]+)"', script.read_text()))
        for table in re.findall(r"\{([^{}]+)\}\[event\.key\]", script.read_text()):
            found |= set(re.findall(r"(\w+):", table))
    return found


def test_every_key_is_listed_and_every_listed_key_is_there() -> None:
    numbered = {"1", "…", "9"}  # the tabs carry their number: data-key="{{ forloop.counter }}"
    assert pressed() - OF_THE_BROWSER == known() - OF_THE_BROWSER - numbered
