"""`zhike`: finds its commands in the modules beside this file."""

from __future__ import annotations

import importlib
import pkgutil
import sys

import click

import zhike
import zhike.web.cli
from zhike.web.cli.environment import BadEnvironment


class Commands(click.Group):
    """Commands found by name, so that starting one imports no other."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        names = (module.name for module in pkgutil.iter_modules(zhike.web.cli.__path__))
        return sorted(name.rstrip("_").replace("_", "-") for name in names if find(name) is not None)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        name = cmd_name.replace("-", "_")
        return find(name) or find(f"{name}_")


def find(module_name: str) -> click.Command | None:
    """The command of a module of this package, if there is such a module and it has one."""
    path = f"{zhike.web.cli.__name__}.{module_name}"
    try:
        module = importlib.import_module(path)
    except ModuleNotFoundError as error:
        if error.name == path:
            return None
        raise
    command = getattr(module, "command", None)
    return command if isinstance(command, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(zhike.__version__, prog_name="zhike")
def zhike_command() -> None:
    """Zhike 知客: run a customer-service department from its handbook."""


def main() -> int:
    """Entry of the console script; expected errors are one line, not a traceback."""
    from zhike.web.cli.postgres import PostgresError

    try:
        result = zhike_command.main(prog_name="zhike", standalone_mode=False)
    except click.exceptions.Abort:
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (BadEnvironment, PostgresError) as error:
        click.echo(f"zhike: {error}", err=True)
        return 1
    return result if isinstance(result, int) else 0


if __name__ == "__main__":
    sys.exit(main())
