"""A mail made to hurt, read in Chromium: as text first, as it was sent in a frame that can do nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Request, expect

from tests.people import Somebody, somebody
from tests.served import Served

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.embedded]

COMES = """
import datetime
from zhike.channels.email.models import Mailbox
from zhike.channels.email.receiving import take
from zhike.channels.email.tests.ground import mailbox_of
from zhike.channels.email.tests.letters import PNG, part, parts
from zhike.conversations.tests.ground import installed
from zhike.org.models import Assignment, HandbookVersion, Staff
if not HandbookVersion.objects.filter(name="talk").exists():
    installed()
Assignment.objects.get_or_create(staff=Staff.objects.get(username="agent2"), handbook="talk", role="agent")
html, at = sys.argv[1:3]
picture = part("image/png", PNG, "Content-ID: <p@x>", 'Content-Disposition: inline; filename="p.png"', how="base64")
body = parts(part("text/html; charset=utf-8", html.encode()), picture, kind="related")
box = mailbox_of("journey@zhike.example")
box.inbox.is_active = False
box.inbox.save(update_fields=["is_active"])
taken = take(box, body, now=datetime.datetime.fromisoformat(at))
print(json.dumps(taken.row.pk))
"""
HURTS = """<style>@import url(https://bad.example.com/a.css); body { background: url(https://bad.example.com/b.png) }</style>
<base href="https://bad.example.com/"><meta http-equiv="refresh" content="0; url=https://bad.example.com/c">
<script>top.hurt = 1; fetch("https://bad.example.com/d")</script><svg onload="top.hurt = 2"><script>top.hurt = 3</script></svg>
<img src="x" onerror="top.hurt = 4"><iframe src="https://bad.example.com/e"></iframe><object data="https://bad.example.com/f"></object>
<form action="https://bad.example.com/g"><input name="password" autofocus onfocus="top.hurt = 5"><button>OK</button></form>
<link rel="stylesheet" href="https://bad.example.com/h.css"><video src="https://bad.example.com/i.mp4" autoplay></video>
<p style="position:fixed;inset:0;background-image:url(https://bad.example.com/j.png);color:#8a1f11" onmouseover="top.hurt = 6">words</p>
<img src="cid:p@x" alt="along"><img src="http://pictures.example.com/k.png" alt="elsewhere"><img src="http://10.0.0.1/l.png">
<a href="javascript:top.hurt = 7">one</a> <a href="https://shop.example.com/">two</a>"""


@pytest.fixture
def reader(browser: Browser, sandbox: Served) -> Iterator[tuple[Somebody, int]]:
    number = sandbox.run(COMES, HURTS, sandbox.clock()["now"])
    with somebody(browser, sandbox) as person:
        yield person.sign_in("agent2"), number


def test_a_mail_made_to_hurt_does_nothing_and_fetches_what_the_reader_asked_for(reader: tuple[Somebody, int]) -> None:
    person, number = reader
    page, asked = person.page, list[str]()

    def note(request: Request) -> None:
        if not request.url.startswith((person.product.url, "data:")):
            asked.append(request.url)

    page.on("request", note)
    picture = {"status": 200, "content_type": "image/png", "body": b""}
    page.context.route("**/*.example.com/**", lambda route: route.fulfill(**picture))  # type: ignore[arg-type]
    person.go(f"/mail/{number}")
    person.sees("words")
    expect(page.locator("iframe")).to_have_count(0)
    page.get_by_role("link", name="原样").click()
    frame = page.frame_locator("iframe.ml-frame")
    expect(frame.locator("p")).to_have_css("color", "rgb(138, 31, 17)")
    assert frame.get_by_alt_text("along").evaluate("it => it.naturalWidth") > 0
    expect(frame.locator("script, form, input, iframe, object, svg, link, video, base")).to_have_count(0)
    assert page.frames[1].evaluate("self.origin") == "null"
    assert (page.evaluate("window.hurt ?? 0"), asked) == (0, [])
    person.picture("mail-as-sent")
    page.get_by_role("link", name="加载外部图片").click()
    person.sees("正在从外部服务器读取 1 张图片")
    expect(frame.get_by_alt_text("elsewhere")).to_have_attribute("src", "https://pictures.example.com/k.png")
    assert set(asked) == {"https://pictures.example.com/k.png"}
