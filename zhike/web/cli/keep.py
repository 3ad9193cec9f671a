"""`zhike keep`: delete what was kept as long as the handbooks say, at once instead of in the night; or only say what is due."""

from __future__ import annotations

import json

import click

from zhike.web.cli.ready import django_ready


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what is due, and what stands against deleting it.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable answer.")
def command(dry_run: bool, as_json: bool) -> None:
    """Delete the contents of what was kept long enough. Exit 1 when something could not be deleted."""
    with django_ready():
        told = due_now() if dry_run else run_now()
    click.echo(json.dumps(told, ensure_ascii=False) if as_json else "\n".join(lines_of(told)))
    if told.get("failed"):
        raise click.exceptions.Exit(1)


def due_now() -> dict[str, object]:
    from zhike.keeping.due import due_by
    from zhike.keeping.rules import every_rule
    from zhike.lib import clock

    found = [one for rule in every_rule() for one in due_by(rule, clock.now())]
    rows = [
        {"number": one.number, "clause": one.rule.clause, "due_at": one.due_at.isoformat(), "waits": one.waits}
        for one in found
    ]
    return {"due": rows}


def run_now() -> dict[str, object]:
    from zhike.keeping.running import delete_due
    from zhike.lib import clock
    from zhike.org.principals import SYSTEM

    run = delete_due(by=SYSTEM, now=clock.now)
    if run is None:
        return {"busy": True}
    failed = list(run.failures.order_by("pk").values_list("number", flat=True))
    return {"deleted": run.deletions.count(), "failed": failed}


def lines_of(told: dict[str, object]) -> list[str]:
    if "due" in told:
        rows = told["due"]
        assert isinstance(rows, list)
        said = {"": "deleted at the next run", "held": "put off by somebody", "tied": "tied to something open"}
        each = [
            f"{row['number']}  due {row['due_at']}  {row['clause'] or 'by its form'}  {said[row['waits']]}"
            for row in rows
        ]
        return [*each, f"{len(rows)} due"]
    if told.get("busy"):
        return ["Another run is at it."]
    failed = told["failed"]
    assert isinstance(failed, list)
    return [f"{told['deleted']} deleted", *(f"{number} could not be deleted" for number in failed)]
