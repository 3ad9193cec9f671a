"""One line of a clause in words."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Line:
    """One line: `期限` / `30 分钟`."""

    label: str
    words: str
