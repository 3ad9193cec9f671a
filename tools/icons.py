"""Draw static/zhike/icons.svg again: our subset of Tabler Icons (MIT), by their names.

    python3 tools/icons.py          fetches the pinned release through npm, writes the file, and leaves nothing behind

A new icon: its name here, run this, show it on the style page. Every icon stands beside a word, so the list stays short.
"""

from __future__ import annotations

import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

RELEASE = "@tabler/icons@3.51.0"
NAMES = (
    "alert-triangle", "arrow-back-up", "arrow-left", "arrows-exchange", "bell", "book", "brand-wechat", "building-store",
    "calendar", "check", "chevron-down", "circle-check", "clock", "copy", "device-desktop", "device-mobile-message", "download",
    "external-link", "eye", "file-text", "hand-grab", "headset", "info-circle", "keyboard", "language", "list-search", "lock",
    "logout", "mail", "menu-2", "message-circle", "moon", "paperclip", "pencil", "phone", "plus", "printer", "refresh",
    "search", "send", "sun", "trash", "upload", "user", "user-plus", "users", "volume", "volume-off", "x",
)  # fmt: skip
TARGET = Path(__file__).resolve().parent.parent / "zhike/web/static/zhike/icons.svg"
HEAD = """<svg xmlns="http://www.w3.org/2000/svg">
<!-- Tabler Icons 3.51.0, a subset; MIT License, Copyright (c) 2020-2026 Pawel Kuna. Made by tools/icons.py. -->
"""


def inner(svg: str) -> str:
    """The strokes of one icon, without its frame."""
    body = re.sub(r"<!--.*?-->", "", svg, flags=re.DOTALL)
    found = re.search(r"<svg[^>]*>(.*)</svg>", body, flags=re.DOTALL)
    assert found, "not a picture"
    return re.sub(r'<path stroke="none"[^>]*>|\s*\n\s*', "", found[1]).strip()


def symbols(package: Path) -> str:
    """Every icon of ours as a symbol named after it."""
    with tarfile.open(package) as archive:
        lines = []
        for name in NAMES:
            member = archive.extractfile(f"package/icons/outline/{name}.svg")
            assert member is not None, name
            lines.append(f'<symbol id="{name}" viewBox="0 0 24 24">{inner(member.read().decode())}</symbol>')
    return "\n".join(lines)


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["npm", "pack", "--silent", RELEASE], cwd=folder, check=True, capture_output=True, text=True
        )
        TARGET.write_text(HEAD + symbols(Path(folder) / done.stdout.strip()) + "\n</svg>\n")


if __name__ == "__main__":
    main()
