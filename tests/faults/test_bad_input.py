"""What browsers, programs and people send that nobody asked for: each gets a clear answer, nothing is done twice, nothing breaks."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from tests.served import Answer, Person, Served, hidden, text_of

pytestmark = [pytest.mark.slow, pytest.mark.embedded]

OPEN = "/desk/new/retail-hotline/service_ticket/register"
FILE = "/portal/file/retail-hotline/service_ticket/file"
ENQUIRY = {"caller_phone": "13800000501", "service_class": "query", "query_item": "price", "content": "示例：问价。"}
LONGEST = 5000
MEGABYTE = 1024 * 1024

KEPT = """
SELECT c.number, c.data, ARRAY(SELECT a.name FROM records_attachment a WHERE a.subject_kind = 'case' AND a.subject_id = c.id)
FROM cases_case c WHERE strpos(c.data::text, %s) > 0 ORDER BY c.id
"""


def kept(product: Served, words: str) -> list[dict[str, Any]]:
    """Cases whose forms hold these words."""
    return [{"number": number, "data": data, "files": files} for number, data, files in product.rows(KEPT, words)]


@pytest.fixture
def agent(sandbox: Served) -> Person:
    return Person(sandbox, follows=False).sign_in("agent1")


@pytest.fixture
def visitor(sandbox: Served) -> Person:
    person = Person(sandbox, follows=False)
    assert person.get(FILE).status == 200
    return person


def complaint(words: str, **more: str) -> dict[str, str]:
    """A complaint on the portal."""
    return {
        "caller_name": "示例顾客",
        "caller_phone": "13800000502",
        "request_kind": "complaint",
        "content": words,
        **more,
    }


def at_once(*deeds: Callable[[], Answer]) -> list[Answer]:
    answers: list[Answer] = []
    threads = [threading.Thread(target=lambda deed=deed: answers.append(deed())) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return answers


def test_a_double_click_opens_one_case(sandbox: Served, agent: Person) -> None:
    values = {**ENQUIRY, "content": "示例：接线员点了两下。", "key": "double-click"}
    answers = at_once(*[lambda: agent.post(OPEN, values)] * 3)
    assert [answer.status for answer in answers] == [302] * 3
    assert len({answer.path for answer in answers}) == 1
    assert len(kept(sandbox, "接线员点了两下")) == 1


def test_a_resend_minutes_later_gets_the_same_answer(sandbox: Served, agent: Person) -> None:
    values = {**ENQUIRY, "content": "示例：又发了一遍。", "key": "resend"}
    first = agent.post(OPEN, values)
    sandbox.clock(advance="3m")
    assert agent.post(OPEN, values).path == first.path
    assert len(kept(sandbox, "又发了一遍")) == 1


def test_a_customers_double_click_files_one_complaint(sandbox: Served, visitor: Person) -> None:
    values = complaint("示例：顾客点了两下。", key="portal-double-click")
    answers = at_once(*[lambda: visitor.post(FILE, values)] * 2)
    assert [(answer.status, answer.path) for answer in answers] == [(302, "/portal/filed")] * 2
    assert len(kept(sandbox, "顾客点了两下")) == 1


def test_a_note_sent_twice_is_written_once(sandbox: Served, agent: Person) -> None:
    place = agent.post(OPEN, {**ENQUIRY, "key": "for-a-note"}).path
    number = place.rpartition("=")[2]
    values = {"words": "示例：只写一次。", "key": "note-once"}
    at_once(*[lambda: agent.post(f"/cases/{number}/notes", values)] * 2)
    assert agent.get(f"/cases/{number}/timeline").text.count("示例：只写一次。") == 1


def test_a_stale_page_keeps_what_was_typed_and_says_what_changed(sandbox: Served, agent: Person) -> None:
    complaint_ = {"service_class": "complaint", "complaint_item": "environment_quality", "store": store_one(agent)}
    number = agent.post(OPEN, {**ENQUIRY, **complaint_, "key": "stale"}).path.rpartition("=")[2]
    act = f"/cases/{number}/actions/note_handling"
    mine, colleague = agent, Person(sandbox, follows=False).sign_in("subcenter1")
    my_form, colleagues_form = (hidden(who.get(act).text, act) for who in (mine, colleague))
    assert colleague.post(act, {**colleagues_form, "handling": "示例：同事先存了。"}).status == 302

    stale = mine.post(act, {**my_form, "handling": "示例：我写了很久。"})
    assert stale.status == 409
    assert "示例：我写了很久。" in stale.text
    words = text_of(stale.text)
    assert "在您打开之后已被更新" in words
    assert "示例分中心客服 记录处理过程" in words
    assert mine.post(act, {**hidden(stale.text, act), "handling": "示例：我写了很久。"}).status == 302
    story = mine.get(f"/cases/{number}/timeline").text
    assert story.count("示例：同事先存了。") == story.count("示例：我写了很久。") == 1


def store_one(person: Person) -> str:
    """The value of store one in the form's list of stores."""
    form = person.get(OPEN).text
    return form.partition(">示例一店</option>")[0].rpartition('<option value="')[2].rstrip('"')


WRONG = {
    "caller_phone": "示例不是号码",
    "service_class": "no such class",
    "store": "-1",
    "content": "示例：类型都不对。",
    "called_at": "yesterday",
    "caller_name": "长" * 41,
}


def test_wrong_types_are_answered_field_by_field_with_what_was_typed(sandbox: Served, agent: Person) -> None:
    answer = agent.post(OPEN, {**WRONG, "key": "wrong-types"})
    assert answer.status == 422
    for name in ("caller_phone", "service_class", "store", "caller_name"):
        assert f'id="f-{name}-e"' in answer.text, name
    assert "示例：类型都不对。" in answer.text
    assert "示例不是号码" in answer.text
    assert kept(sandbox, "类型都不对") == []


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"service_class": ["query", "complaint"]},
        {"version": "１２", "seen": "1e9", "key": "k" * 5000},
        {"store": "9" * 400, "service_class": "complaint", "complaint_item": "service_quality"},
        {"content": b"\xff\xfe\x00\x81 \xed\xa0\x80"},
        {f"field{n}": "x" for n in range(900)},
    ],
    ids=["nothing", "two answers", "odd numbers", "a huge number", "no characters", "many fields"],
)
def test_no_input_breaks_a_form(agent: Person, values: dict[str, Any]) -> None:
    answer = agent.post(OPEN, {**ENQUIRY, **values} if values else {})
    assert answer.status in (302, 422), answer.text[:300]


@pytest.mark.parametrize("path", [OPEN, FILE])
def test_ten_megabytes_of_text_are_refused_in_words(sandbox: Served, agent: Person, visitor: Person, path: str) -> None:
    person = agent if path == OPEN else visitor
    answer = person.post(
        path, {**ENQUIRY, **complaint("示例：很长。" + "长" * (10 * MEGABYTE // 3)), "key": "ten-megabytes"}
    )
    assert answer.status in (400, 413, 422)
    assert "内容太多" in text_of(answer.text) or "最多" in text_of(answer.text)
    assert kept(sandbox, "示例：很长。") == []


def test_a_text_over_the_limit_says_the_limit_and_comes_back_whole(sandbox: Served, visitor: Person) -> None:
    words = "示例：超过上限。" + "长" * LONGEST
    answer = visitor.post(FILE, complaint(words, key="too-long"))
    assert answer.status == 422
    assert "5000" in text_of(answer.text).replace(",", "")
    assert words in answer.text
    assert kept(sandbox, "超过上限") == []


def test_control_characters_go_and_everything_a_reader_sees_stays(sandbox: Served, visitor: Person) -> None:
    words = "示例\x00控\x08制\u202e字\u200b符\r\n第二行 👩‍👩‍👧 <b>粗</b> &amp; 🏮"
    assert visitor.post(FILE, complaint(words, key="control-characters")).status == 302
    found = kept(sandbox, "第二行")
    assert [case["data"]["portal_request"]["content"] for case in found] == [
        "示例控制字符\n第二行 👩‍👩‍👧 <b>粗</b> &amp; 🏮"
    ]
    assert "&lt;b&gt;粗&lt;/b&gt; &amp;amp; 🏮" in visitor.get("/portal/case").text


def picture(kind: str = "PNG") -> bytes:
    target = io.BytesIO()
    Image.new("RGB", (40, 30), (200, 210, 220)).save(target, kind)
    return target.getvalue()


BAD_FILES = {
    "a picture that is none": ("示例.png", b"<script>alert(1)</script>", "不是图片"),
    "a page that says it is a picture": ("示例.jpg", b"<!doctype html><html><body>x</body></html>", "不是图片"),
    "thirty megabytes": ("示例大图.jpg", b"\xff\xd8\xff\xe0" + b"\0" * (30 * MEGABYTE), "超过 10 MB"),
    "an empty file": ("示例空.jpg", b"", "空"),
    "a program": ("示例.exe", b"MZ\x90\x00\x03" + b"\0" * 200, "类型不支持"),
    "a drawing with a script": (
        "示例.svg", b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "不是图片"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_refused_in_words_and_the_form_comes_back(sandbox: Served, visitor: Person, name: str) -> None:
    file, content, words = BAD_FILES[name]
    answer = visitor.post(FILE, complaint(f"示例：附上{name}。", key=name), {"pictures": (file, content)})
    assert answer.status == 422, answer.text[:500]
    assert words in text_of(answer.text)
    assert f"示例：附上{name}。" in answer.text
    assert kept(sandbox, f"附上{name}") == []


@pytest.mark.parametrize(
    "name", ["\u200b.htaccess", ".\u200bhtaccess", "..\\..\\.htaccess", "../../../etc/.htaccess", "CON.png"]
)
def test_a_dangerous_name_becomes_a_harmless_one(sandbox: Served, visitor: Person, name: str) -> None:
    words = f"示例：名字{abs(hash(name))}。"
    answer = visitor.post(FILE, complaint(words, key=f"name-{abs(hash(name))}"), {"pictures": (name, picture())})
    assert answer.status == 302, text_of(answer.text)
    names = kept(sandbox, words)[0]["files"]
    assert len(names) == 1
    assert names[0].isprintable()
    assert not names[0].startswith(".")
    assert not set(names[0]) & set("/\\\u200b")
    assert names[0].endswith(".png")


def test_a_stored_file_is_given_out_so_that_it_can_do_nothing(sandbox: Served, visitor: Person) -> None:
    html = b"<!doctype html><script>document.title='hacked'</script>"
    answer = visitor.post(FILE, complaint("示例：网页当文本。", key="html-as-text"), {"pictures": ("示例.html", html)})
    if answer.status == 422:
        assert "不支持" in text_of(answer.text)
        return
    page = visitor.get("/portal/case").text
    place = page.partition('href="/portal/case/file/')[2].partition('"')[0]
    given = visitor.get(f"/portal/case/file/{place}")
    assert given.headers["Content-Type"].startswith("text/plain")
    assert given.headers["Content-Disposition"].startswith("attachment")
    assert given.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in given.headers["Content-Security-Policy"]


def test_identity_in_a_header_or_in_the_form_does_nothing(sandbox: Served, visitor: Person) -> None:
    request_headers = {"X-Forwarded-User": "admin", "Remote-User": "admin", "X-User": "admin"}
    visitor.opener.addheaders = list(request_headers.items())
    assert visitor.get("/desk").status == 302
    assert visitor.get("/administration").status in (302, 404)
    answer = visitor.post(
        FILE, complaint("示例：我是管理员。", key="identity", owner="1", is_sample="true", stage="closed")
    )
    assert answer.status == 302
    assert [case["data"].keys() for case in kept(sandbox, "我是管理员")] == [{"portal_request": 1}.keys()]


def test_a_body_that_breaks_off_is_answered(agent: Person) -> None:
    import http.client

    cookies = "; ".join(f"{cookie.name}={cookie.value}" for cookie in agent.cookies)
    connection = http.client.HTTPConnection("127.0.0.1", agent.product.port, timeout=30)
    headers = {"Cookie": cookies, "Content-Type": "multipart/form-data; boundary=x", "X-CSRFToken": agent.token()}
    connection.request("POST", OPEN, b'--x\r\nContent-Disposition: form-data; name="content"\r\n\r\nhalf', headers)
    assert connection.getresponse().status in (400, 403, 422)
    connection.close()


def test_a_clock_that_is_asked_nonsense_says_so(sandbox: Served) -> None:
    person = Person(sandbox)
    for body in (
        b"",
        b"[]",
        b'{"at": "tomorrow"}',
        b'{"advance": "-2h"}',
        b'{"at": "1999-01-01T00:00:00+08:00"}',
        b"\xff",
    ):
        import urllib.request

        answer = person._open(urllib.request.Request(f"{sandbox.url}/api/sandbox/clock", body))
        assert answer.status == 400, body
        assert json.loads(answer.text)["error"]
