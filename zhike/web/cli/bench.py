"""`zhike bench`: how fast the product is, beside what bare PostgreSQL does in the same rounds."""

from __future__ import annotations

import importlib
import json
import sys
from typing import Protocol

import click

from zhike.web.bench.report import Report, Say, table

BENCHES = ("cases", "list", "clocks", "live", "handbook")
MODULES = {name: f"zhike.web.bench.{'lists' if name == 'list' else name}" for name in BENCHES}


class Bench(Protocol):
    def __call__(self, rows: int, rounds: int, seconds: float, say: Say, *, fresh: bool, keep: bool) -> Report: ...


@click.command()
@click.argument("name", type=click.Choice(BENCHES))
@click.option("--rows", default=1_000_000, show_default=True, help="Cases in the database that is measured on.")
@click.option("--rounds", default=3, show_default=True, help="Interleaved rounds of ours and the raw figure.")
@click.option("--seconds", default=5.0, show_default=True, help="Length of a measurement in a round.")
@click.option("--fresh", is_flag=True, help="Fill the database anew.")
@click.option("--keep/--drop", default=True, show_default=True, help="Keep the filled database for the next run.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(name: str, rows: int, rounds: int, seconds: float, fresh: bool, keep: bool, as_json: bool) -> int:
    """Measure NAME: cases, list, clocks, live or handbook. Exit 0 only when every bar is met and every answer was right."""

    def say(words: str) -> None:
        click.echo(words, err=True)

    bench: Bench = importlib.import_module(MODULES[name]).bench
    report = bench(rows, rounds, seconds, say, fresh=fresh, keep=keep)
    click.echo(json.dumps(report.as_json(), ensure_ascii=False) if as_json else table(report))
    sys.stdout.flush()
    return 0 if report.ok else 1
