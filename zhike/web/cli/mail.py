"""`zhike mail`: mails of all mailboxes are fetched and sent. The worker starts it by itself while there is a mailbox."""

from __future__ import annotations

import signal
import threading

import click

from zhike.web.cli.ready import django_ready, refuse_half_restored


@click.command()
def command() -> None:
    """Fetch and send mails until stopped."""
    refuse_half_restored()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with django_ready():
        from zhike.web.worker import keep_own_connections, mail

        keep_own_connections()
        mail.work(stop)
