"""`zhike export customers FILE`: write customers to an Excel or CSV file."""

from __future__ import annotations

from pathlib import Path

import click

from zhike.web.cli.ready import django_ready


@click.group()
def command() -> None:
    """Write data to files."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--as", "username", required=True, help="On whose behalf: what he may not see is not written.")
@click.option("--kind", default="", type=click.Choice(["", "person", "company"]))
@click.option("--tier", default="")
@click.option("--tag", default="")
@click.option("--in-full", is_flag=True, help="Numbers unmasked; only reviewers, with --purpose.")
@click.option("--purpose", default="", help="What the full numbers are needed for; it is written down.")
def customers(file: Path, username: str, kind: str, tier: str, tag: str, in_full: bool, purpose: str) -> None:
    """Export customers to FILE (.xlsx or .csv). Logged, with a watermark line."""
    if file.suffix not in {".xlsx", ".csv"}:
        raise click.ClickException("FILE ends in .xlsx or .csv")
    with django_ready():
        from zhike.customers.access import may_see_customers
        from zhike.customers.exporting import export_customers
        from zhike.customers.profile import CustomerRefused
        from zhike.customers.queries import Asked
        from zhike.lib import clock
        from zhike.org.handbooks import viewer
        from zhike.org.models import Staff

        person = Staff.objects.filter(username=username).first()
        if person is None or not may_see_customers(viewer(person)):
            raise click.ClickException(f"Nobody called {username!r} may see customers")
        asked = Asked(kind=kind, tier=tier, tag=tag)
        try:
            count = export_customers(viewer(person), asked, file, now=clock.now(), in_full=in_full, purpose=purpose)
        except CustomerRefused as error:
            raise click.ClickException(str(error)) from error
    click.echo(f"{count:,} customers")
