"""What a token may be for, and which door each scope opens."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext

CASES_READ = "cases:read"
CASES_WRITE = "cases:write"
CUSTOMERS_READ = "customers:read"
CUSTOMERS_WRITE = "customers:write"
HANDBOOK_READ = "handbook:read"
JOURNAL_READ = "journal:read"
NOTICES_READ = "notices:read"
WEBHOOKS_READ = "webhooks:read"
WEBHOOKS_WRITE = "webhooks:write"
SCOPES = (
    CASES_READ, CASES_WRITE, CUSTOMERS_READ, CUSTOMERS_WRITE, HANDBOOK_READ, JOURNAL_READ, NOTICES_READ, WEBHOOKS_READ,
    WEBHOOKS_WRITE,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route: the scope the token needs ("" none), and the page that shows or does the same.

    The token's owner must be allowed to open that page (web/permissions.py), so a token never discloses more.
    """

    scope: str
    page: str


DOORS: dict[tuple[str, str], Door] = {
    ("api:me", "GET"): Door("", "notices_page:show"),
    ("api:handbooks", "GET"): Door(HANDBOOK_READ, "handbook_page:list"),
    ("api:handbook", "GET"): Door(HANDBOOK_READ, "handbook_page:show"),
    ("api:handbook_versions", "GET"): Door(HANDBOOK_READ, "handbook_page:show"),
    ("api:handbook_parameters", "GET"): Door(HANDBOOK_READ, "handbook_page:show"),
    ("api:ledger", "GET"): Door(JOURNAL_READ, "handbook_page:uses"),
    ("api:cases", "GET"): Door(CASES_READ, "case_list:show"),
    ("api:cases", "POST"): Door(CASES_WRITE, "desk:open"),
    ("api:case", "GET"): Door(CASES_READ, "case_page:show"),
    ("api:timeline", "GET"): Door(CASES_READ, "case_page:timeline"),
    ("api:act", "POST"): Door(CASES_WRITE, "case_page:act"),
    ("api:consents", "GET"): Door(CASES_READ, "approvals:show"),
    ("api:consent", "POST"): Door(CASES_WRITE, "approvals:decide"),
    ("api:withdraw_consent", "POST"): Door(CASES_WRITE, "approvals:withdraw"),
    ("api:notes", "POST"): Door(CASES_WRITE, "case_page:note"),
    ("api:attachments", "POST"): Door(CASES_WRITE, "case_page:note"),
    ("api:case_attachments", "POST"): Door(CASES_WRITE, "case_page:note"),
    ("api:attachment", "GET"): Door(CASES_READ, "case_page:file"),
    ("api:links", "GET"): Door(CASES_READ, "case_page:show"),
    ("api:links", "POST"): Door(CASES_WRITE, "case_page:links"),
    ("api:end_link", "POST"): Door(CASES_WRITE, "case_page:unlink"),
    ("api:follow", "POST"): Door(CASES_WRITE, "case_page:follow"),
    ("api:merge", "POST"): Door(CASES_WRITE, "case_page:merge"),
    ("api:unmerge", "POST"): Door(CASES_WRITE, "case_page:unmerge"),
    ("api:undo", "POST"): Door(CASES_WRITE, "case_page:undo"),
    ("api:clocks", "GET"): Door(CASES_READ, "case_page:show"),
    ("api:customers", "GET"): Door(CUSTOMERS_READ, "case_page:show"),
    ("api:customer", "GET"): Door(CUSTOMERS_READ, "case_page:show"),
    ("api:customer_card", "POST"): Door(CUSTOMERS_WRITE, "customers:card"),
    ("api:notices", "GET"): Door(NOTICES_READ, "notices_page:show"),
    ("api:webhooks", "GET"): Door(WEBHOOKS_READ, "webhooks:list"),
    ("api:webhooks", "POST"): Door(WEBHOOKS_WRITE, "webhooks:new"),
    ("api:webhook", "GET"): Door(WEBHOOKS_READ, "webhooks:show"),
    ("api:webhook", "POST"): Door(WEBHOOKS_WRITE, "webhooks:edit"),
    ("api:webhook_secret", "POST"): Door(WEBHOOKS_WRITE, "webhooks:secret"),
    ("api:webhook_pause", "POST"): Door(WEBHOOKS_WRITE, "webhooks:pause"),
    ("api:webhook_resume", "POST"): Door(WEBHOOKS_WRITE, "webhooks:resume"),
    ("api:webhook_ping", "POST"): Door(WEBHOOKS_WRITE, "webhooks:ping"),
    ("api:webhook_replay", "POST"): Door(WEBHOOKS_WRITE, "webhooks:replay"),
    ("api:webhook_remove", "POST"): Door(WEBHOOKS_WRITE, "webhooks:remove"),
    ("api:webhook_deliveries", "GET"): Door(WEBHOOKS_READ, "webhooks:show"),
    ("api:webhook_delivery", "GET"): Door(WEBHOOKS_READ, "webhooks:delivery"),
}
"""(route, method) -> its door. A route of the API that is not here is refused and fails a test."""


def scope_words() -> list[tuple[str, str]]:
    """(scope, what it lets a program do) for the page on which tokens are made."""
    return [
        (CASES_READ, gettext("读取工单、时限和附件")),
        (CASES_WRITE, gettext("建单、办理、备注、关联、合并、上传附件")),
        (CUSTOMERS_READ, gettext("查找顾客（联系方式打码）")),
        (CUSTOMERS_WRITE, gettext("填写顾客资料（制度自己的字段）")),
        (HANDBOOK_READ, gettext("读取制度、流程和表单")),
        (JOURNAL_READ, gettext("读取条款台账")),
        (NOTICES_READ, gettext("读取通知")),
        (WEBHOOKS_READ, gettext("读取事件推送和投递记录（管理员）")),
        (WEBHOOKS_WRITE, gettext("新建、修改、重发事件推送（管理员）")),
    ]
