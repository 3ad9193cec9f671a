"""Names of files: for display and download only, never a path of ours. Cleaned first, then checked."""

from __future__ import annotations

import re
import unicodedata

LONGEST = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])(\.|$)", re.IGNORECASE)
"""Names that mean a device on Windows, whatever their extension."""
_FORBIDDEN = re.compile(r'[<>:"|?*/\\]')
_SLASHES = re.compile(r"[/\\\u2044\u2215\u2216\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c]")


class BadName(ValueError):
    """A cleaned name still is none we would hand out; a fault of the cleaning, not of the sender."""


def clean_file_name(raw: str, fallback: str = "file") -> str:
    """A name that is safe to show and to save under, at most 120 characters, its extension kept.

    Invisible and direction-turning characters go first, so that nothing hides behind them: a zero-width space before
    `.htaccess` leaves `htaccess`. Of a path only the last part stays; device names get an underscore.
    """
    name = _visible(raw[:4096])
    name = _SLASHES.split(name)[-1]
    name = _FORBIDDEN.sub("_", name)
    name = _without_dots_at_the_ends(name) or fallback
    if _RESERVED.match(unicodedata.normalize("NFKC", name)):
        name = "_" + name
    name = _shorten(name)
    if not is_safe(name):
        raise BadName(repr(name))
    return name


def is_safe(name: str) -> bool:
    """Whether a name can be stored and handed out: visible, no path, no leading dot, no device."""
    folded = unicodedata.normalize("NFKC", name)
    return (
        0 < len(name) <= LONGEST
        and name == _visible(name)
        and not _FORBIDDEN.search(name)
        and not _SLASHES.search(name)
        and not folded.startswith((".", " ", "~"))
        and not name.endswith((".", " "))
        and not _RESERVED.match(folded)
    )


def extension(name: str) -> str:
    """The last extension in lower case without its dot, "" where there is none.

    >>> extension("现场.JPG")
    'jpg'
    """
    stem, dot, last = name.rpartition(".")
    return last.lower() if dot and stem and len(last) <= 10 else ""


def _visible(raw: str) -> str:
    """NFC without controls, formats (zero width, direction), halves of characters and private ones; single blanks."""
    composed = unicodedata.normalize("NFC", "".join(c for c in raw if unicodedata.category(c) not in _GONE))
    return re.sub(r"\s+", " ", composed).strip()


_GONE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def _without_dots_at_the_ends(name: str) -> str:
    """Full-width dots count as dots: some systems fold them into ordinary ones later."""
    while name and unicodedata.normalize("NFKC", name[0])[0] in ". ~":
        name = name[1:]
    while name and unicodedata.normalize("NFKC", name[-1])[-1] in ". ":
        name = name[:-1]
    return name


def _shorten(name: str) -> str:
    if len(name) <= LONGEST:
        return name
    ending = extension(name)
    room = LONGEST - len(ending) - 1 if ending else LONGEST
    return f"{name[:room].rstrip('. ')}.{ending}" if ending else name[:room].rstrip(". ")
