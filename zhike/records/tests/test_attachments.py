"""Files people send: taken, refused, held, bound once, given out safely. Every file is made here."""

import hashlib
import io
import threading
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.test import TransactionTestCase

from zhike.journal.models import Fact
from zhike.records.access import (
    AttachmentIsHeld,
    NoSuchAttachment,
    attachments_of,
    disposition,
    download_headers,
    open_attachment,
)
from zhike.records.attachments import (
    LIMITS,
    AttachmentRefused,
    Limits,
    bind_attachments,
    discard_unbound,
    place_of,
    store_attachment,
)
from zhike.records.forms import FormRefused, check_form
from zhike.records.models import Attachment
from zhike.records.tests.world import AGENT, BOOK, NOW, STRANGER, at, photo

EICAR = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}" + b"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
CASE = ("case", 7)


@pytest.fixture(autouse=True)
def files(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = tmp_path / "files"
    return settings.MEDIA_ROOT


def store(content=None, name="现场.jpg", by=AGENT, **more) -> Attachment:
    return store_attachment(photo() if content is None else content, name, by=by, now=NOW, **more)


def refusal(content, name="现场.jpg", **more) -> AttachmentRefused:
    with pytest.raises(AttachmentRefused) as refused:
        store(content, name, **more)
    return refused.value


def kept_files(root: Path) -> list[str]:
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_file())


@pytest.mark.django_db
def test_a_picture_is_kept_under_its_digest_and_nowhere_else(files):
    content = photo()
    attachment = store(content)
    digest = hashlib.sha256(content).hexdigest()
    assert kept_files(files) == [f"{digest[:2]}/{digest}"]
    assert place_of(digest).read_bytes() == content
    assert (attachment.name, attachment.media_type, attachment.size) == ("现场.jpg", "image/jpeg", len(content))
    assert len(attachment.token) == 43
    assert (attachment.subject_kind, attachment.held) == ("", "")


@pytest.mark.django_db
def test_a_stream_is_read_like_bytes():
    assert store(io.BytesIO(photo("PNG")), "a.png").media_type == "image/png"


@pytest.mark.django_db
def test_the_same_picture_twice_is_stored_once_and_has_two_tokens(files):
    one, two = store(), store(by=STRANGER)
    assert len(kept_files(files)) == 1
    assert one.token != two.token


@pytest.mark.django_db
def test_what_is_wrong_with_a_file_is_said_with_what_to_do(files):
    assert refusal(b"").words.zh == "“现场.jpg”是空文件。请重新选择。"
    assert refusal(b"not a picture").words.zh == "“现场.jpg”不是图片。请上传 JPG、PNG、GIF 或 WebP 图片。"
    assert refusal(photo()[:300]).words.zh == "“现场.jpg”已损坏，打不开。请重新拍摄或截图后再上传。"
    large = refusal(b"\0" * (30 * 1024 * 1024))
    assert (large.code, large.words.zh) == (
        "too_large",
        "“现场.jpg”超过 10 MB。请压缩后再上传，或换一个小一些的文件。",
    )
    assert large.words.en == "“现场.jpg” is larger than 10 MB. Send a smaller one."
    assert refusal(b"MZ\x90\0" + b"\0" * 99, "setup.exe").code == "not_accepted"
    assert refusal(b"\0\0\0\x18ftypheic" + b"\0" * 60, "IMG_1.HEIC").code == "heic"
    assert kept_files(files) == []
    assert Attachment.objects.count() == 0


@pytest.mark.django_db
def test_a_drawing_with_a_script_is_no_picture_and_text_is_saved_as_text():
    svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
    assert refusal(svg, "logo.svg").code == "not_a_picture"
    page = store(b"<script>alert(1)</script>", "page.html")
    assert (page.media_type, page.name) == ("text/plain", "page.html.txt")


@pytest.mark.django_db
def test_a_portal_may_take_pictures_only():
    assert refusal(b"hello", "a.txt", limits=Limits(pictures_only=True)).code == "not_a_picture"
    assert refusal(b"%PDF-1.7", "a.pdf", limits=Limits(pictures_only=True)).code == "not_a_picture"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("\u200b.htaccess", "htaccess.jpg"),
        ("../../etc/cron.d/job", "job.jpg"),
        ("报价\u202egpj.exe", "报价gpj.exe.jpg"),
        ("con.jpg", "_con.jpg"),
        ("收据\r\nX: 1.JPG", "收据X_ 1.JPG"),
        ("", "file.jpg"),
        ("长" * 300 + ".jpg", "长" * 116 + ".jpg"),
    ],
)
def test_a_name_is_cleaned_and_fits_the_content(sent, kept):
    assert store(name=sent).name == kept


@pytest.mark.django_db
def test_the_scanners_test_file_is_held(files):
    attachment = store(b"harmless\n" + EICAR, "bill.txt")
    assert attachment.held == "eicar"
    with pytest.raises(AttachmentIsHeld):
        open_attachment(attachment.token, lambda _: True)
    with pytest.raises(AttachmentRefused) as refused, transaction.atomic():
        bind_attachments([attachment.token], subject=CASE, by=AGENT)
    assert refused.value.code == "held"
    assert Fact.objects.get().type == "attachment.held"
    with pytest.raises(FormRefused) as form:
        check_form(BOOK, "ticket", {"pictures": [attachment.token]}, facts={}, now=NOW, actor=AGENT)
    assert form.value.errors["pictures"].zh == "有附件被安全检查拦下，请删除它后再提交。"


@pytest.mark.django_db
def test_the_test_string_is_found_across_the_edge_of_two_reads():
    assert store(b"a" * (256 * 1024 - 20) + EICAR, "log.txt").held == "eicar"


@pytest.mark.django_db
def test_files_are_bound_to_one_subject_in_the_order_given():
    one, two = store(), store(photo("PNG"), "b.png")
    bound = bind_attachments([two.token, one.token, two.token], subject=CASE, by=AGENT)
    assert [row.pk for row in bound] == [two.pk, one.pk]
    assert [row.pk for row in attachments_of(CASE)] == [one.pk, two.pk]
    assert bind_attachments([one.token], subject=CASE, by=AGENT)[0].subject_id == 7


@pytest.mark.django_db
@pytest.mark.parametrize("why", ["bound elsewhere", "unknown", "junk", "somebody else's"])
def test_a_file_that_is_not_ones_own_to_bind_is_refused_and_nothing_is_bound(why):
    own = store()
    other = store(photo("PNG"), "b.png", by=STRANGER if why == "somebody else's" else AGENT)
    if why == "bound elsewhere":
        bind_attachments([other.token], subject=("case", 8), by=AGENT)
    token = {"unknown": "x" * 43, "junk": "\x00' --"}.get(why, other.token)
    with pytest.raises(AttachmentRefused) as refused, transaction.atomic():
        bind_attachments([own.token, token], subject=CASE, by=AGENT)
    assert refused.value.code == "gone"
    assert attachments_of(CASE) == []


@pytest.mark.django_db
def test_what_was_uploaded_before_signing_in_can_be_bound_by_the_customer():
    attachment = store(by="anonymous")
    assert bind_attachments([attachment.token], subject=CASE, by="customer:9")[0].subject_kind == "case"


@pytest.mark.django_db
def test_ten_files_are_too_many_for_one_action():
    tokens = [f"{n:043}" for n in range(LIMITS.files + 1)]
    with pytest.raises(AttachmentRefused) as refused:
        bind_attachments(tokens, subject=CASE, by=AGENT)
    assert refused.value.words.zh == "最多 9 个文件，请删减后再提交。"


@pytest.mark.django_db
def test_a_file_comes_only_through_its_gate_and_every_denial_looks_alike():
    attachment = store()
    with open_attachment(attachment.token, lambda a: a.uploaded_by == AGENT).stream as stream:
        assert stream.read() == photo()
    for token, gate in [
        (attachment.token, lambda _: False),
        ("x" * 43, lambda _: True),
        ("../../x", lambda _: True),
        ("", lambda _: True),
        ("\x00" * 43, lambda _: True),
    ]:
        with pytest.raises(NoSuchAttachment):
            open_attachment(token, gate)


@pytest.mark.django_db
def test_a_link_in_the_place_of_a_file_is_not_followed(tmp_path):
    attachment = store()
    place = place_of(attachment.digest)
    place.unlink()
    (tmp_path / "secret").write_text("secret")
    place.symlink_to(tmp_path / "secret")
    with pytest.raises(OSError):
        open_attachment(attachment.token, lambda _: True)


@pytest.mark.django_db
def test_a_form_takes_ones_own_files_and_those_it_had_before():
    own, others = store(), store(photo("PNG"), "b.png", by=STRANGER)
    assert check_form(BOOK, "ticket", {"pictures": own.token}, facts={}, now=NOW, actor=AGENT) == {
        "pictures": [own.token]
    }
    with pytest.raises(FormRefused):
        check_form(BOOK, "ticket", {"pictures": [others.token]}, facts={}, now=NOW, actor=AGENT)
    had = {"ticket.pictures": [others.token]}
    kept = check_form(BOOK, "ticket", {"pictures": [others.token, own.token]}, facts=had, now=NOW, actor=AGENT)
    assert kept == {"pictures": [others.token, own.token]}


@pytest.mark.django_db
def test_only_a_verified_picture_may_be_shown_and_everything_else_is_saved():
    picture, text = store(name='a"b\r\n现.jpg'), store(b"hello", "a.txt")
    assert download_headers(picture, inline_picture=True)["Content-Disposition"].startswith("inline; ")
    assert download_headers(picture)["Content-Disposition"].startswith("attachment; ")
    assert download_headers(text, inline_picture=True)["Content-Disposition"].startswith("attachment; ")
    for headers in (download_headers(picture, inline_picture=True), download_headers(text)):
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in headers["Content-Security-Policy"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert not any("\r" in value or "\n" in value for value in headers.values())


def test_a_name_is_sent_in_ascii_and_in_utf_8():
    assert disposition("attachment", '现场"\\%.jpg') == (
        "attachment; filename=\"_____.jpg\"; filename*=UTF-8''%E7%8E%B0%E5%9C%BA%22%5C%25.jpg"
    )


@pytest.mark.django_db
def test_what_nobody_used_is_thrown_away_after_a_day_unless_another_row_needs_it(files):
    used, unused = store(), store()
    alone = store(photo("PNG"), "b.png")
    bind_attachments([used.token], subject=CASE, by=AGENT)
    assert discard_unbound(at("2025-06-11 09:30")) == 0
    assert discard_unbound(at("2025-06-11 09:31")) == 2
    assert set(Attachment.objects.values_list("pk", flat=True)) == {used.pk}
    assert kept_files(files) == [str(place_of(used.digest).relative_to(files))]
    assert not place_of(alone.digest).exists()
    assert unused.digest == used.digest


@pytest.mark.django_db
def test_a_full_disk_is_said_and_leaves_nothing_behind(files, monkeypatch):
    import errno
    import os

    def full(_descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert refusal(photo()).code == "no_room"
    assert kept_files(files) == []
    assert Attachment.objects.count() == 0


class TwoAtOnce(TransactionTestCase):
    def test_one_file_is_bound_by_one_of_two_who_try(self):
        attachment = store_attachment(photo(), "a.jpg", by=AGENT, now=NOW)
        gate, outcomes = threading.Barrier(2), []

        def bind(number: int) -> None:
            try:
                gate.wait(10)
                with transaction.atomic():
                    bind_attachments([attachment.token], subject=("case", number), by=AGENT)
                outcomes.append("bound")
            except AttachmentRefused as refused:
                outcomes.append(refused.code)
            finally:
                connection.close()

        threads = [threading.Thread(target=bind, args=(number,)) for number in (1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert sorted(outcomes) == ["bound", "gone"]
