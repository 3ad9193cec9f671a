"""What parts a mail has, and how they are broken."""

from __future__ import annotations

import base64

from zhike.channels.email.tests.letters import HELLO, HTML, PLAIN, Letter, headed, part, parts

HERE = "正文在此"


def _nested(depth: int) -> bytes:
    raw = headed("Subject: 0", body="最里面".encode())
    for number in range(depth):
        raw = headed(f"Subject: {number + 1}", "Content-Type: message/rfc822", body=raw)
    return raw


def _deep(depth: int) -> bytes:
    piece = HELLO
    for number in range(depth):
        piece = part(
            f'multipart/mixed; boundary="n{number}"',
            f"--n{number}\r\n".encode() + piece + f"\r\n--n{number}--".encode(),
        )
    return headed("Subject: deep").rstrip(b"\r\n") + b"\r\n" + piece


SHAPES: list[Letter] = [
    Letter("empty mail", b""),
    Letter("only an empty line", b"\r\n"),
    Letter("only headers", b"From: guke@example.com\r\nSubject: x", sender="guke@example.com", subject="x"),
    Letter(
        "line ends of Unix", headed("Subject: x", body="正文在此\n二".encode()).replace(b"\r\n", b"\n"), "正文在此\n二"
    ),
    Letter("line ends of old Macs", b"From: guke@example.com\r\rwords", "words", exact=False),
    Letter("of an mbox file", b"From guke Mon Mar  3 09:00:00 2025\r\n" + headed(body=b"words"), "words"),
    Letter("mixed", parts(HELLO), HERE),
    Letter("never closed", parts(HELLO, close=False), HERE),
    Letter("another boundary in the header", parts(HELLO, said="nowhere"), HERE),
    Letter("no boundary in the header", parts(HELLO, said=""), HERE),
    Letter("a boundary with odd characters", parts(HELLO, boundary="=_(x)+.*?[a]"), HERE),
    Letter("blanks behind the boundary", parts(HELLO).replace(b"--b0\r\n", b"--b0  \r\n"), HERE),
    Letter(
        "words before and behind the parts",
        parts(HELLO).replace(b"\r\n\r\n--b0", b"\r\n\r\nnot mine\r\n--b0", 1) + b"epilogue",
        HERE,
    ),
    Letter("an empty part", parts(part(PLAIN, b""), HELLO, b"", b"\r\n"), HERE),
    Letter("a part without headers", parts(b"\r\n" + HERE.encode()), HERE),
    Letter(
        "nested boundary begins alike",
        parts(part('multipart/mixed; boundary="b0x"', b"--b0x\r\n" + HELLO + b"\r\n--b0x--")),
        HERE,
    ),
    Letter("alternative", parts(HELLO, part(HTML, "<p>正文在此</p>".encode()), kind="alternative"), HERE),
    Letter(
        "alternative with an empty text",
        parts(part(PLAIN, b" \r\n"), part(HTML, "<p>正文在此</p>".encode()), kind="alternative"),
        HERE,
    ),
    Letter("HTML alone", headed(f"Content-Type: {HTML}", body="<div>正文在此</div>".encode()), HERE),
    Letter(
        "HTML without a label, with a meta",
        headed(
            "Content-Type: text/html",
            body="<html><head><meta charset=gbk><title>t</title></head><body>正文在此</body>".encode("gbk"),
        ),
        HERE,
    ),
    Letter(
        "text and HTML one below the other", parts(HELLO, part(HTML, "<p>第二段</p>".encode())), "正文在此\n\n第二段"
    ),
    Letter("digest", parts(b"\r\n" + headed("Subject: in", body=HERE.encode()), kind="digest"), HERE, exact=False),
    Letter("nested forwards", _nested(4), "最里面", exact=False),
    Letter("a hundred nested forwards", _nested(100), "转发的邮件", exact=False, notes=1),
    Letter("three hundred nested parts", _deep(300), notes=1),
    Letter("ten thousand parts", parts(*([HELLO] * 10_000)), HERE, exact=False, notes=1),
    Letter("a megabyte of headers", headed("X-Long: " + "x" * 1_000_000, body=b"words"), "", exact=False),
    Letter("fifty thousand headers", headed(*["X-A: b"] * 50_000, body=b"words"), "", exact=False),
    Letter(
        "header without a colon",
        b"From: guke@example.com\r\nnonsense here\r\nSubject: x\r\n\r\nwords",
        "words",
        exact=False,
    ),
    Letter("no kind at all", headed("Content-Type: ", body=HERE.encode()), HERE),
    Letter("an impossible kind", headed("Content-Type: text", body=HERE.encode()), HERE),
    Letter("an unknown transfer encoding", headed("Content-Transfer-Encoding: x-none", body=HERE.encode()), HERE),
    Letter("NUL bytes", headed(f"Content-Type: {PLAIN}", body=b"a\x00b\x00c"), "abc"),
    Letter("only binary", bytes(range(256)) * 20, exact=False),
    Letter(
        "footer behind base64",
        headed(
            f"Content-Type: {PLAIN}",
            "Content-Transfer-Encoding: base64",
            body=base64.b64encode("正文在此啊".encode()) + b"=\r\n-- \r\nsent by a list",
        ),
        "正文在此啊",
    ),
    Letter(
        "base64 with strange characters",
        headed(f"Content-Type: {PLAIN}", "Content-Transfer-Encoding: base64", body=b"5q2j!5paH\r\n*5Zyo5q2k"),
        HERE,
    ),
    Letter(
        "broken quoted-printable",
        headed(f"Content-Type: {PLAIN}", "Content-Transfer-Encoding: quoted-printable", body=b"a =ZZ b =\r\nc ="),
        "a =ZZ b c",
        exact=False,
    ),
    Letter(
        "uuencoded",
        headed("Content-Transfer-Encoding: x-uuencode", body=b"begin 644 a.txt\n%:&5L;&\\ \n`\nend\n"),
        "hello",
        exact=False,
    ),
]
