"""The rooms are furnished alike."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "zhike"
ROOMS = sorted(path.parent for path in PACKAGE.glob("*/apps.py"))
BELOW_THE_ROOF = [room for room in ROOMS if room.name != "web"]
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if "migrations" not in path.parts)


def imported(path: Path) -> set[str]:
    """Names of the modules a file imports, relative ones left out."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.name)
def test_a_room_says_what_it_is_and_has_tests(room: Path) -> None:
    assert (room / "__init__.py").read_text().startswith('"""')
    assert (room / "tests" / "__init__.py").exists()


@pytest.mark.parametrize("room", BELOW_THE_ROOF, ids=lambda room: room.name)
def test_only_the_roof_speaks_http(room: Path) -> None:
    assert not {"views.py", "urls.py", "templates"} & {entry.name for entry in room.iterdir()}
    speaks = {
        path.relative_to(PACKAGE): http
        for path in room.rglob("*.py")
        if "tests" not in path.parts and (http := imported(path) & {"django.http", "django.shortcuts", "django.views"})
    }
    assert speaks == {}


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(PACKAGE))
        for path in MODULES
        if "tests" not in path.parts
        and path.name != "urls.py"
        and path.read_text().strip()
        and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []
