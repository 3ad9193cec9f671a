"""Every problem the check knows, each with the handbook that has it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from zhike.handbook.load import HandbookRefused, examine, load
from zhike.handbook.tests.folder import (
    CLAUSES,
    GATE,
    LIMIT,
    MANIFEST,
    PLAIN,
    TEXT,
    URGENT,
    clause,
    examined,
    found,
    process,
    sound,
    with_clause,
    write,
)

DUTY: dict[str, Any] = clause(LIMIT, id="S-05", kind="duty", starts="action.register", owes="action.finish", until=None)
TARIFF: dict[str, Any] = clause(
    LIMIT, id="S-05", kind="tariff", yields="fee", on="action.register", base={"urgent": 2, "plain": 1}, by="kind",
    starts=None, until=None, holder=None, within=None,
)  # fmt: skip


def test_limits_counted_from_different_moments_are_two_questions(tmp_path: Path) -> None:
    dated = [{"id": name, "title": name, "type": "datetime"} for name in ("heard_at", "visit_at")]
    since, ahead = (clause(LIMIT, id=f"S-1{n}", **{key: f"ticket.{name}"}) for n, key, name in DATED)
    records = [{**TICKET, "fields": [*TICKET["fields"], *dated]}]
    assert examined(tmp_path, clauses=with_clause(since, ahead), records=records).errors == []


@pytest.mark.parametrize(
    ("wrong", "remedy"),
    [
        ({"options": {"weights": 5}}, "Did you mean weight?"),
        ({"options": {"no_answer": {"after": 2, "telling": True}}}, "Did you mean tell?"),
        ({"strategy": "least_loaded", "then": ["longest_idel"]}, "Did you mean longest_idle?"),
    ],
)
def test_what_a_strategy_is_told_has_known_keys_only(tmp_path: Path, wrong: dict[str, Any], remedy: str) -> None:
    pick = clause(PLAIN, id="S-15", on="conversation.queued", yields="agent", to=None, when=None, **wrong)
    assert [each.remedy.en for each in examined(tmp_path, clauses=with_clause(pick)).errors] == [remedy]


def test_a_table_needs_rows_for_what_its_condition_lets_through_only(tmp_path: Path) -> None:
    urgent = clause(TARIFF, base={"urgent": 2}, when={"kind": "urgent"})
    assert examined(tmp_path, clauses=with_clause(urgent)).errors == []


def test_a_sound_handbook_has_nothing_to_complain_about(tmp_path: Path) -> None:
    loaded = examined(tmp_path)
    assert loaded.errors == []
    assert loaded.warnings == []
    assert loaded.kinds == {"deadline": 1, "gate": 1, "route": 2}


def test_refusing_names_file_line_clause_and_remedy_in_both_languages(tmp_path: Path) -> None:
    wrong = write(tmp_path, clauses=with_clause(clause(LIMIT, holder="agnt"), without=("S-04",)))
    with pytest.raises(HandbookRefused) as refused:
        load(wrong)
    problem = refused.value.errors[0]
    assert (problem.code, problem.file, problem.clause) == ("role-unknown", "clauses.yaml", "S-04")
    assert "holder" in (wrong / "clauses.yaml").read_text().splitlines()[problem.line - 1]
    assert problem.say("zh").endswith("S-04: 没有名为“agnt”的岗位。是否应为“agent”？")
    assert problem.say("en").endswith("S-04: There is no agnt among the roles. Did you mean agent?")


def test_a_clause_may_ask_what_is_kept_of_the_customer(tmp_path: Path) -> None:
    loaded = examined(tmp_path, records=[TICKET, card(CLUB)], clauses=with_clause(BY_CLUB, without=("S-01",)))
    assert (loaded.errors, loaded.warnings) == ([], [])


def test_what_is_frozen_and_released_has_nothing_to_complain_about(tmp_path: Path) -> None:
    frozen = clause(
        LIMIT, breach=[{"freeze": "customer"}, {"freeze": "phone"}, {"unfreeze": "customer"}, {"unfreeze": "phone"}]
    )
    asked = clause(
        GATE,
        id="S-06",
        on="action.finish",
        scope="phone",
        requires={"facts": {"open_hold": {"ne": True}, "held.phone": {"ne": True}}},
    )
    loaded = examined(tmp_path, clauses=with_clause(frozen, asked, without=("S-04",)))
    assert (loaded.errors, loaded.warnings) == ([], [])


STAGES = MANIFEST["processes"][0]["stages"]
REGISTER, FINISH = MANIFEST["processes"][0]["actions"]
TALKED: dict[str, Any] = {
    "starts": "conversation.answered", "until": "conversation.asked", "breach": [{"act": "finish"}],
}  # fmt: skip
DATED = ((1, "since_fact", "heard_at"), (2, "before", "visit_at"))
KIND_FIELD = {"id": "kind", "title": "类", "type": "enum"}
GATE_ON_FINISH = clause(GATE, on="action.finish", requires={"facts": {"kind": "plain"}})
BY_PARAMETER = clause(LIMIT, within={"param": "limit"})
ONCE_TICKET = clause(GATE, id="S-06", kind="visibility", of="process.ticket", write_once=True, on=None, requires=None)
ONLY_FROM_NEW = {"id": "finish", "title": "办结", "by": "agent", "from": "new", "to": "done"}


def form(**changes: Any) -> list[dict[str, Any]]:
    """The ticket with only a choice, changed."""
    return [{"id": "ticket", "title": "工单", "fields": [{**KIND_FIELD, **changes}]}]


def card(*fields: dict[str, Any]) -> dict[str, Any]:
    """A record of what is kept of each customer."""
    return {"id": "about", "title": {"zh": "资料", "en": "About"}, "kind": "customer", "fields": list(fields)}


CLUB = {
    "id": "club", "title": {"zh": "会员卡", "en": "Club"}, "type": "enum",
    "choices": [{"id": "gold", "title": {"zh": "金卡", "en": "Gold"}}],
}  # fmt: skip
TICKET = MANIFEST["records"][0]
BY_CLUB = clause(GATE, when={"customer.club": "gold"})

UNCAPPED = clause(LIMIT, within=None, due={"fact": "today", "over_cap": "agent"})
CHARGED = clause(LIMIT, within=None, due={"event": "case.closed"}, charged_to="agent")

HELD: dict[str, Any] = {"on": "action.finish", "requires": {"facts": {"open_hold": {"ne": True}}}}


BROKEN: list[tuple[str, str, dict[str, Any]]] = [
    ("two-answers", "S-09", {"clauses": with_clause(clause(PLAIN, id="S-09", when={"vip": True}))}),
    ("two-answers", "S-09", {"clauses": with_clause(clause(LIMIT, id="S-09", within="2h"))}),
    ("two-answers", "S-09", {"clauses": with_clause(TARIFF, clause(TARIFF, id="S-09"))}),
    ("no-answer", "S-02", {"clauses": with_clause(without=("S-03",))}),
    ("table-incomplete", "S-05", {"clauses": with_clause(clause(TARIFF, base={"urgent": 2}))}),
    ("action-unknown", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"act": "finnish"}]), without=("S-04",))}),
    ("action-not-taken", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"act": "finish"}]), without=("S-04",))}),
    ("action-not-taken", "S-04", {"clauses": with_clause(clause(LIMIT, **TALKED), without=("S-04",))}),
    ("stage-unknown", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"reopen": "done"}]), without=("S-04",))}),
    ("field-unknown", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"freeze": "fone"}]), without=("S-04",))}),
    ("field-unknown", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"unfreeze": "vip"}]), without=("S-04",))}),
    ("freeze-no-end", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"freeze": "phone"}]), without=("S-04",))}),
    ("scope-incomplete", "S-01", {"clauses": with_clause(clause(GATE, scope="phone"), without=("S-01",))}),
    ("scope-incomplete", "S-01", {"clauses": with_clause(clause(GATE, **HELD), without=("S-01",))}),
    ("field-unknown", "S-01", {"clauses": with_clause(clause(GATE, **HELD, scope="fone"), without=("S-01",))}),
    ("reassign-cannot-act", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"reassign": "system"}]), without=("S-04",))}),
    ("reassign-cannot-act", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"reassign": "customer"}]), without=("S-04",))}),
    ("table-without-fact", "S-05", {"clauses": with_clause(clause(TARIFF, by=None))}),
    ("quote-not-in-section", "S-01", {"clauses": with_clause(clause(GATE, quote="登记要写明姓名。"), without=("S-01",))}),
    ("quote-not-in-section", "S-01", {"clauses": with_clause(clause(GATE, quote=""), without=("S-01",))}),
    ("section-missing", "S-01", {"clauses": with_clause(clause(GATE, cites="9"), without=("S-01",))}),
    ("section-missing", "8", {"unclaused": {"1": "说明用途", "8": "没有"}}),
    ("section-without-clause", "1", {"unclaused": {}}),
    ("section-twice", "2", {"text": TEXT + "\n## 2 又一节\n\n登记要写明电话。\n"}),
    ("reason-empty", "1", {"unclaused": {"1": " "}}),
    ("role-unknown", "ticket", {"processes": process(stages=[*STAGES[:2], {**STAGES[2], "holder": "nobody"}])}),
    ("role-nobody", "boss", {"roles": [MANIFEST["roles"][0], {"id": "boss", "title": "班长", "at": "moon"}]}),
    ("department-unknown", "centre", {"departments": [{"id": "centre", "title": "中心", "within": "moon"}]}),
    ("id-twice", "S-01", {"clauses": [*CLAUSES, GATE_ON_FINISH]}),
    ("id-twice", "agent", {"roles": [*MANIFEST["roles"], MANIFEST["roles"][0]]}),
    ("effect-unclear", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"notify": "boss", "owe": "S-01"}]), without=("S-04",))}),
    ("clause-unknown", "S-04", {"clauses": with_clause(clause(LIMIT, breach=[{"owe": "S-99"}]), without=("S-04",))}),
    ("clause-unknown", "S-05", {"clauses": with_clause(clause(DUTY, limit_of="S-99", within=None))}),
    ("parameter-unknown", "S-04", {"clauses": with_clause(BY_PARAMETER, without=("S-04",))}),
    (
        "parameter-no-duration", "S-04",
        {"parameters": [{"id": "limit", "title": "时限", "value": 3}], "clauses": with_clause(BY_PARAMETER, without=("S-04",))},
    ),
    ("calendar-unknown", "S-04", {"clauses": with_clause(clause(LIMIT, calendar="office"), without=("S-04",))}),
    ("calendar-missing", "S-04", {"clauses": with_clause(clause(LIMIT, within="2 working days"), without=("S-04",))}),
    ("calendar-broken", "office", {"calendars": [{"id": "office", "title": "班", "weekly": {"mon-fri": ["9-17"]}}]}),
    ("calendar-broken", "office", {"calendars": [{"id": "office", "title": "班", "weekly": {"mon": ["09:00-17:00"]}, "holidays": "mars"}]}),
    ("occasion-unknown", "S-04", {"clauses": with_clause(clause(LIMIT, within=None, due={"occasion": "meeting"}), without=("S-04",))}),
    ("script-unknown", "S-05", {"clauses": with_clause(clause(GATE, id="S-05", kind="wording", script="call", requires=None))}),
    ("stage-unknown", "ticket", {"processes": process(actions=[{"id": "register", "title": "登记", "by": "agent", "to": "nwe"}])}),
    ("target-unknown", "S-02", {"clauses": with_clause(clause(URGENT, to="rised"), without=("S-02",))}),
    ("stage-unreached", "ticket", {"processes": process(stages=[*STAGES, {"id": "lost", "title": "x", "final": True}])}),
    ("stage-no-way-out", "ticket", {"processes": process(actions=[REGISTER, ONLY_FROM_NEW])}),
    ("process-no-entry", "ticket", {"processes": process(actions=[FINISH]), "clauses": [GATE_ON_FINISH, LIMIT]}),
    ("action-no-stage", "ticket", {"clauses": with_clause(without=("S-02", "S-03"))}),
    ("route-nowhere", "S-02", {"clauses": with_clause(clause(URGENT, to=None), without=("S-02",))}),
    ("event-unknown", "S-01", {"clauses": with_clause(clause(GATE, on="action.regster"), without=("S-01",))}),
    ("event-unknown", "S-01", {"clauses": with_clause(clause(GATE, on="register"), without=("S-01",))}),
    ("record-unknown", "ticket", {"processes": process(record="tickets")}),
    ("process-unknown", "S-01", {"clauses": with_clause(clause(GATE, process="tickets"), without=("S-01",))}),
    ("field-unknown", "S-01", {"clauses": with_clause(clause(GATE, requires={"fields": ["phne"]}), without=("S-01",))}),
    ("fact-unknown", "S-02", {"clauses": with_clause(clause(URGENT, when={"knd": "urgent"}), without=("S-02",))}),
    ("action-unknown", "S-01", {"clauses": with_clause(clause(GATE, when={"case.taken.finsh": 1}), without=("S-01",))}),
    ("value-unknown", "S-02", {"clauses": with_clause(clause(URGENT, when={"kind": "urgnt"}), without=("S-02",))}),
    ("population-unknown", "S-05", {"clauses": with_clause(clause(DUTY, **{"for": "martian"}))}),
    ("limit-missing", "S-04", {"clauses": with_clause(clause(LIMIT, within=None), without=("S-04",))}),
    ("limit-no-end", "S-04", {"clauses": with_clause(clause(LIMIT, until=None), without=("S-04",))}),
    ("limit-no-start", "S-04", {"clauses": with_clause(clause(LIMIT, starts=None), without=("S-04",))}),
    ("limit-no-start", "S-05", {"clauses": with_clause(clause(DUTY, starts=None, owes="callback.completed"))}),
    ("duty-no-deed", "S-05", {"clauses": with_clause(clause(DUTY, owes=[]))}),
    ("period-incomplete", "S-05", {"clauses": with_clause(clause(DUTY, every="interval"))}),
    ("holder-missing", "S-04", {"clauses": with_clause(clause(LIMIT, holder=None), without=("S-04",))}),
    ("holder-missing", "S-04", {"clauses": with_clause(clause(LIMIT, holder=[]), without=("S-04",))}),
    ("move-without-date", "S-04", {"clauses": with_clause(clause(LIMIT, on_move="keep"), without=("S-04",))}),
    ("over-cap-without-cap", "S-04", {"clauses": with_clause(UNCAPPED, without=("S-04",))}),
    ("charged-without-clock", "S-04", {"clauses": with_clause(CHARGED, without=("S-04",))}),
    ("target-beyond-limit", "S-04", {"clauses": with_clause(clause(LIMIT, target="99d"), without=("S-04",))}),
    ("target-without-start", "S-04", {"clauses": with_clause(clause(LIMIT, target="1m", before="booked_on"), without=("S-04",))}),
    ("window-empty", "S-04", {"clauses": with_clause(clause(LIMIT, window=["09:00", "09:00"]), without=("S-04",))}),
    ("resumes-without-pauses", "S-04", {"clauses": with_clause(clause(LIMIT, resumes="action.finish"), without=("S-04",))}),
    ("customer-record-twice", "about", {"records": [TICKET, card(CLUB), card(CLUB)]}),
    ("customer-field", "about", {"records": [TICKET, card({"id": "proof", "title": {"zh": "证明", "en": "Proof"}, "type": "files"})]}),
    ("customer-field-kept", "about", {"records": [TICKET, card({"id": "tier", "title": {"zh": "等级", "en": "Tier"}, "type": "string"})]}),
    ("fact-unknown", "S-01", {"clauses": with_clause(BY_CLUB, without=("S-01",))}),
    (
        "fact-unknown", "S-01",
        {"records": [TICKET, card(CLUB)], "clauses": with_clause(clause(GATE, when={"about.club": "gold"}), without=("S-01",))},
    ),
    (
        "value-unknown", "S-01",
        {"records": [TICKET, card(CLUB)], "clauses": with_clause(clause(GATE, when={"customer.club": "silver"}), without=("S-01",))},
    ),
    ("time-malformed", "S-04", {"clauses": with_clause(clause(LIMIT, at="25:00"), without=("S-04",))}),
    ("options-unknown", "ticket", {"records": form(options="kinds")}),
    ("choices-missing", "ticket", {"records": form()}),
    ("group-unknown", "ticket", {"records": [{**MANIFEST["records"][0], "includes": "contact"}]}),
    ("field-wrong-type", "ticket", {"processes": process(actions=[{**REGISTER, "department_from": "kind"}, FINISH])}),
    ("fills-nowhere", "ticket", {"records": form(type="string", fills="agent", automatic="actor")}),
    ("write-once-of", "S-06", {"clauses": with_clause(ONCE_TICKET)}),
    ("english-missing", "boss", {"roles": [MANIFEST["roles"][0], {"id": "boss", "title": "班长", "at": "centre"}]}),
    ("role-unused", "ghost", {"roles": [*MANIFEST["roles"], {"id": "ghost", "title": {"zh": "无", "en": "None"}, "at": "centre"}]}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "subject", "changes"), BROKEN, ids=[f"{n}-{code}" for n, (code, _, _) in enumerate(BROKEN)]
)
def test_what_is_wrong_is_found_and_named(tmp_path: Path, code: str, subject: str, changes: dict[str, Any]) -> None:
    problem = found(tmp_path, code, **changes)
    assert problem.clause == subject
    for language in ("zh", "en"):
        assert problem.message.say(language)
        assert problem.remedy.say(language)
    assert problem.message.zh != problem.message.en


def test_a_measure_target_must_be_readable(tmp_path: Path) -> None:
    measure = clause(
        GATE, id="S-05", kind="measure", name="rate", denominator={"count": "ticket"}, numerator={"count": "ticket"}, target="most",
        on=None, requires=None, refuse=None,
    )  # fmt: skip
    assert found(tmp_path, "target-malformed", clauses=with_clause(measure)).clause == "S-05"


def test_what_counts_must_exist(tmp_path: Path) -> None:
    measure = clause(
        GATE,
        id="S-05",
        kind="measure",
        name="rate",
        denominator={"count": "tickt"},
        on=None,
        requires=None,
        refuse=None,
    )
    assert found(tmp_path, "record-unknown", clauses=with_clause(measure)).remedy.en == "Did you mean ticket?"


def test_a_stage_from_which_no_end_is_reached_is_refused(tmp_path: Path) -> None:
    actions = [
        *MANIFEST["processes"][0]["actions"][:1],
        {"id": "to_and", "title": "去", "by": "agent", "from": "new", "to": "raised"},
        {"id": "fro", "title": "回", "by": "agent", "from": "raised", "to": "new"},
    ]
    limit = clause(LIMIT, until="action.to_and")
    problem = found(
        tmp_path, "process-no-end", processes=process(actions=actions), clauses=with_clause(limit, without=("S-04",))
    )
    assert problem.message.en == "From the stage new no final stage can be reached."


def test_a_clause_whose_process_is_not_clear_is_refused(tmp_path: Path) -> None:
    two = [*process(), {**process()[0], "id": "other"}]
    routes = [
        clause(one, process=name, id=f"{one['id'][:1]}-{n}{one['id'][-1]}")
        for n, name in enumerate(("ticket", "other"), 1)
        for one in (URGENT, PLAIN)
    ]
    problem = found(tmp_path, "process-missing", processes=two, clauses=[GATE, LIMIT, *routes])
    assert "other, ticket" in problem.message.en or "ticket, other" in problem.message.en


def test_two_clauses_may_overlap_when_one_overrides_the_other(tmp_path: Path) -> None:
    sound(tmp_path, clauses=with_clause(clause(PLAIN, id="S-09", when={"vip": True}, overrides=["S-02", "S-03"])))


def test_two_routes_may_overlap_when_one_has_precedence(tmp_path: Path) -> None:
    sound(tmp_path, clauses=with_clause(clause(PLAIN, id="S-09", when={"vip": True}, precedence=1)))


def test_the_example_of_an_overlap_is_told(tmp_path: Path) -> None:
    problem = found(tmp_path, "two-answers", clauses=with_clause(clause(PLAIN, id="S-09", when={"vip": True})))
    assert "S-02 (clauses.yaml:" in problem.message.en
    assert "vip=True" in problem.message.en


def test_a_missing_value_of_a_choice_that_is_not_required_counts_as_a_gap(tmp_path: Path) -> None:
    routes = [clause(URGENT, when={"vip": True}), clause(PLAIN, when={"vip": False})]
    problem = found(tmp_path, "no-answer", clauses=[GATE, LIMIT, *routes])
    assert "vip=-" in problem.message.en


def test_a_choice_that_a_gate_asks_for_is_never_missing(tmp_path: Path) -> None:
    routes = [clause(URGENT, when={"vip": True}), clause(PLAIN, when={"vip": False})]
    sound(tmp_path, clauses=[clause(GATE, requires={"fields": ["phone", "vip"]}), LIMIT, *routes])


def test_a_clause_a_parameter_switches_off_answers_nothing(tmp_path: Path) -> None:
    parameters = [
        {"id": "company", "title": {"zh": "公司", "en": "Company"}, "value": "retail", "choices": ["retail", "factory"]}
    ]
    twin = clause(URGENT, id="S-09", to="new", applies={"company": "factory"})
    book = sound(tmp_path, parameters=parameters, clauses=with_clause(twin))
    assert [one.id for one in book.speaking_of("route", "ticket", "action.register")] == ["S-02", "S-03"]


def test_checking_goes_no_further_while_something_cannot_be_read(tmp_path: Path) -> None:
    loaded = examined(tmp_path, clauses=with_clause(clause(LIMIT, within="soon"), without=("S-04",)), unclaused={})
    assert [problem.code for problem in loaded.errors] == ["duration-malformed"]


def test_a_folder_without_a_manifest_is_no_handbook(tmp_path: Path) -> None:
    loaded = examine(tmp_path)
    assert [problem.code for problem in loaded.errors] == ["manifest-missing"]
    assert loaded.book is None


def test_a_folder_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        load(tmp_path / "nowhere")


def test_a_clause_may_cite_the_same_words_in_a_second_place(tmp_path: Path) -> None:
    also = clause(GATE, also=[{"cites": "3", "quote": "坐席在一小时内办结。"}])
    sound(tmp_path, clauses=with_clause(also, without=("S-01",)))


def test_line_breaks_and_emphasis_do_not_hurt_a_quote(tmp_path: Path) -> None:
    sound(tmp_path, text=TEXT.replace("登记要写明电话。", "登记要写明\n**电话**。"))


def test_punctuation_of_a_quote_counts(tmp_path: Path) -> None:
    found(
        tmp_path, "quote-not-in-section", clauses=with_clause(clause(GATE, quote="登记要写明电话."), without=("S-01",))
    )


SHARE: dict[str, Any] = {
    "id": "S-30", "kind": "measure", "title": {"zh": "示例", "en": "Sample"}, "cites": "2", "quote": "登记要写明电话。", "name": "share",
}  # fmt: skip
OLD: dict[str, Any] = {"count": "cases", "mature_after": "7d", "mature_since": "closed_at"}
AGES = [
    (OLD, {"count": "cases"}, "mature-one-side"),
    ({**OLD, "mature_after": "8d"}, OLD, "mature-one-side"),
    ({**OLD, "mature_since": "dreamt_at"}, {**OLD, "mature_since": "dreamt_at"}, "mature-unknown"),
    (
        {"count": "cases", "mature_since": "closed_at"},
        {"count": "cases", "mature_since": "closed_at"},
        "mature-missing",
    ),
    ({**OLD, "mature_after": "2 working days"}, {**OLD, "mature_after": "2 working days"}, "calendar-missing"),
    (OLD, OLD, ""),
]


@pytest.mark.parametrize(("above", "below", "code"), AGES)
def test_what_is_counted_late_is_counted_late_on_both_sides(
    tmp_path: Path, above: dict[str, Any], below: dict[str, Any], code: str
) -> None:
    clauses = with_clause({**SHARE, "numerator": above, "denominator": below})
    loaded = examine(write(tmp_path, clauses=clauses))
    assert {one.code for one in loaded.errors} == ({code} if code else set())
