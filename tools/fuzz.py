"""Asks the API everything its contract allows and much that it does not, under every shipped handbook, as every role, and counts.

    python tools/fuzz.py [--examples 10] [--handbook NAME]      cases for each operation, role and way

Exit 1 when the product failed once (5xx) or answered otherwise than its contract says.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TESTS = "zhike/web/api/tests/test_fuzz.py"
CLASSES = ("2xx", "3xx", "4xx", "5xx")


def main() -> int:
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "table"
        environ = {**os.environ, "ZHIKE_TEST_FUZZ_TABLE": str(place), "ZHIKE_TEST_FUZZ_EXAMPLES": str(options.examples)}
        workers = ["-n", str(options.processes), "--dist", "load"] if options.processes > 1 else []
        only = ["-k", f"[{options.handbook}]"] if options.handbook else []
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *workers, *only, TESTS]
        done = subprocess.run(
            command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False, timeout=options.minutes * 60
        )
        rows = [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []
    if done.returncode or not rows:
        print(done.stdout)
    print_table(rows)
    return done.returncode or not rows


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--examples", type=int, default=10, help="cases for each operation, role and way of asking, at most"
    )
    parser.add_argument("--handbook", default=os.environ.get("HANDBOOK", ""), help="one handbook; all without")
    parser.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="handbooks at a time")
    parser.add_argument("--minutes", type=int, default=120, help="after so long it is given up")
    return parser.parse_args()


def print_table(rows: list[dict[str, Any]]) -> None:
    print(f"{'handbook':<18}{'role':<14}{'cases':>9}" + "".join(f"{each:>8}" for each in CLASSES))
    sums = [0] * (1 + len(CLASSES))
    for row in sorted(rows, key=lambda row: str(row["handbook"])):
        found = _counted(row["answers"])
        sums = [one + two for one, two in zip(sums, found, strict=True)]
        _print(row["handbook"], row["role"], found)
    _print("all", "", sums)


def _counted(answers: Mapping[str, int]) -> list[int]:
    counts = [sum(n for status, n in answers.items() if status[0] == each[0]) for each in CLASSES]
    return [sum(counts), *counts]


def _print(handbook: str, role: str, found: list[int]) -> None:
    print(f"{handbook:<18}{role:<14}{found[0]:>9}" + "".join(f"{n:>8}" for n in found[1:]))


if __name__ == "__main__":
    sys.exit(main())
