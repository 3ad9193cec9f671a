"""A manager's values: their types, their bounds, and the whole book checked with them."""

from __future__ import annotations

from pathlib import Path

import pytest

from zhike.handbook.book import Book
from zhike.handbook.compare import compare
from zhike.handbook.parameters import BadValue, bounds_of, carried, check_values, read_value, type_of, words_of
from zhike.handbook.structure import ParameterDef
from zhike.handbook.tests.folder import LIMIT, clause, found, sound, with_clause


def parameter(**said: object) -> ParameterDef:
    return ParameterDef.model_validate({"id": "p", "title": {"zh": "参数", "en": "Parameter"}, **said})


@pytest.mark.parametrize(
    ("said", "type_", "typed", "value"),
    [
        ({"value": 3}, "int", " 5 ", 5),
        ({"value": 0.5}, "decimal", "0.75", 0.75),
        ({"value": True}, "bool", "否", False),
        ({"value": "48h"}, "duration", "3 working days", "3 working days"),
        ({"value": "09:00", "type": "time"}, "time", "24:00", "24:00"),
        ({"value": "示例品牌"}, "string", "另一个", "另一个"),
        ({"value": "calendar", "choices": ["calendar", "rolling"]}, "choice", "rolling", "rolling"),
    ],
)
def test_a_value_is_read_as_its_type(said: dict[str, object], type_: str, typed: str, value: object) -> None:
    assert type_of(parameter(**said)) == type_
    assert read_value(parameter(**said), typed) == value


@pytest.mark.parametrize(
    ("said", "typed"),
    [
        ({"value": 3}, "drei"), ({"value": 3}, "3.5"), ({"value": 3}, ""), ({"value": 3}, "9" * 16), ({"value": 0.5}, "nan"),
        ({"value": 0.5}, "1e99"), ({"value": True}, "vielleicht"), ({"value": "48h"}, "48"), ({"value": "48h"}, "0h"),
        ({"value": "09:00", "type": "time"}, "25:00"), ({"value": "x"}, "a\u0000b"), ({"value": "x"}, "y" * 201),
        ({"value": "a", "choices": ["a", "b"]}, "c"),
    ],
)  # fmt: skip
def test_another_type_is_refused(said: dict[str, object], typed: str) -> None:
    with pytest.raises(BadValue):
        read_value(parameter(**said), typed)


def test_bounds_are_kept_also_across_units() -> None:
    limit = parameter(value="48h", least="1h", most="3d")
    assert bounds_of(limit).zh == "1 小时 至 3 天"
    assert read_value(limit, "72h") == "72h"
    for typed in ("73h", "59m", "4 working days"):
        with pytest.raises(BadValue) as refused:
            read_value(limit, typed)
        assert refused.value.words.zh == "超出范围，应为 1 小时 至 3 天。"
    with pytest.raises(BadValue):
        read_value(parameter(value=3, least=1), "0")


def limited(tmp_path: Path) -> Book:
    own = {"id": "done_within", "title": {"zh": "办结", "en": "Done within"}, "value": "1h", "clause": "S-04"}
    return sound(
        tmp_path,
        parameters=[own],
        clauses=with_clause(clause(LIMIT, within={"param": "done_within"}), without=("S-04",)),
    )


def test_the_whole_book_is_checked_again_with_the_value(tmp_path: Path) -> None:
    book = limited(tmp_path)
    assert check_values(book.handbook, book.text, {"done_within": "30m"}) == []
    (problem,) = check_values(book.handbook, book.text, {"done_within": "soon"})
    assert (problem.code, problem.clause) == ("parameter-no-duration", "S-04")


def test_a_managers_value_goes_over_to_a_version_that_can_still_take_it(tmp_path: Path) -> None:
    book = limited(tmp_path)
    mine = Book(book.handbook, book.text, {"done_within": "30m"})
    assert carried(mine, book.handbook) == ({"done_within": "30m"}, [])
    narrower = book.handbook.model_copy(
        update={"parameters": (book.handbook.parameters[0].model_copy(update={"least": "45m"}),)}
    )
    assert carried(mine, narrower) == ({}, ["done_within"])
    assert carried(book, book.handbook) == ({}, [])


def test_values_are_told_in_both_languages(tmp_path: Path) -> None:
    assert words_of(sound(tmp_path), "3 working days").zh == "3 个工作日"
    assert words_of(sound(tmp_path), "3 working days").en == "3 working days"


def test_the_share_after_which_a_holder_is_warned_is_a_parameter(tmp_path: Path) -> None:
    share = {"id": "warn_share", "title": {"zh": "提醒", "en": "Warning"}, "value": 80, "least": 10, "most": 95}
    book = sound(tmp_path, parameters=[share], defaults={"warn": ["50%", {"param": "warn_share"}]})
    assert book.warn == (50.0, 80.0)
    assert Book(book.handbook, book.text, {"warn_share": 60}).warn == (50.0, 60.0)
    for wrong in (100, "soon", True):
        (problem,) = check_values(book.handbook, book.text, {"warn_share": wrong})
        assert problem.code == "parameter-no-share"
    changes = compare(book, Book(book.handbook, book.text, {"warn_share": 60})).changes
    assert {(one.part, one.roles) for one in changes} == {("parameters", ("agent",)), ("others", ("agent",))}


def test_a_share_that_is_no_parameter_of_the_handbook_is_refused(tmp_path: Path) -> None:
    assert found(tmp_path, "parameter-unknown", defaults={"warn": [{"param": "nothing"}]}).file == "handbook.yaml"
