"""What a form takes, what it refuses, and what it says then."""

import json

import pytest
from django.http import QueryDict

from zhike.lib.one_way import is_sealed, opens
from zhike.org.models import Department, Staff
from zhike.records.forms import FormRefused, check_form, file_tokens, first_values, parse_post
from zhike.records.models import ReferenceRow
from zhike.records.tests.world import AGENT, BOOK, NOW, at

pytestmark = pytest.mark.django_db


def check(record="ticket", *, facts=None, gated_fields=(), **values):
    return check_form(BOOK, record, values, facts=facts or {}, now=NOW, actor=AGENT, gated_fields=gated_fields)


def errors_of(record="ticket", *, language="zh", **more):
    with pytest.raises(FormRefused) as refused:
        check(record, **more)
    return {name: text.say(language) for name, text in refused.value.errors.items()}


def test_a_secret_is_kept_sealed_and_stays_sealed_when_it_is_kept_again():
    kept = check(pin=" Sample-123 ")["pin"]
    assert (is_sealed(kept), "Sample" in kept) == (True, False)
    assert (opens("Sample-123", kept), opens("Sample-124", kept)) == (True, False)
    assert check(pin=kept)["pin"] == kept


KEPT = [
    ("caller", " 王\t小明 ", "王 小明"),
    ("caller", 42, "42"),
    ("words", "<b>不满意</b>\r\n😡\x00", "<b>不满意</b>\n😡"),
    ("times", "３", 3),
    ("times", "1.0", 1),
    ("times", 7, 7),
    ("share", "1,250.50", "1250.50"),
    ("share", 0.5, "0.5"),
    ("loss", "¥1,280", "1280.00"),
    ("loss", 12.5, "12.50"),
    ("satisfied", "false", False),
    ("satisfied", "是", True),
    ("satisfied", True, True),
    ("sort", "complaint", "complaint"),
    ("topics", ["job", "price", "job"], ["price", "job"]),
    ("topics", "job", ["job"]),
    ("day", "2025-06-10", "2025-06-10"),
    ("day", "2025年6月1日", "2025-06-01"),
    ("day", at("2025-06-10 23:30"), "2025-06-10"),
    ("clock", "9:05", "09:05"),
    ("clock", "23:59:30", "23:59:30"),
    ("called_at", "2025-06-10 09:30", "2025-06-10T09:30:00+08:00"),
    ("called_at", "2025-06-10T09:30:01", "2025-06-10T09:30:01+08:00"),
    ("called_at", "2025-06-10T01:30:00Z", "2025-06-10T09:30:00+08:00"),
    ("called_at", at("2025-06-10 09:30"), "2025-06-10T09:30:00+08:00"),
    ("mobile", "138 0013 8000", "+8613800138000"),
    ("mail", "Wang@Example.COM", "Wang@example.com"),
    ("card", "11010519491231002x", "11010519491231002X"),
    ("ticket", "FW250610-000012", "FW250610-000012"),
    ("agreed_by", "on", {"by": AGENT, "at": "2025-06-10T09:30:00+08:00", "roles": [], "in_person": True}),
    ("period", "2025-06-01/2025-06-10", {"from": "2025-06-01", "to": "2025-06-10"}),
    ("extras", {"颜色": "红", "空": ""}, {"颜色": "红"}),
    ("ballot", [{"by": "甲", "vote": "yes"}, {"by": "", "vote": ""}], [{"by": "甲", "vote": "yes"}]),
    ("second", "03:25", "03:25"),
    ("code", "AB1234", "AB1234"),
]


@pytest.mark.parametrize(("name", "sent", "kept"), KEPT)
def test_a_value_is_kept_in_one_shape(name, sent, kept):
    assert check(**{name: sent}) == {name: kept}
    json.dumps(kept)


REFUSED = [
    ("caller", "长" * 201, "最多 200 个字，现在有 201 个；请删减后再提交。"),
    ("caller", ["王"], "这里只能填写文字。"),
    ("caller", {"$ne": ""}, "这里只能填写文字。"),
    ("words", "长" * 20_001, "最多 20,000 个字，现在有 20,001 个；请删减后再提交。"),
    ("words", True, "这里只能填写文字。"),
    ("times", "3.5", "请填写整数，例如 3。"),
    ("times", "很多", "请填写整数，例如 3。"),
    ("times", True, "请填写整数，例如 3。"),
    ("times", "9" * 5000, "请填写整数，例如 3。"),
    ("times", 100, "不能大于 99，请改正。"),
    ("times", -1, "不能小于 0，请改正。"),
    ("share", "1e400", "请填写数字，小数最多六位，例如 12.5。"),
    ("share", float("nan"), "请填写数字，小数最多六位，例如 12.5。"),
    ("loss", "12.345", "请填写金额，最多两位小数，例如 1280.00。"),
    ("loss", "-1", "不能小于 0，请改正。"),
    ("satisfied", "maybe", "请选择“是”或“否”。"),
    ("sort", "complaint'; DROP TABLE", "没有这个选项，请从列表中选择。"),
    ("sort", {"id": "query"}, "这里只能填写文字。"),
    ("topics", ["price", "weather"], "没有这个选项，请从列表中选择。"),
    ("day", "2025-02-30", "请填写日期，例如 2025-06-10。"),
    ("day", "0001-01-01", "请填写日期，例如 2025-06-10。"),
    ("clock", "25:00", "请填写时间，例如 14:30。"),
    ("called_at", "2025-06-10", "请填写日期和时间，例如 2025-06-10 14:30。"),
    ("called_at", "9999-12-31T23:59:59-12:00", "请填写日期和时间，例如 2025-06-10 14:30。"),
    ("mobile", "1380013800", "电话号码不对，请填写 11 位手机号，或带区号的座机号，例如 0571-88881234。"),
    ("mail", "nobody", "邮箱地址不对，请检查后重填，例如 name@example.com。"),
    ("card", "110105194912310021", "身份证号不对，请核对 18 位号码。"),
    ("store", "no-such-store", "没有这个部门，请从列表中选择。"),
    ("store", 10**30, "没有这个部门，请从列表中选择。"),
    ("colleague", "nobody", "没有这位员工，请从列表中选择。"),
    ("buyer", "999999", "没有这位顾客，请重新查找。"),
    ("ticket", "../etc", "没有这张工单，请核对工单号。"),
    ("outlet", "没有的店", "目录中没有这一条，请从列表中选择。"),
    ("goods", "一张表", "表格内容不完整，请刷新页面后重填。"),
    ("goods", [{"name": "x"}] * 201, "最多 200 行，请删减后再提交。"),
    ("pictures", ["x" * 43] * 1, "附件已失效或不是您上传的，请重新上传。"),
    ("pictures", ["../../secret"], "附件不对，请重新上传。"),
    ("pictures", [f"{n:043}" for n in range(10)], "最多 9 个文件，请删减后再提交。"),
    ("agreed_by", "staff:6", "签名须由本人办理，不能代签。"),
    ("agreed_by", {"by": "staff:6", "in_person": True}, "签名须由本人办理，不能代签。"),
    ("period", "2025-06-10/2025-06-01", "请填写起止日期，开始不晚于结束，例如 2025-06-01 至 2025-06-10。"),
    ("ballot", [{"by": "甲", "vote": "perhaps"}], "每人一票：同意、反对或弃权，最多 100 票。"),
    ("second", "soon", "请填写时间位置，例如 03:25。"),
    ("code", "ab12", "“code栏”的格式不对，请检查后重填。"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "sent", "words"), REFUSED)
def test_a_wrong_value_is_refused_with_what_to_do(name, sent, words):
    assert errors_of(**{name: sent}) == {name: words}


def test_ten_megabytes_of_text_are_refused_unread():
    assert errors_of(words="长" * 10_000_000) == {"words": "最多 20,000 个字，现在有 10,000,000 个；请删减后再提交。"}


def test_every_error_is_told_at_once_and_in_both_languages():
    told = errors_of(language="en", times="x", mobile="y", sort="z", caller="fine")
    assert told == {
        "times": "Write a whole number, for example 3.",
        "mobile": "This is no phone number. Write a mobile number of 11 digits, or a landline with its area code.",
        "sort": "There is no such choice. Choose one of the list.",
    }


def test_unknown_fields_are_never_kept():
    assert check(caller="王", is_admin=True, owner=1, approved_by="staff:1", __class__="x") == {"caller": "王"}


def test_what_is_no_form_is_refused():
    with pytest.raises(FormRefused) as refused:
        check_form(BOOK, "ticket", ["a"], facts={}, now=NOW, actor=AGENT)
    assert list(refused.value.errors) == [""]


def test_a_missing_required_field_is_named():
    assert errors_of("complaint", language="zh") == {"sort": "请选择“sort栏”。", "mobile": "请填写“mobile栏”。"}


def test_blanks_and_invisible_characters_are_no_answer():
    assert errors_of("complaint", sort="query", mobile="  ")["mobile"] == "请填写“mobile栏”。"
    assert check(caller="\u200b\x00", words=" \n ") == {}


def test_a_field_whose_absence_a_clause_refuses_is_left_to_the_clause():
    assert errors_of("complaint", gated_fields={"sort"}) == {"mobile": "请填写“mobile栏”。"}


def test_a_condition_makes_a_field_required():
    base = {"sort": "complaint", "mobile": "13800138000"}
    assert errors_of("complaint", **base) == {"item": "请填写“item栏”。"}
    assert errors_of("complaint", facts={"loss_known": True}, **base | {"item": "x"}) == {"claim": "请填写“claim栏”。"}


def test_a_hidden_field_is_dropped_with_everything_that_hangs_on_it():
    kept = check("complaint", sort="query", mobile="13800138000", item="藏着的", detail="也藏着")
    assert "item" not in kept
    assert "detail" not in kept


def test_a_wrong_value_in_a_hidden_field_is_nobodys_problem():
    assert "item" not in check("complaint", sort="query", mobile="13800138000", item=["wrong"])


def test_a_value_of_the_case_does_not_stand_in_for_a_field_of_this_form():
    kept = check("complaint", facts={"sort": "complaint", "item": "旧"}, sort="query", mobile="13800138000", item="x")
    assert "item" not in kept


def test_a_reason_is_accepted_instead_of_a_value_where_the_handbook_says_so():
    kept = check("complaint", sort="query", mobile__absent="顾客不愿留号码")
    assert kept["mobile__absent"] == "顾客不愿留号码"


def test_a_choice_that_asks_for_words_gets_them_or_is_refused():
    base = {"mobile": "13800138000", "sort": "other"}
    assert errors_of("complaint", **base) == {"sort": "选择“其他”时请补充说明。"}
    assert check("complaint", **base, sort__explain="问路")["sort__explain"] == "问路"


def test_a_value_that_contradicts_another_is_refused():
    base = {"mobile": "13800138000", "sort": "query", "had": 3}
    assert errors_of("complaint", **base, used=4) == {"used": "“used栏”与其他内容不一致，请核对后改正。"}
    assert check("complaint", **base, used=3)["used"] == 3


def test_a_default_counts_only_when_nothing_was_sent():
    base = {"sort": "query", "mobile": "13800138000"}
    assert check("complaint", **base)["level"] == 1
    assert "level" not in check("complaint", **base, level="")


def test_automatic_fields_are_filled_here_and_never_taken_from_outside():
    kept = check(
        "complaint", facts={"case.round": 3}, sort="query", mobile="13800138000",
        written_at="1999-01-01 00:00", written_by="staff:1", round="99",
    )  # fmt: skip
    assert kept["written_at"] == "2025-06-10T09:30:00+08:00"
    assert kept["written_by"] == AGENT
    assert kept["round"] == 3


def test_what_may_only_grow_grows_by_what_is_new():
    base = {"sort": "query", "mobile": "13800138000"}
    facts = {"complaint.log": "九点来电"}
    assert check("complaint", facts=facts, **base, log="十点回电")["log"] == "九点来电\n十点回电"
    assert check("complaint", facts=facts, **base, log="九点来电\n十点回电")["log"] == "九点来电\n十点回电"
    assert check("complaint", facts=facts, **base, log="")["log"] == "九点来电"


def test_a_table_tells_errors_by_row_and_column_and_passes_over_empty_rows():
    told = errors_of(goods=[{"name": "箱", "count": "1"}, {"name": "", "count": ""}, {"name": "", "count": "0"}])
    assert told == {"goods__2__name": "请填写“name栏”。", "goods__2__count": "不能小于 1，请改正。"}
    assert check(goods=[{"name": "箱", "count": "1", "price": "9"}, {}]) == {"goods": [{"name": "箱", "count": 1}]}


def test_a_table_of_megabytes_is_refused_unread():
    assert list(errors_of(goods=[{"name": "长" * 2000}] * 150)) == ["goods"]


def test_the_second_signature_keeps_the_first_until_anything_is_edited():
    first = check("receipt", content="账户资料一份", delivered_by="on")
    facts = {f"receipt.{name}": value for name, value in first.items()}

    def as_receiver(**values):
        return check_form(BOOK, "receipt", values, facts=facts, now=NOW, actor="staff:6")

    both = as_receiver(content="账户资料一份", received_by="on")
    assert (both["delivered_by"]["by"], both["received_by"]["by"]) == (AGENT, "staff:6")
    edited = as_receiver(content="账户资料两份", received_by="on")
    assert "delivered_by" not in edited


def test_a_department_is_found_by_id_or_code_and_must_be_of_its_kind():
    store = Department.objects.create(code="east", name="东店", kind="store")
    office = Department.objects.create(code="office", name="总部", kind="headquarters")
    assert check(store="east") == check(store=str(store.pk)) == check(store=store.pk) == {"store": store.pk}
    assert errors_of(store=office.pk) == {"store": "没有这个部门，请从列表中选择。"}
    Department.objects.filter(pk=store.pk).update(is_active=False)
    assert list(errors_of(store="east")) == ["store"]


def test_a_colleague_is_found_by_id_principal_or_user_name():
    wang = Staff.objects.create(username="wang", name="示例王")
    assert check(colleague="wang") == check(colleague=f"staff:{wang.pk}") == check(colleague=wang.pk)
    assert check(party=f"staff:{wang.pk}") == {"party": f"staff:{wang.pk}"}


def test_a_row_of_a_directory_is_found_by_id_or_by_a_label_nobody_shares():
    def add(label, **more):
        return ReferenceRow.objects.create(
            handbook=BOOK.name, record="outlet", label=label, values={}, updated_at=NOW, updated_by=AGENT, **more
        )

    east = add("东店")
    add("西店")
    add("西店")
    add("旧店", is_active=False)
    assert check(outlet="东店") == check(outlet=east.pk) == {"outlet": east.pk}
    assert list(errors_of(outlet="西店")) == list(errors_of(outlet="旧店")) == ["outlet"]


def test_a_posted_page_becomes_the_values_of_the_form():
    posted = QueryDict(
        "caller=王&topics=price&topics=job&goods__0__name=箱&goods__0__count=2&goods__10__name=袋&goods__2__name="
        "&goods__x__name=no&satisfied=false&period__from=2025-06-01&period__to=2025-06-02&evil=1&sort=other"
        "&sort__explain=问路&ballot__0__by=甲&ballot__0__vote=yes"
    )
    values = parse_post(BOOK.record("ticket"), posted)
    assert values == {
        "caller": "王",
        "topics": ["price", "job"],
        "goods": [{"name": "箱", "count": "2"}, {"name": ""}, {"name": "袋"}],
        "satisfied": "false",
        "period": {"from": "2025-06-01", "to": "2025-06-02"},
        "sort": "other",
        "sort__explain": "问路",
        "ballot": [{"by": "甲", "vote": "yes"}],
    }
    assert check(**values)["goods"] == [{"name": "箱", "count": 2}, {"name": "袋"}]


def test_an_empty_form_offers_defaults():
    assert first_values(BOOK, "complaint", {}) == {"level": 1}


def test_the_files_of_a_form_are_listed_for_binding():
    assert file_tokens(BOOK, "ticket", {"pictures": ["a", "b"], "caller": "x"}) == ["a", "b"]
