"""Asks the API everything its contract allows and much that it does not, as every role, and prints what came back.

    python tools/fuzz.py [--examples 40]        schemathesis, so many cases for each operation, role and way of asking

Exit 1 when the product failed once (5xx) or answered otherwise than its contract says.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TESTS = "zhike/web/api/tests/test_fuzz.py"
CLASSES = ("2xx", "3xx", "4xx", "5xx")


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--examples", type=int, default=40, help="cases for each operation, role and way of asking, at most"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "table"
        environ = {**os.environ, "ZHIKE_TEST_FUZZ_TABLE": str(place), "ZHIKE_TEST_FUZZ_EXAMPLES": str(options.examples)}
        workers = ["-n", str(os.cpu_count() or 1), "--dist", "load"]
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *workers, TESTS]
        done = subprocess.run(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True, check=False)
        rows = [json.loads(line) for line in place.read_text().splitlines()] if place.exists() else []
    if done.returncode or not rows:
        print(done.stdout)
    print_table(rows)
    return done.returncode or not rows


def print_table(rows: list[dict[str, object]]) -> None:
    print(f"{'role':<12}{'operations':>11}{'cases':>9}" + "".join(f"{each:>8}" for each in CLASSES))
    sums = [0] * (1 + len(CLASSES))
    for row in rows:
        answers = row["answers"]
        assert isinstance(answers, dict)
        counts = [sum(n for status, n in answers.items() if status[0] == each[0]) for each in CLASSES]
        found = [sum(counts), *counts]
        sums = [one + two for one, two in zip(sums, found, strict=True)]
        print(f"{row['role']:<12}{row['operations']:>11}{found[0]:>9}" + "".join(f"{n:>8}" for n in counts))
    print(f"{'all':<12}{'':>11}{sums[0]:>9}" + "".join(f"{n:>8}" for n in sums[1:]))


if __name__ == "__main__":
    sys.exit(main())
