"""`zhike handbook check|show|diff|impact|schema|load`: look at handbooks, compare and install them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import click

if TYPE_CHECKING:
    from zhike.handbook.compare import Comparison, FieldChange
    from zhike.handbook.load import Loaded


@click.group()
def command() -> None:
    """Check, show and describe handbooks."""


@command.command()
@click.argument("handbook", required=False)
@click.option("--all", "every", is_flag=True, help="Every handbook at hand.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", help="Language of the findings.")
def check(handbook: str | None, every: bool, as_json: bool, language: str) -> int:
    """Check a handbook by NAME or PATH; all at hand without one. Exit 1 when one is refused."""
    from zhike.handbook import library
    from zhike.handbook.report import check_report

    names = [handbook] if handbook and not every else list(library.names())
    loaded = [_examine(name) for name in names]
    if as_json:
        report = {one.name: check_report(one) for one in loaded}
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
    else:
        for one in loaded:
            _print(one, language)
    return 0 if all(not one.errors and one.book for one in loaded) else 1


@command.command()
@click.argument("handbook", required=False)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def show(handbook: str | None, as_json: bool) -> int:
    """Show the clauses, records, processes and roles of a handbook by NAME or PATH (HANDBOOK without one)."""
    from zhike.handbook.report import show_report
    from zhike.web.cli import environment

    loaded = _examine(handbook or environment.handbook())
    if loaded.book is None:
        _print(loaded, "zh")
        return 1
    report = show_report(loaded.book)
    if as_json:
        click.echo(json.dumps(report, ensure_ascii=False, indent=2))
        return 0
    click.echo(f"{report['name']} {report['version']}  {report['title']['zh']}")
    for clause in report["clauses"]:
        click.echo(f"{clause['id']:<14} {clause['kind']:<10} {clause['cites']:<6} {clause['title']['zh']}")
    return 0


@command.command()
@click.argument("before")
@click.argument("after")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--language", type=click.Choice(["zh", "en"]), default="zh", help="Language of the words.")
def diff(before: str, after: str, as_json: bool, language: str) -> int:
    """Compare two handbooks by NAME or PATH: what was added, removed and changed, clause by clause."""
    from zhike.handbook.compare import compare

    loaded = [_examine(before), _examine(after)]
    for one in loaded:
        if one.errors or one.book is None:
            _print(one, language)
            return 1
    old, new = (one.book for one in loaded)
    assert old is not None
    assert new is not None
    found = compare(old, new)
    click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2) if as_json else told(found, language))
    return 0


@command.command()
@click.argument("handbook")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def impact(handbook: str, as_json: bool) -> int:
    """What a handbook by NAME or PATH would mean for the open work of the running department. Changes nothing."""
    from zhike.web.cli.ready import django_ready

    loaded = _examine(handbook)
    if loaded.errors or loaded.book is None:
        _print(loaded, "zh")
        return 1
    with django_ready():
        from zhike.adoption.actions import newest
        from zhike.adoption.impact import impact as impact_of
        from zhike.handbook.compare import compare
        from zhike.lib import clock
        from zhike.org.handbooks import book_of

        base = newest(loaded.book.name)
        if base is None:
            raise click.ClickException(f"{loaded.book.name} is not installed: there is no open work to look at")
        before = book_of(base.pk)
        found = impact_of(loaded.book.name, before, loaded.book, compare(before, loaded.book), clock.now())
    click.echo(json.dumps(found, ensure_ascii=False, indent=2) if as_json else _impact(found))
    return 0


def _impact(found: dict[str, Any]) -> str:
    """`未结工单 12 (各按原版本办完) ...`, then the limits and roles line by line."""
    judged, deadlines = found["judged"], found["deadlines"]
    lines = [
        f"未结工单 {found['cases']['open']}，各按原版本办完；按新版本会有不同判断的 {judged['cases']}",
        f"正在计的时限 {deadlines['open']}，会变的 {deadlines['moved']}，不再计时的 {deadlines['gone']}",
    ]
    lines += [
        f"  {row['clause']:<12} 推后 {row['later']}，提前 {row['sooner']}，立刻超时 {row['passed']}，"
        f"{row['least']:+g} 至 {row['most']:+g} 分钟"
        for row in deadlines["rows"]
    ]
    lines += [
        f"  {row['process']}/{row['stage']}: {row['open']}  {' '.join([*row['clauses'], *row['actions']])}"
        for row in judged["rows"]
    ]
    lines += [
        f"  {row['title']['zh']}（{row['holders']} 人）+{len(row['gains'])} -{len(row['loses'])}"
        for row in found["roles"]
    ]
    return "\n".join(lines)


@command.command()
@click.option("--reference", is_flag=True, help="The same as Markdown tables, as docs/handbook-format.md has them.")
def schema(reference: bool) -> None:
    """Print the JSON Schema of the format, for editors."""
    from zhike.handbook import reference as tables
    from zhike.handbook.schema import handbook_schema

    click.echo(tables.reference() if reference else json.dumps(handbook_schema(), ensure_ascii=False, indent=2))


@command.command()
@click.argument("handbook")
@click.option(
    "--from",
    "begins",
    type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M"]),
    default=None,
    help="In force from; default now.",
)
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def load(handbook: str, begins: datetime | None, as_json: bool) -> int:
    """Install a handbook by NAME or PATH into the running department. Open cases keep the version they began under."""
    from zhike.web.cli.ready import django_ready

    loaded = _examine(handbook)
    if loaded.errors or loaded.book is None:
        _print(loaded, "zh")
        return 1
    with django_ready():
        from zhike.adoption.actions import ProposalRefused, install_by_hand
        from zhike.adoption.content import Content
        from zhike.lib import clock

        zone = ZoneInfo(loaded.book.handbook.zone)
        now = clock.now()
        try:
            version = install_by_hand(Content(loaded.book), begins.replace(tzinfo=zone) if begins else now, now=now)
        except ProposalRefused as refused:
            raise click.ClickException(refused.words.en) from refused
        known = {
            "name": version.name,
            "version": version.version,
            "effective_from": version.effective_from.isoformat(),
            "id": version.pk,
        }
    click.echo(
        json.dumps(known, ensure_ascii=False)
        if as_json
        else f"{known['name']} {known['version']}  {known['effective_from']}"
    )
    return 0


def told(found: Comparison, language: str) -> str:
    """A comparison as lines: `~ WARN-05 title`, the sentence before and after, then key by key."""
    marks = {"added": "+", "removed": "-", "changed": "~"}
    counts = found.counts
    lines = [
        f"{found.name} {found.before} -> {found.after}: +{counts['added']} -{counts['removed']} ~{counts['changed']}"
    ]
    for _, title, changes in found.parts:
        lines.append(f"\n{title.say(language)}")
        for change in changes:
            lines.append(f"  {marks[change.op]} {change.id}  {change.title.say(language)}")
            if change.before != change.after:
                lines += [f"      - {change.before}"] if change.before else []
                lines += [f"      + {change.after}"] if change.after else []
            if change.op == "changed":
                lines += [f"      {_field(one, language)}" for one in change.fields]
    return "\n".join(lines)


def _field(one: FieldChange, language: str) -> str:
    before, after = (text.say(language) if text is not None else "—" for text in (one.before, one.after))
    return f"{one.label.say(language)}: {before} -> {after}"


def _examine(name: str) -> Loaded:
    from zhike.handbook import library
    from zhike.handbook.load import examine

    try:
        return examine(library.find(name))
    except library.NoSuchHandbook as error:
        raise click.ClickException(str(error)) from error


def _print(loaded: Loaded, language: str) -> None:
    ok = not loaded.errors and loaded.book is not None
    click.echo(
        f"{'ok ' if ok else 'BAD'}  {loaded.name}: {sum(loaded.kinds.values())} clauses, {len(loaded.errors)} errors"
    )
    for problem in (*loaded.errors, *loaded.warnings):
        click.echo(f"  {'' if problem.severity == 'error' else '(warning) '}{problem.say(language)}")
