"""The text: cited sections exist, quotes stand in them word for word, every section has a clause or a reason for
having none.
"""

from __future__ import annotations

from zhike.handbook.check.findings import SECTIONS, Checker
from zhike.handbook.clauses import Clause
from zhike.handbook.common import Model, Text
from zhike.handbook.problems import suggest
from zhike.handbook.source import MANIFEST, TEXT, Item
from zhike.handbook.text import Section, read_sections, stands_in


def check_text(checker: Checker) -> None:
    sections = {section.number: section for section in read_sections(checker.book.text)}
    _check_numbers(checker)
    cited: set[str] = set()
    for clause in checker.clauses:
        cited |= _check_clause(checker, clause, sections)
    for record in checker.book.handbook.records:
        if record.cites:
            cited.add(record.cites)
    _check_unclaused(checker, sections)
    for section in sections.values():
        if section.body and section.number not in cited and section.number not in checker.book.handbook.unclaused:
            checker.note(
                "section-without-clause",
                Item(None, TEXT, section.line),
                Text(
                    zh=f"第 {section.number} 节既没有条款，也没有写明为什么没有。",
                    en=f"Section {section.number} has no clause and no reason for having none.",
                ),
                Text(
                    zh=f'写一条 cites: "{section.number}" 的条款，或在 handbook.yaml 的 unclaused 里写明理由。',
                    en=f'Write a clause with cites: "{section.number}", or say why under `unclaused` in handbook.yaml.',
                ),
                subject=section.number,
            )
    _warn_missing_english(checker)


def _check_numbers(checker: Checker) -> None:
    seen: dict[str, int] = {}
    for section in read_sections(checker.book.text):
        if section.number in seen:
            checker.note(
                "section-twice",
                Item(None, TEXT, section.line),
                Text(
                    zh=f"第 {section.number} 节的编号在第 {seen[section.number]} 行已用过。",
                    en=f"Section number {section.number} is already used on line {seen[section.number]}.",
                ),
                Text(zh="给其中一节换一个编号。", en="Give one of the two another number."),
                subject=section.number,
            )
        seen.setdefault(section.number, section.line)


def _check_clause(checker: Checker, clause: Clause, sections: dict[str, Section]) -> set[str]:
    places = [((), clause.cites, clause.quote), *((("also", n), c.cites, c.quote) for n, c in enumerate(clause.also))]
    for path, number, quote in places:
        section = sections.get(number)
        if section is None:
            checker.note_clause(
                "section-missing",
                clause,
                Text(zh=f"handbook.md 没有第 {number} 节。", en=f"handbook.md has no section {number}."),
                suggest(number, sections, SECTIONS),
                (*path, "cites"),
            )
        elif len(quote.strip()) < 2 or not stands_in(quote, section.body + "\n" + section.title):
            _note_quote(checker, clause, quote, number, sections, (*path, "quote"))
    return {number for _, number, _ in places}


def _note_quote(
    checker: Checker, clause: Clause, quote: str, number: str, sections: dict[str, Section], path: tuple[object, ...]
) -> None:
    elsewhere = [other.number for other in sections.values() if quote.strip() and stands_in(quote, other.body)]
    if elsewhere:
        remedy = Text(
            zh=f"这句话在第 {elsewhere[0]} 节：改 cites。",
            en=f"The words stand in section {elsewhere[0]}: change `cites`.",
        )
    else:
        remedy = Text(
            zh=f"从 handbook.md 第 {number} 节原样抄录一句，标点也要一致。",
            en=f"Copy a sentence from section {number} of handbook.md as it stands, punctuation included.",
        )
    shown = quote if len(quote) < 40 else quote[:39] + "…"
    checker.note_clause(
        "quote-not-in-section",
        clause,
        Text(
            zh=f"第 {number} 节里没有这句话：“{shown}”。",
            en=f"Section {number} does not contain these words: “{shown}”.",
        ),
        remedy,
        path,
    )


def _check_unclaused(checker: Checker, sections: dict[str, Section]) -> None:
    for number, reason in checker.book.handbook.unclaused.items():
        item = checker.source.maps.get("unclaused", {}).get(number, Item(None, MANIFEST, 0))
        if number not in sections:
            checker.unknown("section-missing", item, number, sections, SECTIONS, subject=number)
        elif not reason.strip():
            checker.note(
                "reason-empty",
                item,
                Text(
                    zh=f"第 {number} 节没有写明为什么没有条款。",
                    en=f"No reason is given why section {number} has no clause.",
                ),
                Text(zh="写一句理由。", en="Write the reason."),
                subject=number,
            )


def _warn_missing_english(checker: Checker) -> None:
    """A Chinese text without its English is allowed; the person who reads English sees Chinese there."""
    for part in ("roles", "departments", "records", "processes", "clauses"):
        for one in getattr(checker.book.handbook, part):
            missing = _without_english(one)
            if missing:
                checker.note(
                    "english-missing",
                    checker.item(part, one.id),
                    Text(zh=f"有 {missing} 处文字没有英文。", en=f"{missing} texts have no English."),
                    Text(zh="写成 {zh: ..., en: ...}。", en="Write them as {zh: ..., en: ...}."),
                    subject=one.id,
                    severity="warning",
                )


def _without_english(model: object) -> int:
    if isinstance(model, Text):
        return 0 if model.en or model.zh.isascii() else 1
    if isinstance(model, Model):
        return sum(_without_english(getattr(model, name)) for name in type(model).model_fields)
    if isinstance(model, tuple):
        return sum(map(_without_english, model))
    return sum(map(_without_english, model.values())) if isinstance(model, dict) else 0
