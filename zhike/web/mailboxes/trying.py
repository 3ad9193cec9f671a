"""Tries a mailbox: signs in at both servers, and says in one line each what happened."""

from __future__ import annotations

import smtplib
from dataclasses import dataclass, replace

from django.utils.translation import gettext

from zhike.channels.email import imap, smtp
from zhike.channels.email.models import Mailbox
from zhike.channels.email.watching import Watch
from zhike.lib.sealed import CannotOpen
from zhike.web.worker.mail import imap_server, smtp_server

PATIENCE = 8.0
"""Seconds for each answer: somebody is waiting."""


@dataclass(frozen=True, slots=True)
class Trial:
    what: str
    ok: bool
    words: str


def trials(row: Mailbox) -> list[Trial]:
    """Fetching, then sending. Nothing is fetched and nothing is sent."""
    return [_reading(row), _sending(row)]


def _reading(row: Mailbox) -> Trial:
    what = gettext("收信（IMAP）")
    try:
        folder = imap.Folder(replace(imap_server(row), timeout=PATIENCE))
    except (imap.ImapFault, OSError, ValueError, CannotOpen) as error:
        return Trial(what, False, imap.said(error))
    idle = gettext("新信会立即收到。") if folder.can_idle else gettext("服务器不支持即时通知，每分钟查看一次。")
    folder.close()
    return Trial(what, True, gettext("登录成功，打开了“%(folder)s”。") % {"folder": row.folder} + idle)


def _sending(row: Mailbox) -> Trial:
    what, watch = gettext("发信（SMTP）"), Watch()
    try:
        line = smtp.connected(replace(smtp_server(row), connect=PATIENCE), watch)
    except (smtplib.SMTPException, OSError, ValueError, CannotOpen) as error:
        return Trial(what, False, smtp.said(error))
    line.close()
    watch.end()
    return Trial(what, True, gettext("连接成功。") if not row.smtp_user else gettext("登录成功。"))
