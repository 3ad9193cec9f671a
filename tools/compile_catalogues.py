"""Compile gettext catalogues: PO files named on the command line, each to the MO file beside it."""

from __future__ import annotations

import sys
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po


def compile_catalogue(po: Path) -> Path:
    """Write the MO file of one PO file, whole or not at all."""
    with po.open("rb") as source:
        catalogue = read_po(source, locale=po.parent.parent.name, abort_invalid=True)
    mo = po.with_suffix(".mo")
    fresh = mo.with_suffix(".mo.new")
    with fresh.open("wb") as target:
        write_mo(target, catalogue)
    return fresh.replace(mo)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compile_catalogue(Path(name))
