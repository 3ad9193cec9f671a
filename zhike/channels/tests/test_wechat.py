"""WeChat against a stand-in of its interface: tokens, messages in, answers out, and everything that goes wrong."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection

from zhike.channels.refusals import Refused
from zhike.channels.tests.platform import PICTURE, WALL, Platform, account, heard, kf, message, picture, sealed, talking
from zhike.channels.tests.short import NOW, jobs
from zhike.channels.tests.stand_in import HANGS, Raw, StandIn
from zhike.channels.wechat.accounts import AccountWish, crypt_of, save_account, switch_account
from zhike.channels.wechat.callbacks import take_callback, verify
from zhike.channels.wechat.client import Client
from zhike.channels.wechat.crypt import BadCallback
from zhike.channels.wechat.models import WechatAccount, WechatEvent, WechatToken
from zhike.channels.wechat.sending import deliver
from zhike.channels.wechat.taking import FetchFailed, fetch, take_waiting
from zhike.conversations.actions import say
from zhike.conversations.failures import in_words
from zhike.conversations.models import Conversation, Message
from zhike.conversations.refusals import ConversationRefused
from zhike.conversations.retrying import send_again
from zhike.records.attachments import store_attachment
from zhike.records.models import Attachment

pytestmark = pytest.mark.django_db


def test_a_message_is_kept_answered_and_becomes_a_conversation_once(platform: tuple[Platform, StandIn]) -> None:
    row = account(platform[1])
    heard(row, message("1"), message("1"), message("2", "<script>alert(1)</script>"))
    assert len(jobs("channels.wechat_take")) == 2
    assert Conversation.objects.count() == 0
    assert take_waiting(row.pk, NOW) == 2
    assert take_waiting(row.pk, NOW) == 0
    conversation = Conversation.objects.get()
    assert (conversation.medium, conversation.queue, conversation.address.value) == ("wechat", "desk", "o1")
    assert list(conversation.messages.order_by("seq").values_list("words", flat=True)) == [
        "几点开门",
        "<script>alert(1)</script>",
    ]


def test_what_is_old_forged_open_or_too_long_is_not_taken(platform: tuple[Platform, StandIn]) -> None:
    row = account(platform[1])
    query, body = sealed(row, message("1"))
    for late in (dt.timedelta(minutes=6), -dt.timedelta(minutes=6)):
        with pytest.raises(BadCallback, match="old"):
            take_callback(row, query, body, now=NOW, wall=WALL + late)
    with pytest.raises(BadCallback, match="signature"):
        take_callback(row, {**query, "msg_signature": "0" * 40}, body, now=NOW, wall=WALL)
    with pytest.raises(BadCallback, match="signature"):
        take_callback(row, {**query, "nonce": "n2"}, body, now=NOW, wall=WALL)
    with pytest.raises(BadCallback, match="not sealed"):
        take_callback(row, query, message("1").encode(), now=NOW, wall=WALL)
    with pytest.raises(BadCallback, match="no time"):
        take_callback(row, {}, body, now=NOW, wall=WALL)
    with pytest.raises(BadCallback, match="too long"):
        take_callback(row, query, b"x" * 300_000, now=NOW, wall=WALL)
    assert WechatEvent.objects.count() == 0


def test_the_address_is_verified_as_either_platform_asks(platform: tuple[Platform, StandIn]) -> None:
    from hashlib import sha1

    row = account(platform[1])
    timestamp = str(int(WALL.timestamp()))
    good = sha1("".join(sorted(["pamtest", timestamp, "n1"])).encode()).hexdigest()
    query = {"timestamp": timestamp, "nonce": "n1", "signature": good, "echostr": "5837"}
    assert verify(row, query, WALL) == "5837"
    with pytest.raises(BadCallback):
        verify(row, {**query, "nonce": "n2"}, WALL)
    wecom = account(platform[1], "wecom")
    echo = crypt_of(wecom).seal(b"1288")
    signature = crypt_of(wecom).signature(timestamp, "n1", echo)
    assert (
        verify(wecom, {"timestamp": timestamp, "nonce": "n1", "msg_signature": signature, "echostr": echo}, WALL)
        == "1288"
    )


def test_a_picture_is_fetched_and_attached(platform: tuple[Platform, StandIn]) -> None:
    row = account(platform[1])
    heard(row, picture("1"), message("2"))
    assert take_waiting(row.pk, NOW) == 2
    first, second = Message.objects.order_by("seq")
    assert (first.files, second.words) == (1, "几点开门")
    assert Attachment.objects.get(subject_kind="message", subject_id=first.pk).name == "photo.jpg"


VOICE = b"#!AMR\n" + (b"\x3c" + bytes(31)) * 150


def test_a_voice_message_is_kept_as_a_file_with_its_length_in_words(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    row = account(there)
    spoken = picture("1").replace("image", "voice")
    heard_too = spoken.replace("med-1", "med-2").replace("<MsgId>1", "<Recognition>几点开门</Recognition><MsgId>2")
    heard(row, spoken, heard_too, spoken.replace("<MsgId>1", "<MsgId>3"))
    named = (("Content-Disposition", 'attachment; filename="med-1.amr"'),)
    plays.says = [
        Raw(VOICE, "audio/amr", headers=named),
        Raw(VOICE, "audio/amr"),
        Raw(VOICE + b"<script>", "audio/amr"),
    ]
    assert take_waiting(row.pk, NOW) == 3
    first, second, third = Message.objects.order_by("seq")
    kept = Attachment.objects.get(subject_kind="message", subject_id=first.pk)
    assert (kept.name, kept.media_type, first.words) == ("med-1.amr", "audio/amr", "[语音 3 秒，保存附件后播放]")
    assert (second.files, second.words) == (1, "（语音识别）几点开门\n[语音 3 秒，保存附件后播放]")
    assert third.files == 0
    assert third.words.startswith("[语音未收下：")


def test_while_a_picture_cannot_be_fetched_its_sender_waits_and_others_do_not(
    platform: tuple[Platform, StandIn],
) -> None:
    plays, there = platform
    row = account(there)
    heard(row, picture("1"), message("2"), message("3", "别人的", sender="o2"))
    plays.says = [HANGS]
    assert take_waiting(row.pk, NOW) == 1
    assert list(Message.objects.values_list("words", flat=True)) == ["别人的"]
    assert take_waiting(row.pk, NOW) == 2
    assert [m.files for m in Message.objects.filter(conversation__address__value="o1").order_by("seq")] == [1, 0]


def test_a_picture_that_is_gone_leaves_words_in_its_place(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    row = account(there)
    heard(row, picture("1"), picture("2"), picture("3"))
    plays.says = [
        {"errcode": 40007, "errmsg": "invalid media_id"}, Raw(b"MZ\x90\0", "image/jpeg"), Raw(b"x" * (11 * 1024 * 1024), "image/jpeg"),
    ]  # fmt: skip
    assert take_waiting(row.pk, NOW) == 3
    words = list(Message.objects.order_by("seq").values_list("words", flat=True))
    assert words[0] == "[图片未能取得：40007 invalid media_id]"
    assert words[1].startswith("[图片未收下：")
    assert words[2] == "[图片未能取得：too_large]"


def test_a_picture_is_given_up_after_four_tries(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    row = account(there)
    heard(row, picture("1"))
    for _ in range(4):
        plays.says = [{"errcode": -1, "errmsg": "system error"}]
        take_waiting(row.pk, NOW)
    assert Message.objects.get().words == "[图片未能取得：-1 system error]"


def test_one_token_serves_all_and_a_refused_one_is_replaced_once(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    row = account(there)
    assert [Client(row, WALL).token() for _ in range(3)] == ["t1", "t1", "t1"]
    assert b"t1" not in bytes(WechatToken.objects.get().sealed)
    plays.refuses = {"t1"}
    assert Client(row, WALL).ask("cgi-bin/message/custom/send", {"touser": "o1"}).good
    assert plays.issued == 2
    assert Client(row, WALL).token(refused="t1") == "t2"
    assert plays.issued == 2
    assert Client(row, WALL + dt.timedelta(minutes=116)).token() == "t3"
    plays.refuses = {f"t{number}" for number in range(9)}
    assert Client(row, WALL).ask("cgi-bin/message/custom/send", {}).code == 40001


@pytest.mark.django_db(transaction=True)
def test_many_processes_fetch_one_token(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    row = account(there)
    found: list[str] = []

    def ask() -> None:
        try:
            found.append(Client(row, WALL).token())
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, plays.issued) == (["t1"] * 6, 1)


@pytest.mark.django_db(transaction=True)
def test_two_processes_whose_token_was_refused_at_once_fetch_one_new_one(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    row = account(there)
    old = Client(row, WALL).token()
    plays.refuses.add(old)
    found: list[str] = []
    together = threading.Barrier(4)

    def ask() -> None:
        try:
            together.wait(20)
            found.append(Client(row, WALL).token(refused=old))
        finally:
            connection.close()

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (found, plays.issued) == (["t2"] * 4, 2)


def test_an_answer_goes_out_in_order_and_once(platform: tuple[Platform, StandIn]) -> None:
    _, there = platform
    row = account(there)
    conversation, viewer = talking(row)
    first = say(conversation, viewer, words="九点开门", key="a1", now=NOW)
    say(conversation, viewer, words="内部备注", key="a2", now=NOW, internal=True)
    (job,) = jobs("channels.wechat_send")
    assert (job.args, job.lock) == ({"message": first.pk}, f"wechat-talk:{conversation.pk}")
    deliver(first.pk, NOW)
    deliver(first.pk, NOW)
    first.refresh_from_db()
    assert first.state == Message.State.SENT
    sent = [asked.json() for asked in there.asked if asked.path == "/cgi-bin/message/custom/send"]
    assert sent == [{"touser": "o1", "msgtype": "text", "text": {"content": "九点开门"}}]


@pytest.mark.parametrize(
    ("says", "state", "why"),
    [
        ({"errcode": 45015, "errmsg": "x"}, "failed", "超过 48 小时"),
        ({"errcode": 45047, "errmsg": "x"}, "failed", "限制了条数"),
        ({"errcode": 12345, "errmsg": "odd"}, "failed", "12345 odd"),
        (HANGS, "unknown", "不会自动重发"),
        (Raw(b"<html>", status=502), "unknown", "不会自动重发"),
    ],
)
def test_what_the_platform_says_is_said_in_the_conversation(
    platform: tuple[Platform, StandIn], says: Any, state: str, why: str
) -> None:
    plays, there = platform
    conversation, viewer = talking(account(there))
    said = say(conversation, viewer, words="九点开门", key="a1", now=NOW)
    plays.says = [says]
    deliver(said.pk, NOW)
    said.refresh_from_db()
    assert said.state == state
    assert why in in_words(said)
    deliver(said.pk, NOW)
    assert there.paths().count("/cgi-bin/message/custom/send") == 1


def test_a_busy_platform_is_tried_again_and_a_dead_worker_leaves_an_unknown(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    conversation, viewer = talking(account(there))
    said = say(conversation, viewer, words="九点开门", key="a1", now=NOW)
    plays.says = [{"errcode": -1, "errmsg": "system error"}]
    deliver(said.pk, NOW)
    said.refresh_from_db()
    assert said.state == "sending"
    assert len(jobs("channels.wechat_send")) == 2
    said.extra = {**said.extra, "claimed": "2025-03-03T10:00:00+08:00"}
    said.save(update_fields=["extra"])
    deliver(said.pk, NOW)
    said.refresh_from_db()
    assert said.state == "unknown"
    assert there.paths().count("/cgi-bin/message/custom/send") == 1


def test_a_person_sends_one_again_and_what_went_out_before_does_not_go_twice(
    platform: tuple[Platform, StandIn],
) -> None:
    plays, there = platform
    conversation, viewer = talking(account(there, "wecom"))
    photo = store_attachment(PICTURE, "照片.jpg", by=viewer.principal, now=NOW)
    said = say(conversation, viewer, words="见图", key="a1", now=NOW, files=[photo.token])
    plays.says = [
        {"errcode": 0, "media_id": "up1"},
        {"errcode": 0},
        {"errcode": 95018, "errmsg": "session status invalid"},
    ]
    deliver(said.pk, NOW)
    said.refresh_from_db()
    assert (said.state, in_words(said)[:6]) == ("failed", "部分已发出；")
    send_again(said, viewer, now=NOW)
    deliver(said.pk, NOW)
    said.refresh_from_db()
    assert said.state == "sent"
    sent = [asked.json() for asked in there.asked if asked.path == "/cgi-bin/kf/send_msg"]
    assert [(one["msgtype"], one["msgid"]) for one in sent] == [
        ("text", f"zk{said.pk}"), ("image", f"zk{said.pk}-1"), ("image", f"zk{said.pk}-1-1"),
    ]  # fmt: skip


def test_after_48_hours_the_gate_says_so_before_anything_is_written(platform: tuple[Platform, StandIn]) -> None:
    conversation, viewer = talking(account(platform[1]))
    last = NOW + dt.timedelta(hours=48)
    assert say(conversation, viewer, words="还在吗", key="a1", now=last).state == "sending"
    with pytest.raises(ConversationRefused, match="48 小时"):
        say(conversation, viewer, words="还在吗", key="a2", now=last + dt.timedelta(seconds=1))
    with pytest.raises(ConversationRefused, match="2048 字节"):
        say(conversation, viewer, words="长" * 700, key="a3", now=NOW)
    switch_account(WechatAccount.objects.get(), active=False, by="staff:1", now=NOW)
    with pytest.raises(ConversationRefused, match="已停用"):
        say(conversation, viewer, words="您好", key="a4", now=NOW)


def test_pictures_are_uploaded_and_an_official_account_sends_nothing_else(platform: tuple[Platform, StandIn]) -> None:
    _, there = platform
    conversation, viewer = talking(account(there))
    photo = store_attachment(PICTURE, "照片.jpg", by=viewer.principal, now=NOW)
    text = store_attachment("说明".encode(), "说明.txt", by=viewer.principal, now=NOW)
    with pytest.raises(ConversationRefused, match="只能发图片"):
        say(conversation, viewer, words="见附件", key="a1", now=NOW, files=[text.token])
    said = say(conversation, viewer, words="见图", key="a2", now=NOW, files=[photo.token])
    deliver(said.pk, NOW)
    said.refresh_from_db()
    assert said.state == "sent"
    upload = next(asked for asked in there.asked if asked.path == "/cgi-bin/media/upload")
    assert PICTURE in upload.body
    sent = [asked.json()["msgtype"] for asked in there.asked if asked.path == "/cgi-bin/message/custom/send"]
    assert sent == ["text", "image"]


def test_wecom_tells_and_its_messages_are_fetched_by_cursor(platform: tuple[Platform, StandIn]) -> None:
    plays, there = platform
    row = account(there, "wecom")
    plays.pages = {
        "": {"errcode": 0, "next_cursor": "c1", "has_more": 1, "msg_list": [kf("1"), {"no": "id"}, "junk"]},
        "c1": {"errcode": 0, "next_cursor": "c2", "has_more": 0, "msg_list": [kf("1"), kf("2", "在吗")]},
        "c2": {"errcode": 0, "next_cursor": "c2", "has_more": 1, "msg_list": []},
    }
    heard(row, "<xml><Event>kf_msg_or_event</Event><Token>ENC1</Token><OpenKfId>wk1</OpenKfId></xml>")
    (job,) = jobs("channels.wechat_fetch")
    assert job.args == {"account": row.pk, "token": "ENC1"}
    assert fetch(row.pk, "ENC1", NOW) == 2
    assert fetch(row.pk, "", NOW) == 0
    assert take_waiting(row.pk, NOW) == 2
    row.refresh_from_db()
    assert row.cursor == "c2"
    assert list(Message.objects.order_by("seq").values_list("words", flat=True)) == ["几点开门", "在吗"]


def test_when_wecom_does_not_give_them_the_cursor_stays_and_the_trouble_shows(
    platform: tuple[Platform, StandIn],
) -> None:
    plays, there = platform
    row = account(there, "wecom")
    plays.says = [{"errcode": 95000, "errmsg": "invalid open_kfid"}]
    with pytest.raises(FetchFailed, match="95000"):
        fetch(row.pk, "x", NOW)
    row.refresh_from_db()
    assert (row.cursor, row.trouble) == ("", "95000 invalid open_kfid")
    plays.pages = {"": {"errcode": 0, "next_cursor": "c1", "has_more": 0, "msg_list": [kf("1")]}}
    assert fetch(row.pk, "x", NOW) == 1
    row.refresh_from_db()
    assert row.trouble == ""


def test_wecom_allows_five_and_says_later_what_did_not_arrive(platform: tuple[Platform, StandIn]) -> None:
    _, there = platform
    row = account(there, "wecom")
    conversation, viewer = talking(row)
    later = NOW + dt.timedelta(minutes=1)
    said = [say(conversation, viewer, words=f"第{n}条", key=f"a{n}", now=later) for n in range(5)]
    with pytest.raises(ConversationRefused, match="最多发 5 条"):
        say(conversation, viewer, words="第六条", key="a6", now=later)
    deliver(said[0].pk, later)
    asked = next(asked.json() for asked in there.asked if asked.path == "/cgi-bin/kf/send_msg")
    assert (asked["touser"], asked["open_kfid"], asked["msgid"]) == ("wm1", "wk1", f"zk{said[0].pk}")
    event = {
        "msgid": "9",
        "msgtype": "event",
        "event": {"event_type": "msg_send_fail", "fail_msgid": f"zk{said[0].pk}", "fail_type": 10},
    }
    WechatEvent.objects.create(account=row, key="m9", payload=event, at=NOW)
    take_waiting(row.pk, later)
    said[0].refresh_from_db()
    assert (said[0].state, in_words(said[0])) == ("failed", "客户拒收")


def test_an_event_is_a_note_in_a_running_conversation_and_opens_none(platform: tuple[Platform, StandIn]) -> None:
    row = account(platform[1])
    gone = "<xml><FromUserName>o1</FromUserName><MsgType>event</MsgType><Event>unsubscribe</Event><CreateTime>{}</CreateTime></xml>"
    heard(row, gone.format(1))
    take_waiting(row.pk, NOW)
    assert Conversation.objects.count() == 0
    heard(row, message("1"), gone.format(2))
    take_waiting(row.pk, NOW)
    note = Message.objects.get(side="system")
    assert (note.internal, note.words) == (True, "客户已取消关注：不能再给他发消息")


def test_what_an_account_needs_is_asked_all_at_once_and_secrets_stay(platform: tuple[Platform, StandIn]) -> None:
    row = account(platform[1])
    with pytest.raises(Refused) as refused:
        save_account(None, AccountWish("", "wecom", "none", "x", aes_key="short"), by="staff:1", now=NOW)
    assert set(refused.value.problems) == {"name", "handbook", "app_id", "open_kfid", "secret", "token", "aes_key"}
    save_account(
        row,
        AccountWish("改名", "official", "talk", "wxb11529c136998cb6", endpoint=platform[1].address),
        by="staff:1",
        now=NOW,
    )
    assert crypt_of(row).token == "pamtest"
    assert b"pamtest" not in bytes(row.sealed)
