"""Texts of the interface, as a translator would be given them: from Python with gettext calls, and from templates."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

WEB = Path(__file__).resolve().parent.parent
KEYWORDS = {**DEFAULT_KEYWORDS, "gettext_lazy": None, "ngettext_lazy": (1, 2), "gettext_noop": None}


def texts_in(folder: Path) -> Iterator[tuple[str, str]]:
    """(msgid, where) of every text in the Python files and templates of a package, its tests left out."""
    for path in sorted([*folder.rglob("*.py"), *folder.rglob("*.html")]):
        if "tests" in path.relative_to(folder).parts:
            continue
        source = path.read_text()
        if path.suffix == ".html":
            source = templatize(source, origin=str(path))
        for line, message, _, _ in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
            yield (message[0] if isinstance(message, tuple) else message), f"{path.relative_to(WEB)}:{line}"


def english() -> dict[str, bool]:
    """msgid -> whether it has a whole English text, over all catalogues of the product: gettext reads them as one."""
    found: dict[str, bool] = {}
    for (_, msgid), texts in translations().items():
        found[msgid] = found.get(msgid, False) or any(all(each) for each in texts)
    return found


def translations() -> dict[tuple[str, str], set[tuple[str, ...]]]:
    """(context, msgid) -> the English texts it has, each with its plural forms; nothing where a catalogue is not sure."""
    found: dict[tuple[str, str], set[tuple[str, ...]]] = {}
    for po in WEB.parent.rglob("locale/en/LC_MESSAGES/django.po"):
        with po.open("rb") as source:
            for message in read_po(source, locale="en"):
                strings = message.string if isinstance(message.string, tuple | list) else (message.string,)
                msgid = message.id[0] if isinstance(message.id, tuple | list) else message.id
                texts = found.setdefault((message.context or "", msgid), set())
                if msgid and not message.fuzzy:
                    texts.add(tuple(strings))
    return found
