"""`zhike rehearse`: run a handbook's scenarios against the real engine on a virtual clock."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zhike.web.cli import environment
from zhike.web.cli.scratch import scratch_database

if TYPE_CHECKING:
    from zhike.rehearsal.runner import Report


@click.command()
@click.argument("handbook", required=False)
@click.option("--all", "every", is_flag=True, help="Every handbook at hand.")
@click.option("--feature", default=None, help="Only this .feature file, by name or path.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--steps", "list_steps", is_flag=True, help="List every step a scenario may be written with.")
@click.option("--progress", is_flag=True, help="Say `done/all` line by line on the error stream, for programs.")
def command(
    handbook: str | None, every: bool, feature: str | None, as_json: bool, progress: bool, list_steps: bool
) -> int:
    """Rehearse a handbook by NAME or PATH (HANDBOOK without one). Exit 0 only when nothing failed."""
    if list_steps:
        return show_steps()
    folders = find(handbook, every)
    refused = check(folders, as_json)
    if refused:
        return 1
    with scratch_database("rehearsal"):
        reports = [rehearse_one(folder, feature, show=not as_json, lines=progress) for folder in folders]
    if as_json:
        click.echo(json.dumps({r.name: r.as_json() for r in reports}, ensure_ascii=False, indent=2))
    else:
        for report in reports:
            print_report(report)
    return 1 if any(report.failures for report in reports) else 0


def show_steps() -> int:
    """The whole vocabulary; no database is asked."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "zhike.settings")
    os.environ.setdefault("DATABASE_URL", "postgresql://127.0.0.1/none")
    import django

    django.setup()
    from zhike.rehearsal import steps
    from zhike.rehearsal.vocabulary import listed

    _ = steps  # registered by being imported
    for shown in listed():
        click.echo(shown)
    return 0


def find(handbook: str | None, every: bool) -> list[Path]:
    from zhike.handbook import library

    try:
        return [library.find(name) for name in (library.names() if every else [handbook or environment.handbook()])]
    except library.NoSuchHandbook as error:
        raise click.ClickException(str(error)) from error


def check(folders: list[Path], as_json: bool) -> bool:
    """Whether one of the handbooks is refused; says why, before a database is made for nothing."""
    from zhike.handbook.load import examine
    from zhike.handbook.report import check_report

    bad = [loaded for loaded in map(examine, folders) if loaded.errors or loaded.book is None]
    if bad and as_json:
        click.echo(json.dumps({one.name: check_report(one) for one in bad}, ensure_ascii=False, indent=2))
    for one in bad if not as_json else ():
        click.echo(f"{one.name} is refused:", err=True)
        for problem in one.errors:
            where = f"{problem.file}:{problem.line} {problem.clause}".rstrip()
            click.echo(f"  {where}  {problem.message.zh}{problem.remedy.zh}", err=True)
    return bool(bad)


def rehearse_one(folder: Path, feature: str | None, *, show: bool, lines: bool = False) -> Report:
    from zhike.rehearsal.features import BadFeature
    from zhike.rehearsal.runner import rehearse

    def tick(done: int, total: int) -> None:
        if lines:
            click.echo(f"{done}/{total}", err=True)
        elif show and sys.stderr.isatty():
            click.echo(f"\r{folder.name}: {done}/{total}", nl=done == total, err=True)

    try:
        return rehearse(folder, feature, tick)
    except BadFeature as bad:
        raise click.ClickException(str(bad)) from bad
    except FileNotFoundError as missing:
        raise click.ClickException(f"there is no feature {missing}") from missing


def print_report(report: Report) -> None:
    for failure in report.failures:
        click.echo(f"✗ {failure.scenario}  ({failure.file}:{failure.line}:{failure.column})")
        click.echo(f"    {failure.step}")
        click.echo(f"    {failure.because}" + (f"  [{failure.clause}]" if failure.clause else ""))
    clauses = report.as_json()["clauses"]
    assert isinstance(clauses, dict)
    click.echo(
        f"{report.name}: 通过 {report.passed}，失败 {len(report.failures)}；条款 {clauses['exercised']}/{clauses['total']} 用到"
    )
    if report.passed + len(report.failures) == 0:
        click.echo("  没有一个场景：在制度的 scenarios 文件夹里写 .feature 文件，写法见 docs/scenario-steps.md")
    if report.unexercised and report.failures:
        click.echo(f"  {len(report.failures)} 个场景失败，下面的条款可能因此没有走到")
    for clause in report.unexercised:
        click.echo(f"  没有用到 {clause}：{report.why.get(clause, '')}")
