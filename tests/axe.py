"""A page under axe: in which sizes and by which light, and what counts as a fault."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from playwright.sync_api import Page

from tests.people import DESKTOP, PHONE

SCRIPT = Path(__file__).resolve().parents[1] / "node_modules" / "axe-core" / "axe.min.js"
LOOKS = (
    (DESKTOP, "light", ""),
    (PHONE, "light", ""),
    (PHONE, "dark", "color-contrast"),
    (DESKTOP, "dark", "color-contrast"),
)
"""Size, theme, and the one rule that matters there (by night only the colours are others)."""
GRAVE = ("serious", "critical")


def grave(page: Page, rule: str) -> list[str]:
    """What axe finds serious or critical on the page as it stands: `rule: where`."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}
    if rule:
        options["runOnly"] = {"type": "rule", "values": [rule]}
    found = page.evaluate("options => axe.run(document, options)", options)
    return [
        f"{one['id']}: {node['target'][0]} {node['html'][:120]}"
        for one in found["violations"]
        if one["impact"] in GRAVE
        for node in one["nodes"]
    ]


def faults(page: Page) -> list[str]:
    """The page as it stands, looked at in every size and light: what is grave, and what sticks out sideways."""
    page.evaluate(SCRIPT.read_text())
    found: list[str] = []
    for size, theme, rule in LOOKS:
        page.set_viewport_size(size)  # type: ignore[arg-type]
        page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
        over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        look = f"{size['width']} {theme}"
        found += [f"{look}: {over} px wider than the screen"] if over > 0 else []
        found += [f"{look}: {fault}" for fault in grave(page, rule)]
    return found
