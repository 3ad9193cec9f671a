"""`zhike rescue USERNAME`: let somebody in again who cannot get in, above all the only administrator."""

from __future__ import annotations

import click

from zhike.web.cli import environment
from zhike.web.cli.ready import django_ready


@click.command()
@click.argument("username")
@click.option("--remove-second-factor", is_flag=True, help="The telephone and the recovery codes are gone.")
@click.option("--administrator", is_flag=True, help="Give the right to administer as well, and enable the account.")
@click.option("--add", "name", metavar="NAME", default="", help="Add the person first, by this name.")
@click.option("--at", "address", metavar="URL", default="", help="Where people reach the product; else this machine.")
def command(username: str, remove_second_factor: bool, administrator: bool, name: str, address: str) -> None:
    """Make a link with which USERNAME sets a password, and lift the lock after too many tries.

    Whoever may run this has the data anyway; what it does is written to the journal as the system's.
    """
    with django_ready():
        from zhike.org.actions import OrgRefused
        from zhike.web.credentials.rescue import NoSuchPerson, rescue

        try:
            path = rescue(username, remove_second_factor=remove_second_factor, administrator=administrator, name=name)
        except NoSuchPerson as error:
            raise click.ClickException(f"nobody is called {username!r}; --add NAME adds the person") from error
        except OrgRefused as refused:
            words = "; ".join(text.en or text.zh for text in refused.problems.values())
            raise click.ClickException(words) from refused
    click.echo(f"{address.rstrip('/') or f'http://localhost:{environment.port()}'}{path}")
    click.echo("It works once. Open it on the machine of the person it is for.", err=True)
