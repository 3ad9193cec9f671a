"""Who may open which route. A route that is not in this table is refused at run time and fails a test.

One row a route name: who may come, and with which methods. Who may come is one or more of

    anyone       whether signed in or not (customers, visitors)
    signed_in    any active member of staff; the view's own gate decides about the object
    conversations
                 staff with a role that answers a queue of a handbook, or one above it
    desk, board, floor, cases, customers, handbook, lookup, approvals, quality, reports, administration
                 staff with a role that opens that screen
    admin        administrators
    sandbox      anyone, but only while the product runs in its sandbox
    visitor      nobody by signing in: whoever writes in a web chat, from a site of its inbox (web/webchat/doors.py)
    token        nobody by signing in: the API asks for a token, its scope and its owner's rights (web/api/scopes.py)

An object's own gate (`cases.access` and its like) comes after this table, never instead of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from django.conf import settings

from zhike.org.principals import Viewer

Who = Literal[
    "anyone", "signed_in", "admin", "sandbox", "token", "visitor",
    "desk", "board", "floor", "cases", "customers", "handbook", "lookup", "approvals", "quality", "reports",
    "administration", "conversations",
]  # fmt: skip
READ = frozenset({"GET", "HEAD"})
WRITE = frozenset({"POST"})
BOTH = READ | WRITE


@dataclass(frozen=True, slots=True)
class Row:
    """Who may open a route, and with which methods."""

    who: tuple[Who, ...]
    methods: frozenset[str]


def _row(*who: Who, methods: frozenset[str] = READ) -> Row:
    return Row(who, methods)


PERMISSIONS: dict[str, Row] = {
    # frame
    "home": _row("anyone"),
    "language": _row("anyone", methods=WRITE),
    "style_page:show": _row("admin", "sandbox"),
    "shortcuts:show": _row("signed_in"),
    # sign-in
    "sign_in:sign_in": _row("anyone", methods=BOTH),
    "sign_in:sign_out": _row("anyone", methods=WRITE),
    # between password and second factor: only a session whose password was right sees more than the way back
    "sign_in:code": _row("anyone", methods=BOTH),
    "sign_in:set_up": _row("anyone", methods=BOTH),
    # a password set with a link
    "sign_in:link": _row("anyone", methods=BOTH),
    # one's own account: no address names anybody
    "account:show": _row("signed_in"),
    "account:password": _row("signed_in", methods=WRITE),
    "account:factor": _row("signed_in", methods=BOTH),
    "account:factor_begin": _row("signed_in", methods=WRITE),
    "account:factor_remove": _row("signed_in", methods=WRITE),
    "account:codes": _row("signed_in", methods=WRITE),
    "account:end": _row("signed_in", methods=WRITE),
    # how others sign in
    "credentials:rules": _row("admin", methods=BOTH),
    "credentials:person": _row("admin"),
    "credentials:link": _row("admin", methods=WRITE),
    "credentials:revoke": _row("admin", methods=WRITE),
    "credentials:end": _row("admin", methods=WRITE),
    "credentials:remove_factor": _row("admin", methods=WRITE),
    "credentials:unlock": _row("admin", methods=WRITE),
    # desk
    "desk:show": _row("desk"),
    "desk:mine": _row("desk"),
    "desk:new": _row("desk"),
    "desk:open": _row("desk", methods=BOTH),
    # conversations: which one, and what may be done in it, is decided by conversations.access and conversations.rights
    "workbench:show": _row("conversations"),
    "workbench:list": _row("conversations"),
    "workbench:rows": _row("conversations"),
    "workbench:new": _row("conversations", methods=BOTH),
    "workbench:ended": _row("conversations"),
    "workbench:replies": _row("conversations", methods=BOTH),
    "workbench:reply": _row("conversations", methods=BOTH),
    "workbench:upload": _row("conversations", methods=WRITE),
    "workbench:one": _row("conversations"),
    "workbench:head": _row("conversations"),
    "workbench:hints": _row("conversations"),
    "workbench:beside": _row("conversations"),
    "workbench:tail": _row("conversations"),
    "workbench:earlier": _row("conversations"),
    "workbench:say": _row("conversations", methods=WRITE),
    "workbench:read": _row("conversations", methods=WRITE),
    "workbench:trail": _row("conversations"),
    "workbench:typing": _row("conversations", methods=WRITE),
    "workbench:cover": _row("conversations", methods=WRITE),
    "workbench:forms": _row("conversations"),
    "workbench:form": _row("conversations", methods=BOTH),
    "workbench:offered": _row("conversations"),
    "workbench:message": _row("conversations", methods=BOTH),
    "workbench:file": _row("conversations"),
    "workbench:accept": _row("conversations", methods=WRITE),
    "workbench:decline": _row("conversations", methods=WRITE),
    "workbench:transfer": _row("conversations", methods=BOTH),
    "workbench:invite": _row("conversations", methods=BOTH),
    "workbench:identify": _row("conversations", methods=BOTH),
    "workbench:close": _row("conversations", methods=BOTH),
    "workbench:case": _row("conversations"),
    "workbench:open_case": _row("conversations", methods=BOTH),
    "workbench:whisper": _row("board", "floor", methods=BOTH),
    "workbench:take_over": _row("board", "floor", methods=WRITE),
    "workbench:assign": _row("board", "floor", methods=BOTH),
    # the floor: whose queues, is decided by the roles above them
    "floor:show": _row("board", "floor"),
    "floor:now": _row("board", "floor"),
    # what agents can do: whose, is decided by conversations.aptitudes
    "skills:show": _row("signed_in"),
    "skills:person": _row("signed_in", methods=BOTH),
    # cases: which case is decided by cases.access
    "case_list:show": _row("cases"),
    "case_list:board": _row("cases"),
    "case_list:cards": _row("cases"),
    "case_list:move": _row("cases"),
    "case_list:bulk": _row("cases", methods=BOTH),
    # exports: who may ask, agree and fetch is decided by cases.exporting
    "case_list:exports": _row("signed_in", methods=BOTH),
    "case_list:export": _row("signed_in", methods=WRITE),
    "case_list:download": _row("signed_in"),
    "case_list:views": _row("cases", methods=BOTH),
    "case_list:counts": _row("cases"),
    "case_list:view": _row("cases", methods=WRITE),
    # consents: whose turn it is, and whose request, is decided by cases.asking
    "approvals:show": _row("signed_in"),
    "approvals:exemptions": _row("signed_in"),
    "approvals:decide_exemption": _row("signed_in", methods=WRITE),
    "approvals:ask_exemption": _row("signed_in", methods=WRITE),
    "approvals:revoke_exemption": _row("signed_in", methods=WRITE),
    "approvals:decide": _row("signed_in", methods=WRITE),
    "approvals:withdraw": _row("signed_in", methods=WRITE),
    "case_page:show": _row("signed_in"),
    "hand_over:hand_over": _row("signed_in", methods=BOTH),
    "case_page:live": _row("signed_in"),
    "case_page:timeline": _row("signed_in"),
    "case_page:beside": _row("signed_in"),
    "case_page:act": _row("signed_in", methods=BOTH),
    "case_page:note": _row("signed_in", methods=WRITE),
    "case_page:phone": _row("signed_in", methods=WRITE),
    "case_page:file": _row("signed_in"),
    "case_page:people": _row("signed_in"),
    "case_page:follow": _row("signed_in", methods=WRITE),
    "case_page:hold": _row("signed_in", methods=BOTH),
    "case_page:links": _row("signed_in", methods=BOTH),
    "case_page:unlink": _row("signed_in", methods=WRITE),
    "case_page:merge": _row("signed_in", methods=BOTH),
    "case_page:unmerge": _row("signed_in", methods=WRITE),
    "case_page:split": _row("signed_in", methods=BOTH),
    "case_page:undo": _row("signed_in", methods=WRITE),
    "case_print:show": _row("signed_in"),
    # the archive of customers: which one, and how much of him, is decided by customers.access
    "customers:show": _row("customers"),
    "customers:new": _row("customers", methods=BOTH),
    "customers:hints": _row("customers", methods=WRITE),
    "customers:page": _row("customers"),
    "customers:edit": _row("customers", methods=BOTH),
    "customers:contact": _row("customers", methods=WRITE),
    "customers:identifier": _row("customers", methods=WRITE),
    "customers:relation": _row("customers", methods=WRITE),
    "customers:consent": _row("customers", methods=WRITE),
    "customers:unmask": _row("customers", methods=WRITE),
    "customers:card": _row("customers", methods=BOTH),
    "customers:merge": _row("customers", methods=BOTH),
    "customers:undo": _row("customers", methods=WRITE),
    "customers:export": _row("customers", methods=WRITE),
    "customers:imports": _row("customers", methods=BOTH),
    "customers:import": _row("customers", methods=BOTH),
    "customers:faults": _row("customers"),
    # supervisor
    # what the handbook measures, over what the reader may see
    "figures:show": _row("reports"),
    "figures:behind": _row("reports"),
    "figures:export": _row("reports", methods=WRITE),
    # whose place somebody sees, and who puts equals in order, is said by the clause (handbook/ranks.py)
    "figures:ranks": _row("signed_in"),
    "figures:decide": _row("signed_in", methods=WRITE),
    "board:show": _row("board"),
    "board:lanes": _row("board"),
    # notices
    "notices_page:show": _row("signed_in"),
    "notices_page:bell": _row("signed_in"),
    "notices_page:read": _row("signed_in", methods=WRITE),
    "notices_page:again": _row("signed_in", methods=WRITE),
    # being away: whose absence is decided by org.substitution
    "away:show": _row("signed_in", methods=BOTH),
    "away:end": _row("signed_in", methods=WRITE),
    # attendance: whose month, whose shifts and whose request is decided by org.attendance and org.shift_requests
    "attendance:show": _row("signed_in"),
    "attendance:mine": _row("signed_in"),
    "attendance:leave": _row("signed_in", methods=WRITE),
    "attendance:swap": _row("signed_in", methods=WRITE),
    "attendance:requests": _row("signed_in"),
    "attendance:answer": _row("signed_in", methods=WRITE),
    "attendance:person": _row("signed_in"),
    "attendance:weeks": _row("signed_in", methods=WRITE),
    "attendance:day": _row("signed_in", methods=WRITE),
    "attendance:shifts": _row("signed_in", methods=BOTH),
    "attendance:import": _row("signed_in", methods=BOTH),
    # one's own presence: no address names anybody
    "presence:control": _row("signed_in"),
    "presence:enter": _row("signed_in", methods=WRITE),
    "presence:beat": _row("signed_in", methods=WRITE),
    # handbook browser: 依据 links lead to a clause from every page
    "handbook_page:list": _row("handbook"),
    "handbook_page:show": _row("handbook"),
    "handbook_page:clause": _row("signed_in"),
    "handbook_page:uses": _row("handbook"),
    # which change, is decided by adoption.access
    "handbook_page:changes": _row("signed_in", methods=BOTH),
    # enquiry directory
    "lookup:show": _row("lookup"),
    "lookup:answer": _row("lookup"),
    "lookup:missing": _row("lookup", methods=WRITE),
    # administration
    "administration:index": _row("admin"),
    "administration:staff": _row("admin"),
    "administration:add_staff": _row("admin", methods=BOTH),
    "administration:edit_staff": _row("admin", methods=BOTH),
    "administration:switch_staff": _row("admin", methods=WRITE),
    "administration:leave": _row("admin", methods=BOTH),
    "administration:return": _row("admin", methods=WRITE),
    "administration:assign": _row("admin", methods=WRITE),
    "administration:withdraw": _row("admin", methods=WRITE),
    "administration:departments": _row("admin"),
    "administration:add_department": _row("admin", methods=BOTH),
    "administration:edit_department": _row("admin", methods=BOTH),
    "administration:move_department": _row("admin", methods=BOTH),
    "administration:retire_department": _row("admin", methods=BOTH),
    "administration:switch_department": _row("admin", methods=WRITE),
    "handbook_admin:list": _row("admin"),
    "handbook_admin:upload": _row("admin", methods=WRITE),
    "handbook_admin:shipped": _row("admin", methods=WRITE),
    "handbook_admin:restore": _row("admin", methods=WRITE),
    "handbook_admin:compare": _row("admin"),
    "handbook_admin:proposal": _row("admin"),
    "handbook_admin:preview": _row("admin"),
    "handbook_admin:readers": _row("admin"),
    "handbook_admin:decide": _row("admin", methods=WRITE),
    "handbook_admin:parameters": _row("admin"),
    "handbook_admin:parameter": _row("admin", methods=BOTH),
    "handbook_admin:days_off": _row("admin"),
    "handbook_admin:year": _row("admin", methods=BOTH),
    # short messages and WeChat: templates are written and approved by those who lead as well; the picker asks conversations.access
    "messaging:outbox": _row("admin"),
    "messaging:message": _row("admin"),
    "messaging:again": _row("admin", methods=WRITE),
    "messaging:play": _row("admin", methods=WRITE),
    "messaging:templates": _row("admin", "board"),
    "messaging:new_template": _row("admin", "board", methods=BOTH),
    "messaging:template": _row("admin", "board"),
    "messaging:edit_template": _row("admin", "board", methods=BOTH),
    "messaging:decide": _row("admin", "board", methods=WRITE),
    "messaging:test": _row("admin", "board", methods=WRITE),
    "messaging:unwanted": _row("admin", "board", methods=BOTH),
    "messaging:end_unwanted": _row("admin", "board", methods=WRITE),
    "messaging:gateways": _row("admin"),
    "messaging:new_gateway": _row("admin", methods=BOTH),
    "messaging:gateway": _row("admin", methods=BOTH),
    "messaging:switch_gateway": _row("admin", methods=WRITE),
    "messaging:reply_template": _row("admin", methods=WRITE),
    "messaging:new_account": _row("admin", methods=BOTH),
    "messaging:account": _row("admin", methods=BOTH),
    "messaging:switch_account": _row("admin", methods=WRITE),
    "messaging:check_account": _row("admin", methods=WRITE),
    "messaging:picker": _row("signed_in", methods=BOTH),
    # the journal; reviews are also those of whoever answers for the archive, see audit.access
    "audit:show": _row("admin"),
    "audit:export": _row("admin", methods=WRITE),
    "audit:chain": _row("admin", methods=BOTH),
    "audit:reviews": _row("admin", "customers"),
    "audit:review": _row("admin", "customers", methods=WRITE),
    "backup:show": _row("admin"),
    "backup:plan": _row("admin", methods=WRITE),
    "backup:now": _row("admin", methods=WRITE),
    "keeping:show": _row("admin"),
    "keeping:now": _row("admin", methods=WRITE),
    # directories: who keeps which one is decided by records.access
    "administration:directories": _row("signed_in"),
    "administration:directory": _row("signed_in"),
    "administration:add_row": _row("signed_in", methods=BOTH),
    "administration:edit_row": _row("signed_in", methods=BOTH),
    "administration:switch_row": _row("signed_in", methods=WRITE),
    # tokens of the API
    "api_tokens:list": _row("admin", methods=BOTH),
    "api_tokens:revoke": _row("admin", methods=WRITE),
    # inboxes of the web chat
    "inboxes:list": _row("admin"),
    "inboxes:new": _row("admin", methods=BOTH),
    "inboxes:show": _row("admin"),
    "inboxes:edit": _row("admin", methods=BOTH),
    "inboxes:question": _row("admin", methods=BOTH),
    "inboxes:switch": _row("admin", methods=WRITE),
    "inboxes:secret": _row("admin", methods=WRITE),
    # webhooks
    "webhooks:list": _row("admin"),
    "webhooks:new": _row("admin", methods=BOTH),
    "webhooks:show": _row("admin"),
    "webhooks:edit": _row("admin", methods=BOTH),
    "webhooks:secret": _row("admin", methods=WRITE),
    "webhooks:delivery": _row("admin"),
    "webhooks:ping": _row("admin", methods=WRITE),
    "webhooks:pause": _row("admin", methods=WRITE),
    "webhooks:resume": _row("admin", methods=WRITE),
    "webhooks:remove": _row("admin", methods=WRITE),
    "webhooks:replay": _row("admin", methods=WRITE),
    "webhooks:skip": _row("admin", methods=WRITE),
    # mails: which one, is decided by channels.email.access; mailboxes are the administrators'
    "mailboxes:folder": _row("desk", "board", "admin"),
    "mailboxes:mail": _row("desk", "board", "admin"),
    "mailboxes:look": _row("desk", "board", "admin"),
    "mailboxes:source": _row("desk", "board", "admin"),
    "mailboxes:file": _row("desk", "board", "admin"),
    "mailboxes:release": _row("desk", "board", "admin", methods=WRITE),
    "mailboxes:block": _row("desk", "board", "admin", methods=WRITE),
    "mailboxes:out": _row("desk", "board"),
    "mailboxes:settle": _row("desk", "board", methods=WRITE),
    "mailboxes:boxes": _row("admin"),
    "mailboxes:new": _row("admin", methods=BOTH),
    "mailboxes:box": _row("admin"),
    "mailboxes:edit": _row("admin", methods=BOTH),
    "mailboxes:try": _row("admin", methods=WRITE),
    "mailboxes:again": _row("admin", methods=WRITE),
    "mailboxes:switch": _row("admin", methods=WRITE),
    # customers
    "portal:index": _row("anyone"),
    "portal:file": _row("anyone", methods=BOTH),
    "portal:filed": _row("anyone"),
    "portal:follow": _row("anyone", methods=BOTH),
    "portal:code": _row("anyone", methods=BOTH),
    "portal:link": _row("anyone"),
    "portal:case": _row("anyone"),
    "portal:state": _row("anyone"),
    "portal:act": _row("anyone", methods=BOTH),
    "portal:attachment": _row("anyone"),
    "portal:leave": _row("anyone", methods=WRITE),
    # web chat: a visitor holds the secret his browser made, a site is one the inbox names (web/webchat/doors.py)
    "webchat:widget": _row("anyone"),
    "webchat:survey_page": _row("anyone", methods=BOTH),
    "webchat:settings": _row("visitor"),
    "webchat:state": _row("visitor"),
    "webchat:write": _row("visitor", methods=WRITE),
    "webchat:send_file": _row("visitor", methods=WRITE),
    "webchat:get_file": _row("visitor"),
    "webchat:typing": _row("visitor", methods=WRITE),
    "webchat:read": _row("visitor", methods=WRITE),
    "webchat:end": _row("visitor", methods=WRITE),
    "webchat:survey": _row("visitor", methods=WRITE),
    "webchat:pages": _row("visitor", methods=WRITE),
    "webchat:identity": _row("visitor", methods=WRITE),
    "webchat:offline": _row("visitor", methods=WRITE),
    "webchat:transcript": _row("visitor"),
    # the shop to try it in: 404 where no inbox is shown there
    "demo:shop": _row("anyone"),
    "demo:product": _row("anyone"),
    # first run
    "welcome:show": _row("anyone"),
    # sandbox: 404 outside it
    "sandbox:show": _row("sandbox"),
    "sandbox:move": _row("sandbox", methods=WRITE),
    "sandbox:become": _row("sandbox", methods=WRITE),
    "sandbox:clock_api": _row("sandbox", methods=BOTH),
    # other houses: the address is a secret, WeChat signs besides (channels.access)
    "callbacks:sms_receipts": _row("anyone", methods=WRITE),
    "callbacks:sms_replies": _row("anyone", methods=WRITE),
    "callbacks:wechat": _row("anyone", methods=BOTH),
    # API: the token's scope and the page that shows the same are in web/api/scopes.py
    "api:openapi": _row("anyone"),
    "api:docs": _row("signed_in"),
    "api:me": _row("token"),
    "api:handbooks": _row("token"),
    "api:handbook": _row("token"),
    "api:handbook_versions": _row("token"),
    "api:handbook_parameters": _row("token"),
    "api:ledger": _row("token"),
    "api:cases": _row("token", methods=BOTH),
    "api:case": _row("token"),
    "api:timeline": _row("token"),
    "api:act": _row("token", methods=WRITE),
    "api:notes": _row("token", methods=WRITE),
    "api:attachments": _row("token", methods=WRITE),
    "api:case_attachments": _row("token", methods=WRITE),
    "api:attachment": _row("token"),
    "api:links": _row("token", methods=BOTH),
    "api:end_link": _row("token", methods=WRITE),
    "api:follow": _row("token", methods=WRITE),
    "api:consents": _row("token"),
    "api:consent": _row("token", methods=WRITE),
    "api:withdraw_consent": _row("token", methods=WRITE),
    "api:merge": _row("token", methods=WRITE),
    "api:unmerge": _row("token", methods=WRITE),
    "api:undo": _row("token", methods=WRITE),
    "api:clocks": _row("token"),
    "api:customers": _row("token"),
    "api:customer": _row("token"),
    "api:customer_card": _row("token", methods=WRITE),
    "api:notices": _row("token"),
    "api:webhooks": _row("token", methods=BOTH),
    "api:webhook": _row("token", methods=BOTH),
    "api:webhook_secret": _row("token", methods=WRITE),
    "api:webhook_pause": _row("token", methods=WRITE),
    "api:webhook_resume": _row("token", methods=WRITE),
    "api:webhook_ping": _row("token", methods=WRITE),
    "api:webhook_replay": _row("token", methods=WRITE),
    "api:webhook_remove": _row("token", methods=WRITE),
    "api:webhook_deliveries": _row("token"),
    "api:webhook_delivery": _row("token"),
    "api:nowhere": _row("token"),
}


def may_open(viewer: Viewer, route: str) -> bool:
    """True when `viewer` may open the route of that name; False for a route that is not in the table."""
    row = PERMISSIONS.get(route)
    return row is not None and any(_is(viewer, who) for who in row.who)


def _is(viewer: Viewer, who: Who) -> bool:
    if who == "anyone":
        return True
    if who == "sandbox":
        return bool(settings.SANDBOX)
    if viewer.staff is None or not viewer.staff.is_active:
        return False
    if who == "signed_in":
        return True
    return viewer.is_admin if who == "admin" else who in viewer.screens
