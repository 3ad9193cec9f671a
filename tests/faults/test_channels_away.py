"""PostgreSQL goes away for ten seconds while visitors chat, mails come in and go out, and platforms call back: what was answered for is
stored once, everybody is back by himself.
"""

from __future__ import annotations

import http.client
import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from urllib.parse import urlencode

import pytest

from tests.faults.conftest import Breakable
from tests.faults.kills import LAY as LAY_CHAT
from tests.faults.kills import Differences, Ledger, Listener, Sender, story_of
from tests.served import Served, until
from zhike.channels.email.tests.ground import mail
from zhike.channels.email.tests.servers import PASSWORD, Dovecot, fresh_dovecot, post_office
from zhike.channels.wechat.crypt import Crypt
from zhike.lib import clock

pytestmark = [pytest.mark.slow, pytest.mark.embedded]
OUTAGE = 10.0
BETWEEN = threading.Event()
"""Never set: to wait a moment."""
PATIENCE = 180.0
AES = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
APP, TOKEN = "wxb11529c136998cb6", "pamtest"
LAY = """
from zhike.channels.email.models import Mailbox
from zhike.channels.email.sealed import sealed
from zhike.channels.sms.accounts import GatewayWish, save_gateway
from zhike.channels.wechat.accounts import AccountWish, save_account
from zhike.conversations.models import Inbox
from zhike.handbook.structure import Handbook
from zhike.lib import clock
from zhike.org.models import HandbookVersion
now, (imap, smtp) = clock.now(), map(int, sys.argv[1:3])
queue = {"id": "desk", "title": "示例", "media": ["email", "sms", "wechat"], "answered_by": ["agent"]}
source = {"name": "ways", "title": "示例", "version": "1", "effective": "2025-01-01", "clauses": [], "queues": [queue],
          "roles": [{"id": "agent", "title": "示例"}]}
source = Handbook.model_validate(source).model_dump(mode="json", by_alias=True, exclude_defaults=True)
HandbookVersion.objects.create(name="ways", digest="1" * 64, version="1", effective_from=now, source=source, text="")
inbox = Inbox.objects.create(medium="email", name="示例", handbook="ways", key="desk@zhike.example", created_at=now)
key, data = sealed(sys.argv[3])
box = {"sender_name": "示例", "imap_host": "127.0.0.1", "imap_port": imap, "imap_security": "none", "imap_user": "desk", "imap_key": key,
       "imap_sealed": data, "smtp_host": "127.0.0.1", "smtp_port": smtp, "smtp_security": "none", "auto_answer": "示例：已收到。"}
Mailbox.objects.create(inbox=inbox, since=now.replace(year=2020), **box)
gateway = save_gateway(None, GatewayWish("示例", "local", "ways"), by="system", now=now)
wish = AccountWish("示例", "official", "ways", sys.argv[4], secret="s", token=sys.argv[5], aes_key=sys.argv[6])
account = save_account(None, wish, by="system", now=now)
print(json.dumps([gateway.callback, account.callback]))
"""


def away(breakable: Breakable, meanwhile: Callable[[], None] = lambda: None) -> None:
    """The database stops, `meanwhile` happens, and after ten seconds it is there again."""
    breakable.postgres.stop()
    try:
        until(lambda: not breakable.product.healthy(), "the product says that it is not well")
        meanwhile()
        BETWEEN.wait(OUTAGE)
    finally:
        breakable.postgres.start()


def test_visitors_and_colleagues_who_chat_lose_nothing_and_are_all_back(breakable: Breakable) -> None:
    story = story_of(breakable.product, "away")
    story.start()
    try:
        story.go_on(10)
        away(breakable)
        story.go_on(50)
        until(breakable.product.healthy, "the product is well", PATIENCE)
        found = story.end()
    finally:
        story.close()
    assert found == Differences(lost=0, doubled=0, reordered=0, unheard=0, heard_again=0)


class Stream(Listener):
    """A visitor's, from an address of his own, opened again as soon as it ends: more often than a browser would."""

    opened = 0
    local = ""

    def _listen(self) -> None:
        line = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=20, source_address=(self.local, 0))
        try:
            place = {"Last-Event-ID": self.place} if self.place else {}
            line.request("GET", self.path, headers=self.headers | place | {"Host": "localhost"})
            answer = line.getresponse()
            self.opened += answer.status == 200
            while answer.status == 200 and not self.stop.is_set() and (text := answer.readline()):
                self._take(text)
        finally:
            line.close()
        self.stop.wait(0.2)


STORM = 500


def test_five_hundred_visitors_who_lose_the_server_at_once_are_all_back_and_hear_everything_once(
    breakable: Breakable,
) -> None:
    product, stop = breakable.product, threading.Event()
    inbox, sessions, talks = product.run(LAY_CHAT, str(STORM), "1", "storm")
    streams = {}
    for place, (number, secret, _) in enumerate(talks):
        streams[number] = Stream(
            f"/chat/live?inbox={inbox}&after=0", {"Authorization": f"Visitor {secret}"}, product, stop
        )
        streams[number].local = f"127.2.{place // 250}.{place % 250 + 1}"
    threads = [threading.Thread(target=stream.run) for stream in streams.values()]
    written_to = list(streams)[::25]

    def told(key: str) -> None:
        sender = Sender("agent", "staff", [], inbox, sessions[0], "127.0.0.1", product, Ledger(), stop)
        for number in written_to:
            assert sender._until_confirmed(number, "", f"{key}-{number}")

    for thread in threads:
        thread.start()
    try:
        until(lambda: all(stream.opened for stream in streams.values()), "all listen", PATIENCE)
        told("before")
        victim = product.child("web")
        assert victim is not None
        os.kill(victim, signal.SIGKILL)
        told("after")
        until(lambda: all(stream.opened > 1 for stream in streams.values()), "all are back", PATIENCE)
        until(lambda: all(len(streams[number].heard) >= 2 for number in written_to), "all is heard", PATIENCE)
    finally:
        stop.set()
        for thread in threads:
            thread.join(30)
    heard = {number: stream.heard for number, stream in streams.items() if stream.heard}
    assert heard == {number: [(number, 1), (number, 2)] for number in written_to}


@dataclass
class Platform:
    """A provider that calls back and repeats every call until it is answered with what it wants to hear."""

    product: Served
    path: str
    wanted: bytes
    call: Callable[[str], tuple[str, bytes]]
    """(query, body) of a message of this name."""
    taken: list[str] = field(default_factory=list)
    refused: Counter[int] = field(default_factory=Counter)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        number = 0
        while not self.stop.is_set():
            number += 1
            self._until_taken(f"m{number}")
            self.stop.wait(0.05)

    def _until_taken(self, name: str) -> None:
        while True:
            query, body = self.call(name)
            status, answer = self._post(f"{self.path}{query}", body)
            if status == 200:
                assert answer == self.wanted
                self.taken.append(name)
                return
            self.refused[status] += 1
            BETWEEN.wait(0.2)

    def _post(self, path: str, body: bytes) -> tuple[int, bytes]:
        line = http.client.HTTPConnection("127.0.0.1", self.product.port, timeout=20)
        try:
            line.request("POST", path, body, {"Host": "localhost", "Content-Type": "application/json"})
            answer = line.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            return 0, b""
        finally:
            line.close()


def replied(name: str) -> tuple[str, bytes]:
    return "", json.dumps([{"key": name, "number": "+8613800000101", "words": f"示例 {name}"}]).encode()


def sealed(name: str) -> tuple[str, bytes]:
    crypt, stamp = Crypt(TOKEN, AES, APP), str(int(clock.wall().timestamp()))
    inner = f"<xml><FromUserName>o1</FromUserName><MsgType>text</MsgType><Content>{name}</Content><MsgId>{name}</MsgId></xml>"
    encrypted = crypt.seal(inner.encode())
    query = {"timestamp": stamp, "nonce": "n", "msg_signature": crypt.signature(stamp, "n", encrypted)}
    return f"?{urlencode(query)}", f"<xml><Encrypt>{encrypted}</Encrypt></xml>".encode()


@pytest.fixture
def server() -> Iterator[Dovecot]:
    yield from fresh_dovecot()


def test_mails_short_messages_and_wechat_are_taken_once_and_answers_go_out_once(
    breakable: Breakable, server: Dovecot
) -> None:
    product, out = breakable.product, list[bytes]()

    def arrive(begin: int, end: int) -> None:
        for number in range(begin, end):
            sender = f"g{number}@example.com"
            server.deliver("desk", mail(f"第{number}封", sender=sender, identifier=f"{number}@example.com"))

    with post_office(lambda _to, data: out.append(data)) as smtp:
        gateway, account = product.run(LAY, str(server.port), str(smtp), PASSWORD, APP, TOKEN, AES)
        arrive(0, 5)
        platforms = [
            Platform(product, f"/callbacks/sms/{gateway}/replies", SMS_WANTS, replied),
            Platform(product, f"/callbacks/wechat/{account}", b"success", sealed),
        ]
        threads = [threading.Thread(target=platform.run) for platform in platforms]
        for thread in threads:
            thread.start()
        try:
            until(lambda: all(len(each.taken) >= 3 for each in platforms), "platforms are heard", PATIENCE)
            until(lambda: product.rows(MAILS) == [(5,)], "mails come in", PATIENCE)
            away(breakable, lambda: arrive(5, 15))
            counts = [len(each.taken) for each in platforms]
            until(
                lambda: all(len(p.taken) > n + 3 for p, n in zip(platforms, counts, strict=True)),
                "heard again",
                PATIENCE,
            )
        finally:
            for platform in platforms:
                platform.stop.set()
            for thread in threads:
                thread.join(60)
        until(lambda: product.rows(MAILS) == [(15,)], "mails that came meanwhile", PATIENCE)
        until(lambda: product.rows(OPEN) == [(0,)], "answers go out", PATIENCE)
    assert all(set(each.refused) <= {0, 503} and each.refused for each in platforms)
    assert [words for (words,) in product.rows(TEXTED)] == [f"示例 {name}" for name in platforms[0].taken]
    assert [key for (key,) in product.rows(HEARD)] == [f"m{name}" for name in platforms[1].taken]
    assert sorted(words for (words,) in product.rows(WRITTEN)) == sorted(f"第{number}封" for number in range(15))
    assert len(out) == 15


SMS_WANTS = b'{"code": 0}'
MAILS = "SELECT count(*) FROM mail_mail"
OPEN = "SELECT count(*) FROM mail_outgoing WHERE state <> 'sent'"
TEXTED = "SELECT words FROM channels_incomingsms ORDER BY id"
HEARD = "SELECT key FROM channels_wechatevent ORDER BY id"
WRITTEN = """
SELECT m.words FROM conversations_message m JOIN conversations_conversation c ON c.id = m.conversation_id
WHERE c.medium = 'email' AND m.side = 'customer'
"""
