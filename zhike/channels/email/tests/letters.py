"""Mails as the world writes them, made by code: every charset under every label, and every shape a part can take. All of it is made up (示例)."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import base64
import quopri
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

TEXTS = (
    "您好，我上周买的示例水壶漏水，想申请退货，请问怎么办理？",
    "订单 20250303-01 已付款三天，还没有发货。请尽快查一下，谢谢！",
    "第一行\n第二行：发票抬头请改为“示例公司”\n第三行",
    "Hello，麻烦把说明书发给我。My phone is 010-5555-0101。",
)
CHARSETS = ("gb18030", "utf-8")
LABELS = (
    "right",
    "gb2312",
    "gbk",
    "x-gbk",
    "iso-gb2312",
    "cp936",
    "us-ascii",
    "iso-8859-1",
    "unknown-8bit",
    "x-nonsense",
    '"',
    "",
)
"""What a sender says of his charset; `right` is the truth, "" nothing."""
TRANSFERS = ("8bit", "base64", "base64 without padding", "quoted-printable")


@dataclass(frozen=True)
class Letter:
    """A raw mail and what must be read in it."""

    name: str
    raw: bytes
    words: str = ""
    """Stands in the words, exactly where `exact`."""
    subject: str = ""
    sender: str = ""
    files: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    """Must not stand in the HTML."""
    exact: bool = True
    notes: int = field(default=0)


def headed(*lines: str | bytes, body: bytes = b"", sender: str = "From: guke@example.com") -> bytes:
    """Headers in UTF-8 where they are text, then the body."""
    heads = [line if isinstance(line, bytes) else line.encode() for line in (sender, *lines)]
    return b"\r\n".join([*heads, b"", b""]) + body


def transferred(data: bytes, how: str) -> bytes:
    if how == "base64":
        return base64.encodebytes(data).replace(b"\n", b"\r\n")
    if how == "base64 without padding":
        return base64.b64encode(data).rstrip(b"=") + b"\r\n"
    if how == "quoted-printable":
        return quopri.encodestring(data)
    return data


def labelled() -> Iterator[Letter]:
    """Plain mails: text x charset x label x transfer encoding."""
    for number, text in enumerate(TEXTS):
        for charset in CHARSETS:
            for label in LABELS:
                said = charset if label == "right" else label
                kind = f"Content-Type: text/plain; charset={said}" if said else "Content-Type: text/plain"
                for how in TRANSFERS:
                    lines = [kind, f"Content-Transfer-Encoding: {how.partition(' ')[0]}"]
                    body = transferred(text.encode(charset), how)
                    yield Letter(
                        f"text {number} in {charset} called {label or 'nothing'} as {how}",
                        headed(*lines, body=body),
                        text,
                    )


def rarer() -> Iterator[Letter]:
    """Charsets that are met rarely, rightly labelled."""
    chinese = TEXTS[0]
    traditional = "您好，我想查詢訂單的進度，謝謝。"
    for label in ("big5", "big5-hkscs", "cp950", "x-x-big5"):
        yield Letter(f"{label}", _plain(label, traditional.encode("big5hkscs")), traditional)
    for label in ("hz-gb-2312", "hz"):
        yield Letter(f"{label}", _plain(label, chinese.encode("hz")), chinese)
    yield Letter("hz without a label", _plain("", chinese.encode("hz")), chinese)
    shifted = b"\x1b$)A\x0e" + bytes(byte & 0x7F for byte in "您好，退货".encode("gb2312")) + b"\x0f ok"
    yield Letter("iso-2022-cn", _plain("iso-2022-cn", shifted), "您好，退货 ok")
    for label, text in (("utf-16", chinese), ("utf-16le", chinese), ("utf-16be", chinese), ("utf-32", chinese)):
        yield Letter(f"{label} in base64", _plain(label, base64.b64encode(text.encode(label)), "base64"), text)
    yield Letter("utf-8 with a mark", _plain("utf-8", b"\xef\xbb\xbf" + chinese.encode()), chinese)
    for label, text in (
        ("iso-2022-jp", "こんにちは、返品したいです。"),
        ("shift_jis", "返品をお願いします。"),
        ("euc-kr", "반품하고 싶습니다."),
    ):
        yield Letter(label, _plain(label, text.encode(label)), text)
    for label, text in (("iso-8859-1", "Je voudrais être remboursé, s'il vous plaît."), ("windows-1252", "It’s “broken” – refund?"), ("koi8-r", "Верните деньги, пожалуйста."), ("windows-1251", "Верните деньги, пожалуйста.")):  # fmt: skip
        yield Letter(label, _plain(label, text.encode(label if label != "iso-8859-1" else "latin-1")), text)
    yield Letter(
        "a rare character of GB 18030", _plain("gb2312", "我姓𠮷，住在龘镇。".encode("gb18030")), "我姓𠮷，住在龘镇。"
    )
    yield Letter("the last character cut in two", _plain("utf-8", chinese.encode()[:-1]), chinese[:-1], exact=False)
    for label in ("hex", "rot13", "zlib", "unicode_escape", "idna", "undefined", "utf-7", "../../etc", "x" * 300):
        yield Letter(
            f"a charset called {label[:20]}", _plain(label, b"plain words \\u0041 +ADw-"), "plain words \\u0041 +ADw-"
        )


def _plain(label: str, data: bytes, how: str = "8bit") -> bytes:
    kind = f"Content-Type: text/plain; charset={label}" if label else "Content-Type: text/plain"
    return headed(kind, f"Content-Transfer-Encoding: {how}", body=data)


def word(text: str, charset: str = "utf-8", how: str = "B") -> str:
    data = text.encode(charset)
    coded = base64.b64encode(data).decode() if how == "B" else "".join(f"={byte:02X}" for byte in data)
    return f"=?{charset}?{how}?{coded}?="


def subjects() -> Iterator[Letter]:
    """Headers: encoded, half encoded, cut, in eight bits."""
    subject = "关于订单的投诉与建议"
    data = subject.encode()
    coded = base64.b64encode(data).decode()
    for cut in range(1, 12):
        yield Letter(f"encoded words cut after {cut} bytes", _subject(f"=?utf-8?B?{base64.b64encode(data[:cut]).decode()}?=\r\n =?utf-8?B?{base64.b64encode(data[cut:]).decode()}?="), subject=subject)  # fmt: skip
        yield Letter(
            f"base64 itself cut after {cut} letters",
            _subject(f"=?utf-8?B?{coded[:cut]}?= =?utf-8?B?{coded[cut:]}?="),
            subject=subject,
        )
    gb = subject.encode("gbk")
    for cut in (1, 3, 5, 7):
        left, right = ("".join(f"={byte:02X}" for byte in half) for half in (gb[:cut], gb[cut:]))
        yield Letter(
            f"quoted words cut after {cut} bytes",
            _subject(f"=?gb2312?Q?{left}?= =?gb2312?Q?{right}?="),
            subject=subject,
        )
    for charset in ("utf-8", "gbk", "gb18030", "gb2312"):
        yield Letter(f"subject in {charset}", _subject(word(subject, charset)), subject=subject)
        yield Letter(f"quoted subject in {charset}", _subject(word(subject, charset, "q")), subject=subject)
        yield Letter(f"eight-bit subject in {charset}", headed(b"Subject: " + subject.encode(charset)), subject=subject)
        yield Letter(
            f"a language on the word, {charset}",
            _subject(f"=?{charset}*zh?B?{base64.b64encode(subject.encode(charset)).decode()}?="),
            subject=subject,
        )
    yield Letter("words of an unknown charset", _subject(f"=?x-none?B?{coded}?="), subject=subject)
    yield Letter("wrongly called latin", _subject(f"=?iso-8859-1?B?{base64.b64encode(gb).decode()}?="), subject=subject)
    yield Letter(
        "without padding", _subject(f"=?utf-8?B?{base64.b64encode(b'abcd').decode().rstrip('=')}?="), subject="abcd"
    )
    yield Letter("plain before and behind", _subject(f"Re: {word('订单')} 42"), subject="Re: 订单 42")
    yield Letter(
        "two charsets beside each other", _subject(f"{word('订单')} {word('投诉', 'gbk')}"), subject="订单投诉"
    )
    yield Letter("broken word", _subject("=?utf-8?B?!!!?= =?utf-8?X?abc?="), subject="=?utf-8?X?abc?=")
    yield Letter("folded", _subject("one\r\n two\r\n\tthree"), subject="one two three")
    yield Letter("with an injected line", _subject("one\x0btwo\x00\u202ethree"), subject="one twothree")
    for sender, address in SENDERS:
        yield Letter(f"sender {sender[:30]!r}", headed("Subject: x", body=b"hi", sender=sender), "hi", sender=address)


SENDERS = (
    ("From: =?gb2312?B?1cXI/Q==?= <Guke@Example.COM>", "guke@example.com"),
    ('From: "=?utf-8?B?5byg5LiJ?=" <guke@example.com>', "guke@example.com"),
    ("From: 张三 guke@example.com", "guke@example.com"),
    ("From: guke@example.com (张三)", "guke@example.com"),
    ("From: <guke@example.com", "guke@example.com"),
    ("From: guke@example.com, other@example.com", "guke@example.com"),
    ("From: 张,三 <guke@example.com>", "guke@example.com"),
    ("From:\r\n guke@example.com", "guke@example.com"),
    ("Sender: guke@example.com", "guke@example.com"),
    ("From: nobody\r\nReply-To: guke@example.com", "guke@example.com"),
    ("From: undisclosed", "unknown@invalid"),
    ("X-None: 1", "unknown@invalid"),
    ("From: a@b@c <guke@example.com>", "guke@example.com"),
    ("From: " + "x" * 40_000, "unknown@invalid"),
)


def _subject(value: str) -> bytes:
    return headed(f"Subject: {value}", body=b"")


def parts(
    *pieces: bytes,
    boundary: str = "b0",
    kind: str = "mixed",
    said: str | None = None,
    close: bool = True,
    more: str = "",
) -> bytes:
    """A multipart mail; `said` where the header names another boundary than stands in the body."""
    body = b"".join(f"--{boundary}\r\n".encode() + piece + b"\r\n" for piece in pieces) + (
        f"--{boundary}--\r\n".encode() if close else b""
    )
    name = boundary if said is None else said
    return headed(f'Content-Type: multipart/{kind}; boundary="{name}"{more}', body=body)


def part(kind: str, data: bytes, *more: str, how: str = "8bit") -> bytes:
    lines = [f"Content-Type: {kind}", f"Content-Transfer-Encoding: {how}", *more]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + transferred(data, how)


PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
PLAIN, HTML = "text/plain; charset=utf-8", "text/html; charset=utf-8"
HELLO = part(PLAIN, "正文在此".encode())


def tnef_of(*files: tuple[str, bytes], body: str = "") -> bytes:
    """A winmail.dat."""

    def attribute(level: int, name: int, value: bytes) -> bytes:
        return struct.pack("<BLL", level, name, len(value)) + value + struct.pack("<H", sum(value) & 0xFFFF)

    found = struct.pack("<LH", 0x223E9F78, 1) + attribute(1, 0x00069007, struct.pack("<LL", 936, 0))
    if body:
        found += attribute(1, 0x0002800C, body.encode("gbk") + b"\0")
    for name, data in files:
        long_name = name.encode("utf-16-le") + b"\0\0"
        properties = struct.pack("<L", 1) + b"\x1f\x00\x07\x37" + struct.pack("<LL", 1, len(long_name)) + long_name
        found += attribute(2, 0x00069002, b"\0" * 14) + attribute(2, 0x00018010, b"SHORT~1.TXT\0")
        found += attribute(2, 0x0006800F, data) + attribute(2, 0x00069005, properties)
    return found
