"""What mails carry: files under names written in every way, pictures, calendars, signatures, winmail.dat."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import base64
from collections.abc import Iterator

from zhike.channels.email.tests.letters import HELLO, HTML, PNG, Letter, headed, part, parts, tnef_of, word

HERE = "正文在此"
NAME = "示例清单.txt"

EVENT = "BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nSUMMARY:示例上门检\r\n 修\r\nDTSTART;TZID=Asia/Shanghai:20250303T093000\r\nDTEND:20250303T103000Z\r\nLOCATION:示例路1号\\, 2楼\r\nEND:VEVENT\r\nEND:VCALENDAR"

SAID = "[日程邀请] 示例上门检修，2025-03-03 09:30 - 2025-03-03 10:30 UTC，示例路1号, 2楼"


def _percent(text: str, charset: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode(charset))


def names() -> Iterator[Letter]:
    """The name of a file, as senders write it."""
    here, name = HERE, NAME
    for title, said in (
        ("RFC 2231", f"attachment; filename*=utf-8''{_percent(name, 'utf-8')}"),
        ("RFC 2231 in GBK", f"attachment; filename*=gbk''{_percent(name, 'gbk')}"),
        (
            "RFC 2231 in pieces",
            f"attachment; filename*0*=utf-8''{_percent(name, 'utf-8')[:12]}; filename*1*={_percent(name, 'utf-8')[12:]}",
        ),
        ("encoded word", f'attachment; filename="{word(name)}"'),
        ("encoded word in GBK", f'attachment; filename="{word(name, "gbk")}"'),
        ("eight bits", f'attachment; filename="{name}"'),
        ("name only", "attachment"),
    ):
        kind = f'application/octet-stream; name="{word(name)}"' if title == "name only" else "application/octet-stream"
        yield Letter(
            f"file name: {title}",
            parts(HELLO, part(kind, b"x", f"Content-Disposition: {said}", how="base64")),
            here,
            files=(name,),
        )


CARRIED: list[Letter] = [
    *names(),
    Letter(
        "file name of a path",
        parts(HELLO, part("text/csv", b"x", 'Content-Disposition: attachment; filename="../../etc/passwd"')),
        HERE,
        files=("../../etc/passwd",),
    ),
    Letter(
        "file without a name",
        parts(HELLO, part("application/pdf", b"%PDF-1.4", how="base64")),
        HERE,
        files=("附件.pdf",),
    ),
    Letter(
        "inline picture",
        parts(
            part(HTML, '<p>正文在此</p><img src="cid:p1@x">'.encode()),
            part("image/png", PNG, "Content-ID: <p1@x>", how="base64"),
            kind="related",
        ),
        HERE,
        files=("附件.png",),
    ),
    Letter(
        "picture inside the HTML",
        headed(
            f"Content-Type: {HTML}",
            body=f'<p>正文在此</p><img src="data:image/png;base64,{base64.b64encode(PNG).decode()}">'.encode(),
        ),
        HERE,
        files=("data-1.png",),
        absent=("data:",),
    ),
    Letter(
        "script in HTML",
        headed(
            f"Content-Type: {HTML}",
            body='<p onclick=x()>正文在此</p><script>alert(1)</script><img src=http://a/x.png><a href="javascript:x">l</a><style>p{}</style><iframe src=//e></iframe><form action=/x><input></form>'.encode(),
        ),
        "正文在此\n\nl",
        absent=("script", "onclick", "javascript", "http://a", "style", "iframe", "form", "input"),
    ),
    Letter(
        "TNEF",
        parts(
            HELLO,
            part(
                "application/ms-tnef",
                tnef_of((NAME, b"inside"), ("b.txt", b"two")),
                'Content-Disposition: attachment; filename="winmail.dat"',
                how="base64",
            ),
        ),
        HERE,
        files=(NAME, "b.txt"),
    ),
    Letter("TNEF that holds the words", parts(part("application/ms-tnef", tnef_of(body=HERE), how="base64")), HERE),
    Letter(
        "TNEF broken off",
        parts(HELLO, part("application/ms-tnef", tnef_of((NAME, b"inside" * 99))[:80], how="base64")),
        HERE,
        files=("附件.dat",),
    ),
    Letter(
        "no TNEF at all",
        parts(
            HELLO, part("application/ms-tnef", b"something", 'Content-Disposition: attachment; filename="winmail.dat"')
        ),
        HERE,
        files=("winmail.dat",),
    ),
    Letter(
        "calendar",
        parts(HELLO, part("text/calendar; charset=utf-8", EVENT.encode()), kind="alternative"),
        f"{HERE}\n\n{SAID}",
    ),
    Letter(
        "calendar as a file",
        parts(
            HELLO, part("text/calendar; charset=utf-8; name=i.ics", EVENT.encode(), "Content-Disposition: attachment")
        ),
        f"{HERE}\n\n{SAID}",
        files=("i.ics",),
    ),
    Letter(
        "signed by S/MIME",
        parts(HELLO, part("application/pkcs7-signature; name=smime.p7s", b"\x30\x82", how="base64"), kind="signed"),
        HERE,
    ),
    Letter(
        "signed by PGP",
        parts(HELLO, part("application/pgp-signature", b"-----BEGIN PGP SIGNATURE-----"), kind="signed"),
        HERE,
    ),
    Letter(
        "encrypted",
        headed(
            "Content-Type: application/pkcs7-mime; smime-type=enveloped-data",
            "Content-Transfer-Encoding: base64",
            body=base64.b64encode(b"\x30\x82xx"),
        ),
        notes=1,
    ),
    Letter(
        "a mail attached",
        parts(HELLO, part("message/rfc822", headed("Subject: 里面", body="里面的话".encode()))),
        "里面的话",
        exact=False,
    ),
    Letter(
        "a mail attached in base64",
        parts(HELLO, part("message/rfc822", headed(body="里面的话".encode()), how="base64")),
        "里面的话",
        exact=False,
    ),
    Letter(
        "the same file twice",
        parts(HELLO, *[part("text/plain; name=a.txt", b"x", "Content-Disposition: attachment")] * 2),
        HERE,
        files=("a.txt", "a.txt"),
    ),
    Letter(
        "eighty files",
        parts(HELLO, *[part("text/plain; name=a.txt", b"x", "Content-Disposition: attachment")] * 80),
        HERE,
        files=("a.txt",) * 50,
        notes=1,
    ),
]
