"""The web chat desk with work in it, made as people make it: conversations in every state, a floor, mails, short messages, a survey.

    furnish_desk(product)        a served `webchat-desk`; once
    PEOPLE                       who is worth walking as: answers, leads, answers for orders, keeps the house, comes from the street

Everything is made up (示例). The clock is moved to a working morning first, so that somebody is expected to be there.
"""

from __future__ import annotations

import datetime as dt
import json
import re
import secrets
import urllib.request
from typing import Any

from tests.served import Answer, Person, Served, hidden

VISITOR = "visitor"
PEOPLE = ("agent1", "lead1", "delivery1", "admin", VISITOR)
CHINA = dt.timezone(dt.timedelta(hours=8))
MAILS = """
import datetime as dt
from zhike.channels.email.models import Mailbox, Outgoing
from zhike.channels.email.receiving import take
from zhike.channels.email.tests.ground import mail
from zhike.conversations.actions import say
from zhike.conversations.handing import accept
from zhike.org.handbooks import viewer
from zhike.org.models import Staff
now = dt.datetime.fromisoformat(sys.argv[1])
box = Mailbox.objects.select_related("inbox").get()
asked = take(box, mail(to=box.address, subject="\u793a\u4f8b\uff1a\u5408\u540c", identifier="m1@example.com"), now=now).row
advert = "\u793a\u4f8b\u5e7f\u544a"
take(box, mail(advert, subject=advert, to=box.address, identifier="m2@example.com", headers="X-Spam-Flag: YES"), now=now)
words = "\u793a\u4f8b\uff1a\u6211\u5728\u4f11\u5047"
machine = mail(words, subject=words, to=box.address, identifier="m3@example.com", headers="Auto-Submitted: auto-replied")
take(box, machine, now=now)
who = viewer(Staff.objects.get(username="agent1"))
accept(asked.conversation, who, now=now)
say(asked.conversation, who, words="\u793a\u4f8b\uff1a\u5408\u540c\u660e\u5929\u5bc4\u51fa\u3002", key="mail-answer-1", now=now)
Outgoing.objects.update(state="unknown", fault="timed out")
print(json.dumps(asked.conversation.number))
"""
TRAIL = """
import datetime as dt
from zhike.conversations.models import Conversation, PageView
held = Conversation.objects.get(number=sys.argv[1])
for name, title in (("/demo", "\u793a\u4f8b\u5546\u5e97"), ("/demo/lamp", "\u793a\u4f8b\u53f0\u706f")):
    PageView.objects.create(address=held.address, url="https://shop.example" + name, title=title, entered_at=held.opened_at)
print(json.dumps(1))
"""
SURVEYS = "SELECT token FROM conversations_survey ORDER BY id"


class Caller:
    """A visitor without a page: what his widget would ask for, with a secret of his own."""

    def __init__(self, product: Served, key: str, name: str) -> None:
        self.product, self.name = product, name
        self.base = f"{product.url}/chat/{key}"
        self.head = {"Authorization": f"Visitor {secrets.token_urlsafe(32)}", "Content-Type": "application/json"}

    def asks(self, words: str, topic: str = "before") -> str:
        """Write; the conversation's number."""
        form = {"name": self.name, "topic": topic, "consent": "demo-1", "phone": "13900000021"}
        told = {"words": words, "key": secrets.token_hex(8), "form": form, "page": f"{self.product.url}/demo"}
        number: str = self._post("messages", told)["conversation"]["number"]
        return number

    def ends(self) -> None:
        self._post("end", {})

    def _post(self, what: str, told: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(f"{self.base}/{what}", json.dumps(told).encode(), self.head)
        with urllib.request.urlopen(request, timeout=60) as answer:
            found: dict[str, Any] = json.loads(answer.read() or b"{}")
        return found


def furnish_desk(product: Served) -> None:
    """Who waits, who is served, by whom; what was mailed and sent; what has ended and was rated."""
    product.clock(at=_morning(product))
    admin, lead = Person(product).sign_in("admin"), Person(product).sign_in("lead1")
    one, two, three = (Person(product).sign_in(f"agent{number}") for number in (1, 2, 3))
    key = _inbox(product)
    _posts(two, "/presence/enter", state="not_ready", reason="示例：写小结")
    _waits_too_long(product, key)
    _posts(one, "/presence/enter", state="ready", reason="")
    _posts(three, "/presence/enter", state="away", reason="")
    _talks(product, key, one, two, lead)
    _ended(product, key, one)
    _by_hand(one)
    _mails(product, admin)
    _short_messages(admin, lead)


def survey_of(product: Served) -> str:
    """The address of a question nobody has answered yet."""
    return f"/chat/survey/{product.rows(SURVEYS)[0][0]}"


def _morning(product: Served) -> str:
    """Ten o'clock of the next Tuesday: nobody has a day off in the sample then."""
    now = dt.datetime.fromisoformat(product.clock()["now"]).astimezone(CHINA)
    day = now + dt.timedelta(days=(1 - now.weekday()) % 7 or 7)
    return day.replace(hour=10, minute=0, second=0, microsecond=0).isoformat()


def _inbox(product: Served) -> str:
    """The shop's widget; its first visitor opens the inbox."""
    found = re.search(r'data-inbox="([^"]+)"', Person(product).get("/demo").text)
    assert found, "no widget in the shop"
    return found[1]


def _posts(person: Person, path: str, **values: Any) -> Answer:
    answer = person.post(path, values)
    assert answer.status in (200, 204), f"{path} {answer.status}: {answer.text[:2000]}"
    return answer


def _staff(product: Served, username: str) -> str:
    return str(product.rows("SELECT id FROM org_staff WHERE username = %s", username)[0][0])


def _waits_too_long(product: Served, key: str) -> None:
    """Somebody is there, but nobody takes it: its limits pass, and the floor says so."""
    Caller(product, key, "示例访客甲").asks("示例：有人在吗？")
    product.clock(advance="6m")


def _talks(product: Served, key: str, one: Person, two: Person, lead: Person) -> None:
    """Served with questions, notes and a trail; offered; helped with; waiting."""
    first = Caller(product, key, "示例访客乙")
    mine = first.asks("示例：运费怎么算？")
    first.asks("示例：周末送吗？")
    _posts(one, f"/conversations/{mine}/accept")
    _posts(one, f"/conversations/{mine}/say", words="示例：满 99 元免运费。", key=secrets.token_hex(8), answers="1")
    _posts(one, f"/conversations/{mine}/say", words="示例：老顾客，请客气。", key=secrets.token_hex(8), internal="1")
    _posts(one, f"/conversations/{mine}/invite", staff=_staff(product, "agent2"))
    _posts(lead, f"/conversations/{mine}/whisper", words="示例：可以送一张券。")
    product.run(TRAIL, mine)
    offered = Caller(product, key, "示例访客丙").asks("示例：发票开错了", "after")
    _posts(two, f"/conversations/{offered}/accept")
    _posts(two, f"/conversations/{offered}/transfer", to=f"staff:{_staff(product, 'agent1')}", note="示例：您熟悉发票")
    Caller(product, key, "示例访客丁").asks("示例：几天能到？", "delivery")
    _posts(one, "/conversations/replies", title="示例问候", shortcut="hi", words="示例：{customer.name}您好，请讲。")


def _ended(product: Served, key: str, one: Person) -> None:
    """Three that ended: two are asked how it was, one has answered."""
    for name in ("示例访客戊", "示例访客己"):
        caller = Caller(product, key, name)
        number = caller.asks("示例：营业到几点？")
        _posts(one, f"/conversations/{number}/accept")
        _posts(one, f"/conversations/{number}/say", words="示例：晚上九点。", key=secrets.token_hex(8))
        caller.ends()


def _by_hand(one: Person) -> None:
    page = one.get("/conversations/new").text
    values = {**hidden(page), "medium": "visit", "name": "示例来客", "said": "示例：来店里问保修。"}
    _posts(one, "/conversations/new", **values)


def _mails(product: Served, admin: Person) -> None:
    """A mailbox whose server is not there; a mail in a conversation, two kept aside, an answer nobody knows to have gone out."""
    values = {
        "address": "desk@zhike.example", "sender_name": "示例客服", "handbook": "webchat-desk", "imap_host": "127.0.0.1", "imap_port": "9",
        "imap_security": "none", "imap_user": "desk", "imap_password": "sample-secret", "smtp_host": "127.0.0.1", "smtp_port": "9",
        "smtp_security": "none", "smtp_user": "desk", "smtp_password": "", "folder": "INBOX",
    }  # fmt: skip
    admin.get("/mail/boxes/new")
    _posts(admin, "/mail/boxes/new", **values)
    product.run(MAILS, product.clock()["now"])


def _short_messages(admin: Person, lead: Person) -> None:
    """A gateway, a template two people agreed to, a message that went out, a number that wants none, a WeChat account."""
    home = "/administration/messages"
    made = _posts(
        admin, f"{home}/gateways/new", name="示例网关", provider="local", handbook="webchat-desk", price="0.045"
    )
    gateway = made.path.rpartition("/")[2]
    for code, words in (("order.sent", "示例：您的订单已发出。"), ("reply.free", "{words}")):
        text = {
            "code": code,
            "title": f"示例：{code}",
            "gateway": gateway,
            "purpose": "service",
            "words": words,
            "signature": "示例商店",
        }
        template = _posts(lead, f"{home}/templates/new", **text).path
        if code == "order.sent":
            _posts(lead, f"{template}/decide", what="submit")
            _posts(admin, f"{template}/decide", what="approve")
            _posts(admin, f"{template}/test", number="13900000031")
    _posts(admin, f"{home}/unwanted", number="13900000032", scope="marketing", why="示例：本人来电")
    account = {"name": "示例公众号", "kind": "official", "handbook": "webchat-desk", "app_id": "wxsample0000000001", "secret": "s" * 32,
               "token": "sampletoken", "aes_key": "a" * 43}  # fmt: skip
    _posts(admin, f"{home}/wechat/new", **account)
