"""`zhike bench`: how fast the product is, beside what bare PostgreSQL does in the same rounds."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Protocol

import click

from zhike.web.bench.report import Report, Say, table

BENCHES = (
    "cases", "api", "list", "clocks", "live", "handbook", "customers", "import", "routing", "mail", "chat", "fanout", "restore",
)  # fmt: skip
OTHERWISE_CALLED = {"list": "lists", "import": "incoming", "restore": "restoring"}
"""Benches whose module has another name."""
ROWS = {"import": 100_000, "restore": 100_000}
"""Lines of the file that is imported, cases that are restored, unless said otherwise; of everything else a million."""


class Bench(Protocol):
    def __call__(
        self, rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool, keep: bool, **more: int
    ) -> Report: ...


@click.command()
@click.argument("name", type=click.Choice(BENCHES))
@click.option(
    "--rows", default=0, help="Cases, customers or lines; 1,000,000 unless said otherwise, import and restore 100,000."
)
@click.option("--rounds", default=3, show_default=True, help="Interleaved rounds of ours and the raw figure.")
@click.option("--seconds", default=5.0, show_default=True, help="Length of a measurement in a round.")
@click.option("--fresh", is_flag=True, help="Fill the database anew.")
@click.option("--keep/--drop", default=True, show_default=True, help="Keep the filled database for the next run.")
@click.option("--kills", default=0, help="Only import: one more, killed so often at random moments.")
@click.option("--rate", default=0, help="Only chat: messages a second, that rate alone.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(
    name: str, rows: int, rounds: int, seconds: float, fresh: bool, keep: bool, kills: int, rate: int, as_json: bool
) -> int:
    """Measure NAME. Exit 0 only when every bar is met and every answer was right."""

    def say(words: str) -> None:
        click.echo(words, err=True)

    bench: Bench = importlib.import_module(f"zhike.web.bench.{OTHERWISE_CALLED.get(name, name)}").bench
    more = {"import": {"kills": kills}, "chat": {"rate": rate}}.get(name, {})
    rows = rows or ROWS.get(name, 1_000_000)
    report = bench(rows, rounds, seconds, say, fresh=fresh, keep=keep, **more)
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else table(report))
    sys.stdout.flush()
    return 0 if report.ok else 1
