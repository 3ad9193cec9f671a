"""Takes the checks of rights away one by one and says which share of them the tests miss.

    python tools/guards.py [--only customers,api] [--seconds 3600] [--list] [--json FILE] [--again FILE] [tests ...]

guards_switches.py rewrites the modules of the copy, guards_plugin.py runs the tests in it, guards_switch.py is the switch.

Works on a copy in a temporary folder, with one database and one pytest process. Exit 0 when at least 95 of 100 are caught.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from guards_switches import modules, switched

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent

BAR = 0.95
TAKEN = ("zhike", "tests", "handbooks", "docs", "tools", "pyproject.toml", "conftest.py")
MARKS = "not browser and not embedded and not slow"
SKIPPED = """
    tests/architecture/test_house_rules.py tests/architecture/test_rooms.py tests/ground tests/faults zhike/handbook zhike/lib
    zhike/rehearsal zhike/web/bench zhike/web/backup zhike/web/live zhike/web/worker zhike/duties
    zhike/web/tests/test_texts.py
""".split()
"""Places of tests that come to no check of a right, or look at the text of the product."""


def copy(place: Path) -> list[str]:
    """The product with switches, and their names."""
    for name in TAKEN:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, place / name, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
        else:
            shutil.copy(source, place / name)
    shutil.copy(HERE / "guards_switch.py", place)
    shutil.copy(HERE / "guards_plugin.py", place)
    names = []
    for path in modules(place / "zhike"):
        text, found = switched(path.read_text(), path.relative_to(place / "zhike").as_posix())
        if found:
            path.write_text(text)
            names += found
    return names


def measure(place: Path, names: list[str], options: argparse.Namespace) -> dict[str, str]:
    known, answer = place / "known.json", place / "answer.json"
    known.write_text(json.dumps(names))
    environ = {
        **os.environ, "PYTHONPATH": str(place), "GUARDS_KNOWN": str(known), "GUARDS_ANSWER": str(answer),
        "GUARDS_SECONDS": str(options.seconds), "GUARDS_ONLY": options.only, "PYTHONDONTWRITEBYTECODE": "1",
        "GUARDS_AGAIN": options.again and str(Path(options.again).resolve()), "GUARDS_NAMED": " ".join(options.tests),
    }  # fmt: skip
    asked = [] if options.again else options.tests
    command = [
        sys.executable, "-m", "pytest", "-q", "-p", "guards_plugin", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", MARKS,
        *(f"--ignore={each}" for each in SKIPPED), *(asked or ["tests", "zhike"]),
    ]  # fmt: skip
    subprocess.run(command, cwd=place, env=environ, stdout=subprocess.DEVNULL, check=False)
    if not answer.exists():
        raise SystemExit("guards: the tests did not run; try them by themselves first: make test")
    told: dict[str, dict[str, str]] = json.loads(answer.read_text())
    return told["caught"]


def report(caught: dict[str, str], place: str) -> bool:
    """Print it by kind; True when the bar is met."""
    kinds: dict[str, list[bool]] = {}
    for name, test in caught.items():
        kinds.setdefault(name.split()[1], []).append(bool(test))
    print(f"{'kind':<12}{'removed':>9}{'caught':>9}")
    for kind, found in sorted(kinds.items()):
        print(f"{kind:<12}{len(found):>9}{sum(found):>9}")
    total, good = len(caught), sum(map(bool, caught.values()))
    share = good / total if total else 0.0
    print(f"{'all':<12}{total:>9}{good:>9}  {100 * share:.1f} %")
    for name in sorted(name for name, test in caught.items() if not test):
        print(f"not caught: {name}")
    if place:
        Path(place).write_text(json.dumps(caught, indent=1))
    return share >= BAR


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="parts of names of checks, with commas between them")
    parser.add_argument("--seconds", type=int, default=7200, help="at most so long")
    parser.add_argument("--list", action="store_true", help="only list the checks")
    parser.add_argument("--json", default="", help="also write which test catches which check to this file")
    parser.add_argument(
        "--again",
        default="",
        help="the --json of an earlier run: only tests that caught something then, and those named",
    )
    parser.add_argument("tests", nargs="*", help="folders or files of tests, all that come to a check unless named")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="zhike-guards-") as folder:
        place = Path(folder).resolve()
        place.chmod(0o711)
        names = copy(place)
        if options.list:
            print("\n".join(names))
            return 0
        return 0 if report(measure(place, names, options), options.json) else 1


if __name__ == "__main__":
    sys.exit(main())
