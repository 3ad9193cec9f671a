"""Whatever comes is read, as far as it can be; nothing is dropped and nothing takes long."""

# ruff: noqa: E501 - a mail a line
from __future__ import annotations

import random
import subprocess
import sys

import pytest

from zhike.channels.email.cleaning import with_files
from zhike.channels.email.parsing import parse
from zhike.channels.email.tests.carried import CARRIED
from zhike.channels.email.tests.letters import PNG, Letter, headed, labelled, parts, rarer, subjects
from zhike.channels.email.tests.nasty import NASTY
from zhike.channels.email.tests.shapes import SHAPES
from zhike.lib.names import clean_file_name

LETTERS = [*labelled(), *rarer(), *subjects(), *SHAPES, *CARRIED, *NASTY]


def test_there_are_more_than_five_hundred_kinds_of_mail() -> None:
    assert len(LETTERS) > 500
    assert len({letter.name for letter in LETTERS}) == len(LETTERS)


@pytest.mark.parametrize("letter", LETTERS, ids=lambda letter: letter.name)
def test_a_mail_is_read(letter: Letter) -> None:
    mail = parse(letter.raw)
    if letter.exact and (letter.words or not letter.subject):
        assert mail.words == letter.words
    assert letter.words in mail.words
    assert mail.subject == letter.subject or not letter.subject
    assert mail.sender.address == letter.sender or not letter.sender
    if letter.exact:
        assert tuple(file.name for file in mail.files) == letter.files
    assert len([note for note in mail.notes if "发件人" not in note.zh]) == letter.notes
    assert not [word for word in letter.absent if word in mail.html]
    assert all(clean_file_name(file.name) for file in mail.files)


def test_the_same_mail_has_the_same_digest_by_whichever_way_it_came() -> None:
    one = headed("Message-ID: <a@x>", "Received: by one", body=b"hello\r\n")
    two = headed("Received: by two", "Message-ID: <a@x>", body=b"hello\n\n")
    other = headed("Message-ID: <a@x>", body=b"something else")
    assert parse(one).digest == parse(two).digest != parse(other).digest


@pytest.mark.parametrize("seed", range(40))
def test_a_mail_with_bytes_changed_cut_and_doubled_is_still_read(seed: int) -> None:
    chance = random.Random(seed)
    raw = bytearray(chance.choice(LETTERS).raw[:20_000])
    for _ in range(chance.randrange(1, 30)):
        place = chance.randrange(len(raw) + 1)
        match chance.randrange(3):
            case 0:
                raw[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                del raw[place : place + chance.randrange(40)]
            case _:
                raw[place:place] = raw[: chance.randrange(80)]
    assert parse(bytes(raw)).digest


WEAPONS = {
    "headers": b"From: a@b\r\nSubject: " + b"=?utf-8?B?YQ==?= " * 60_000 + b"\r\n\r\nx",
    "addresses": b"From: " + b"a@b," * 60_000 + b"\r\nTo: " + b'"(((((' * 60_000 + b"\r\n\r\nx",
    "references": b"From: a@b\r\nReferences: " + b"<a@b>" * 60_000 + b"\r\n\r\nx",
    "quotes": b"From: a@b\r\n\r\n" + b"> " * 2_000_000,
    "introductions": b"From: a@b\r\n\r\n" + b"On Monday \n" * 300_000,
    "senders": b"From: a@b\r\n\r\n" + "发件人：x\n".encode() * 300_000,
    "html depth": b"From: a@b\r\nContent-Type: text/html\r\n\r\n" + b"<blockquote><div>" * 300_000,
    "html tags": b"From: a@b\r\nContent-Type: text/html\r\n\r\n" + b"<a href=x <b " * 400_000,
    "boundaries": b"From: a@b\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n" + b"--a\r\n" * 2_000_000,
    "parameters": b"From: a@b\r\nContent-Type: multipart/mixed; boundary=a; "
    + b"x*0=1;" * 60_000
    + b"\r\n\r\n--a\r\n\r\nx",
    "continuations": b"From: a@b\r\nContent-Disposition: attachment; "
    + b"".join(b"filename*%d=a;" % n for n in range(9999))
    + b"\r\n\r\nx",
    "accents": b"From: a@b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n"
    + "é".encode()
    + "\u0301".encode() * 1_000_000,
    "calendar": b"From: a@b\r\nContent-Type: text/calendar\r\n\r\n" + b"SUMMARY:x\r\n " * 400_000,
    "large": b"From: a@b\r\nContent-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + b"UEsDBAAA" * 4_500_000,
    "large words": b"From: a@b\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    + b"=E4=BD=A0" * 3_500_000,
}
MEASURE = """
import resource, sys, time
from zhike.channels.email.parsing import parse
raw = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
began = time.process_time()
parse(raw)
print(time.process_time() - began, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024)
"""


@pytest.mark.parametrize("name", sorted(WEAPONS))
def test_a_mail_made_to_hurt_takes_less_than_five_seconds_and_256_megabytes(name: str) -> None:
    """Processor time of a process of its own, with its code and the mail's own bytes loaded before."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], input=WEAPONS[name], capture_output=True, timeout=120, check=True
    )
    seconds, megabytes = map(float, done.stdout.split())
    assert seconds < 5
    assert megabytes < 256


def test_pictures_that_came_along_are_shown_and_those_elsewhere_are_not() -> None:
    raw = headed(
        "Content-Type: text/html; charset=utf-8",
        body=b'<p>x</p><img src="cid:a@b" alt="one"><img src="cid:gone" alt="two"><img src="https://t.example/p.gif" alt="three">',
    )
    mail = parse(raw)
    stored = with_files(mail.html, {"a@b": "T" * 43})
    assert mail.blocked == 1
    assert stored == f'<p>x</p><img data-file="{"T" * 43}" alt="one">[two]<img alt="three">'


@pytest.mark.parametrize(
    ("html", "words"),
    [
        ("<div>一</div><div>二</div><div><br></div><div>三<br></div><div>四</div>", "一\n二\n\n三\n四"),
        ("<p>一</p><p>二<br>三</p>四", "一\n\n二\n三\n\n四"),
        ("<ul><li>一</li><li>二</li></ul>", "- 一\n- 二"),
        ("<table><tr><td>型号</td><td>K-2</td></tr><tr><td>数量</td><td>1</td></tr></table>", "型号 K-2\n数量 1"),
        ("<pre>一  二\n\n三</pre>", "一  二\n\n三"),
        ("<div>谢谢</div><blockquote><div>一</div><div>二</div></blockquote>", "谢谢"),
    ],
)
def test_the_text_of_html_has_the_lines_its_reader_saw(html: str, words: str) -> None:
    mail = parse(headed("Content-Type: text/html; charset=utf-8", body=html.encode()))
    assert mail.words == words


def test_nobody_writes_the_mark_of_a_stored_picture_himself() -> None:
    raw = headed("Content-Type: text/html", body=f'<img data-file="{"T" * 43}" alt="x">'.encode())
    assert "data-file" not in with_files(parse(raw).html, {})


def test_a_report_says_which_mail_did_not_arrive() -> None:
    status = b"Reporting-MTA: dns; mx.example.com\r\n\r\nFinal-Recipient: rfc822; guke@example.com\r\nAction: failed\r\nStatus: 5.1.1\r\nDiagnostic-Code: smtp; 550 5.1.1 No such user\r\n"
    raw = parts(
        b"Content-Type: text/plain\r\n\r\nYour mail could not be delivered.",
        b"Content-Type: message/delivery-status\r\n\r\n" + status,
        b"Content-Type: text/rfc822-headers\r\n\r\nMessage-ID: <z.1.2.abc@example.org>\r\nSubject: x",
        kind="report", more="; report-type=delivery-status",
    )  # fmt: skip
    report = parse(raw).report
    assert report is not None
    assert (report.action, report.status, report.why, report.recipient, report.about) == (
        "failed", "5.1.1", "550 5.1.1 No such user", "guke@example.com", ("z.1.2.abc@example.org",),
    )  # fmt: skip


def test_a_picture_of_the_letters_is_one() -> None:
    assert PNG.startswith(b"\x89PNG")
