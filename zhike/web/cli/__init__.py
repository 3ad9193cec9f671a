"""The command line. One module here is one command.

A module of this package that has an attribute `command` (a click command) is a command of `zhike`, named like the
module: `doctor.py` is `zhike doctor`, `import_.py` is `zhike import`. Nothing else needs editing. Keep the top of
such a module light: no Django, no models; import those inside the function, under `django_ready()`:

    import click
    from zhike.web.cli.ready import django_ready

    @click.command()
    @click.option("--json", "as_json", is_flag=True)
    def command(as_json: bool) -> None:
        "One line that `zhike --help` shows."
        with django_ready():
            from zhike.cases.queries import open_cases
            ...

`django_ready()` finds the database (DATABASE_URL, or the embedded PostgreSQL of ZHIKE_HOME, started for as long as
the command runs when it is not running yet) and sets Django up.
"""
