"""Every address of the product. An area that is not installed yet leaves its addresses out."""

from __future__ import annotations

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path

from zhike.web.desk.home import home
from zhike.web.sign_in.language import choose_language

AREAS = (
    ("", "sign_in"),
    ("account", "account"),
    ("desk", "desk"),
    ("conversations", "workbench"),
    ("floor", "floor"),
    ("skills", "skills"),
    ("cases", "case_list"),
    ("cases", "hand_over"),
    ("cases", "case_page"),
    ("cases", "case_print"),
    ("customers", "customers"),
    ("board", "board"),
    ("notices", "notices_page"),
    ("away", "away"),
    ("approvals", "approvals"),
    ("presence", "presence"),
    ("attendance", "attendance"),
    ("style", "style_page"),
    ("shortcuts", "shortcuts"),
    ("handbook", "handbook_page"),
    ("figures", "figures"),
    ("lookup", "lookup"),
    ("administration/tokens", "api_tokens"),
    ("administration/webhooks", "webhooks"),
    ("administration/messages", "messaging"),
    ("administration", "credentials"),
    ("administration/handbooks", "handbook_admin"),
    ("administration/backups", "backup"),
    ("administration/kept", "keeping"),
    ("administration/journal", "audit"),
    ("administration", "administration"),
    ("mail", "mailboxes"),
    ("portal", "portal"),
    ("chat", "webchat"),
    ("demo", "demo"),
    ("administration/inboxes", "inboxes"),
    ("welcome", "welcome"),
    ("", "sandbox"),
    ("", "first_run"),
    ("", "health"),
    ("api/", "api"),
    ("callbacks", "callbacks"),
)
"""(prefix, package of zhike.web): the package's `urls.py` is included, with `app_name` as its namespace."""


def areas() -> list[URLResolver]:
    """The areas that are there; each address begins with its prefix and a slash of its own."""
    found = []
    for prefix, name in AREAS:
        module = f"zhike.web.{name}.urls"
        if find_spec(f"zhike.web.{name}") and find_spec(module):
            found.append(path(prefix, include(module)))
    return found


handler400 = "zhike.web.base.errors.unreadable"
handler500 = "zhike.web.base.outage.failed"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("language", choose_language, name="language"),
    *areas(),
]
