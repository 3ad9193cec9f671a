"""Directories: who keeps them, who looks things up, and what the clauses say about it."""

import pytest

from zhike.handbook.book import Book
from zhike.journal.models import ClauseUse, Fact
from zhike.org.models import Department
from zhike.records.directory import (
    NoSuchRow,
    NotForYou,
    StaleRow,
    lookup,
    restore_row,
    retire_row,
    row_for,
    rows,
    save_row,
)
from zhike.records.forms import FormRefused
from zhike.records.tests.world import BOOK, HOTLINE, KEEPER, NOW, OUTSIDER, SUPERVISOR, at, viewer

pytestmark = pytest.mark.django_db
EAST = {
    "name": "东城店", "address": "示例路 1 号", "contact_phone": "0571-88881234", "district": "north", "rent": "9800",
    "counters": [{"counter": "家电", "phone": "13800138000"}],
}  # fmt: skip


def add(values=None, **changes):
    return save_row(BOOK, "outlet", {**(values or EAST), **changes}, by=KEEPER, now=NOW)


def look(topic="", record="answers", who=HOTLINE, **more):
    return lookup(BOOK, record, topic, who, NOW, version_id=3, **more)


def uses():
    return [(use.clause, use.outcome, use.holder, use.detail) for use in ClauseUse.objects.order_by("id")]


def test_of_entries_that_occur_once_a_second_in_use_is_refused_and_a_change_of_the_first_is_not() -> None:
    known = [r.model_copy(update={"unique": (("name",),)}) if r.id == "outlet" else r for r in BOOK.handbook.records]
    book = Book(BOOK.handbook.model_copy(update={"records": tuple(known)}), "")
    row = save_row(book, "outlet", EAST, by=KEEPER, now=NOW)
    with pytest.raises(FormRefused) as refused:
        save_row(book, "outlet", EAST, by=KEEPER, now=NOW)
    assert refused.value.errors["name"].zh == f"“outlet”按“name栏”只能有一份，“{row.label}”已经有了；请在那里更正。"
    save_row(book, "outlet", {**EAST, "address": "示例路2号"}, by=KEEPER, now=NOW, row_id=row.pk)
    retire_row(book, "outlet", row.pk, by=KEEPER, now=NOW)
    save_row(book, "outlet", EAST, by=KEEPER, now=NOW)


def test_a_keeper_adds_a_row_and_the_journal_tells():
    store = Department.objects.create(code="east", name="东城店", kind="store")
    row = add(store="east")
    assert (row.label, row.department_id, row.updated_by) == ("东城店", store.pk, "staff:8")
    assert row.values["contact_phone"] == "+8657188881234"
    assert row.values["updated_at"] == "2025-06-10T09:30:00+08:00"
    fact = Fact.objects.get()
    assert (fact.type, fact.subject_kind, fact.actor, fact.audience) == (
        "directory.row_added", "row", "staff:8", ["example-desk:keeper"],
    )  # fmt: skip


def test_nobody_else_changes_a_directory():
    row = add()
    for deed in (
        lambda: save_row(BOOK, "outlet", EAST, by=HOTLINE, now=NOW),
        lambda: save_row(BOOK, "outlet", EAST, by=HOTLINE, now=NOW, row_id=row.pk),
        lambda: retire_row(BOOK, "outlet", row.pk, by=HOTLINE, now=NOW),
        lambda: restore_row(BOOK, "outlet", row.pk, by=HOTLINE, now=NOW),
        lambda: rows(BOOK, "outlet", "", HOTLINE),
        lambda: row_for(BOOK, "outlet", row.pk, HOTLINE),
    ):
        with pytest.raises(NotForYou):
            deed()


def test_a_wrong_row_is_refused_like_any_form():
    with pytest.raises(FormRefused) as refused:
        save_row(BOOK, "outlet", {"contact_phone": "x"}, by=KEEPER, now=NOW)
    assert set(refused.value.errors) == {"name", "contact_phone"}


def test_an_edit_says_what_changed_and_keeps_secret_what_is_sensitive():
    row = add()
    save_row(
        BOOK, "outlet", {**EAST, "address": "新址", "rent": "1"}, by=KEEPER, now=at("2025-06-10 10:00"), row_id=row.pk
    )
    fact = Fact.objects.get(type="directory.row_edited")
    assert fact.payload["fields"] == ["address", "rent"]
    assert fact.payload["before"] == {"address": "示例路 1 号"}


def test_a_stale_page_does_not_save_over_a_colleagues_change():
    row = add()
    read_at = row.updated_at
    save_row(
        BOOK,
        "outlet",
        {**EAST, "address": "甲改"},
        by=KEEPER,
        now=at("2025-06-10 10:00"),
        row_id=row.pk,
        expected=read_at,
    )
    with pytest.raises(StaleRow):
        save_row(
            BOOK,
            "outlet",
            {**EAST, "address": "乙改"},
            by=KEEPER,
            now=at("2025-06-10 10:01"),
            row_id=row.pk,
            expected=read_at,
        )
    assert row_for(BOOK, "outlet", row.pk, KEEPER).values["address"] == "甲改"


def test_a_row_of_another_directory_does_not_exist_here():
    row = add()
    with pytest.raises(NoSuchRow):
        save_row(BOOK, "answers", {"topic": "price", "answer": "x"}, by=KEEPER, now=NOW, row_id=row.pk)
    with pytest.raises(NoSuchRow):
        row_for(BOOK, "answers", row.pk, KEEPER)


def test_a_retired_row_is_found_by_nobody_until_it_is_restored():
    row = add()
    retire_row(BOOK, "outlet", row.pk, by=KEEPER, now=NOW)
    retire_row(BOOK, "outlet", row.pk, by=KEEPER, now=NOW)
    assert rows(BOOK, "outlet", "", KEEPER) == []
    assert look(record="outlet").entries == ()
    assert [r.pk for r in rows(BOOK, "outlet", "", KEEPER, retired=True)] == [row.pk]
    restore_row(BOOK, "outlet", row.pk, by=KEEPER, now=NOW)
    assert len(look(record="outlet").entries) == 1
    assert list(Fact.objects.filter(type__startswith="directory").values_list("type", flat=True).order_by("id")) == [
        "directory.row_added", "directory.row_retired", "directory.row_restored",
    ]  # fmt: skip


@pytest.mark.parametrize("query", ["东城", "示例路 东城", "0571-8888", "88881234", "城北", ""])
def test_rows_are_found_by_words_numbers_and_titles(query):
    add()
    add(name="西城店", address="别处", contact_phone="0571-66661234", district="south")
    found = rows(BOOK, "outlet", query, KEEPER)
    assert "东城店" in [row.label for row in found]
    assert len(found) == (1 if query else 2)


@pytest.mark.parametrize("query", ["%", "_", "' OR 1=1 --", "\\", "9800.00", "没有"])
def test_a_search_takes_no_patterns_and_looks_into_no_closed_field(query):
    add()
    assert look(record="outlet", query=query).entries == ()


def test_pages_follow_each_other_without_gap_or_overlap():
    for name in ("丙店", "甲店", "乙店"):
        add(name=name)
    first = rows(BOOK, "outlet", "", KEEPER, limit=2)
    rest = rows(BOOK, "outlet", "", KEEPER, limit=2, after=(first[-1].label, first[-1].pk))
    assert len({row.pk for row in first + rest}) == 3


def test_a_lookup_shows_the_fields_the_clause_names_and_writes_that_it_applied():
    add()
    answer = look(record="outlet", query="东城")
    assert [field.id for field in answer.fields] == ["name", "address", "contact_phone", "district"]
    assert answer.entries[0].values == {
        "name": "东城店", "address": "示例路 1 号", "contact_phone": "+8657188881234", "district": "north",
    }  # fmt: skip
    assert answer.clauses == ("SVC-03",)
    assert uses() == [("SVC-03", "applied", "staff:5", {"record": "outlet", "topic": ""})]


def test_a_role_the_clause_does_not_name_is_refused_and_it_is_written():
    add()
    with pytest.raises(NotForYou) as refused:
        look(record="outlet", who=SUPERVISOR)
    assert (refused.value.clause, refused.value.words.zh) == ("SVC-03", "网点资料由热线使用。")
    assert uses() == [("SVC-03", "refused", "staff:7", {"record": "outlet", "topic": ""})]
    assert Fact.objects.filter(type="lookup.refused", actor="staff:7").count() == 1


def test_an_administrator_holds_no_key_to_a_lookup():
    from dataclasses import replace

    with pytest.raises(NotForYou):
        look(record="outlet", who=replace(OUTSIDER, is_admin=True))


def test_a_topic_is_answered_with_its_own_entries():
    for topic in ("price", "rumour"):
        save_row(BOOK, "answers", {"topic": topic, "answer": f"关于{topic}"}, by=KEEPER, now=NOW)
    answer = look("price")
    assert [entry.values["answer"] for entry in answer.entries] == ["关于price"]
    assert not answer.missing


def test_a_topic_outside_the_clause_is_refused():
    save_row(BOOK, "answers", {"topic": "rumour", "answer": "x"}, by=KEEPER, now=NOW)
    with pytest.raises(NotForYou) as refused:
        look("rumour")
    assert refused.value.words.en == "Only prices and jobs are answered."
    assert uses() == [("SVC-02", "refused", "staff:5", {"record": "answers", "topic": "rumour"})]


def test_a_topic_without_an_entry_leaves_a_finding_of_the_clause():
    answer = look("job", subject=("case", 7))
    assert answer.missing
    assert answer.entries == ()
    assert uses() == [("SVC-02", "applied", "staff:5", {"record": "answers", "topic": "job", "missing": True})]
    fact = Fact.objects.get(type="lookup.missing")
    assert (fact.subject_kind, fact.subject_id, fact.clauses) == ("case", 7, ["SVC-02"])
    assert fact.payload["findings"] == ["answer_missing"]
    assert fact.payload["notify"] == ["supervisor"]
    assert fact.audience == ["example-desk:keeper", "example-desk:supervisor"]


def test_an_answer_that_does_not_match_the_words_is_not_missing():
    save_row(BOOK, "answers", {"topic": "job", "answer": "招聘见官网"}, by=KEEPER, now=NOW)
    answer = look("job", query="没有这样的字")
    assert (answer.entries, answer.missing) == ((), False)


def test_a_directory_no_clause_speaks_of_is_open_to_the_lookup_screen():
    save_row(BOOK, "notices", {"title": "停业"}, by=KEEPER, now=NOW)
    assert [entry.label for entry in look(record="notices", who=SUPERVISOR).entries] == ["停业"]
    with pytest.raises(NotForYou):
        look(record="notices", who=OUTSIDER)
    assert uses() == []


def test_an_unnamed_role_of_another_handbook_opens_nothing():
    stranger = viewer("agent", 11)
    from dataclasses import replace

    stranger = replace(
        stranger, keys=frozenset({"staff:11", "other-desk:agent"}), roles=(("other-desk", "agent", None),)
    )
    with pytest.raises(NotForYou):
        look("price", who=stranger)
