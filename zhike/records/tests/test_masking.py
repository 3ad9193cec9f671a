"""Kept values go out masked; a mask that comes back is the kept value, wherever it stands."""

from __future__ import annotations

from zhike.handbook.common import Text
from zhike.handbook.structure import FieldDef
from zhike.records.masking import masked, masked_as, renewed, restored

NAME = FieldDef(id="name", title=Text(zh="姓名", en="Name"), type="string")
PHONE = FieldDef(id="phone", title=Text(zh="手机", en="Mobile"), type="phone", sensitive=True)
OPEN_PHONE = FieldDef(id="phone", title=Text(zh="手机", en="Mobile"), type="phone")
IDENTITY = FieldDef(id="identity", title=Text(zh="证件", en="Identity"), type="id_number")
PEOPLE = FieldDef(id="people", title=Text(zh="联系人", en="People"), type="rows", columns=[NAME, PHONE])
FIELDS = [NAME, PHONE, IDENTITY, PEOPLE]
LI, WANG = {"name": "示例李", "phone": "+8613800000101"}, {"name": "示例王", "phone": "+8613900000202"}


def test_what_pages_hide_goes_out_masked_also_in_tables() -> None:
    kept = {"name": "示例李", "phone": "+8613800000101", "people": [LI, WANG], "other": "x"}
    assert masked(FIELDS, kept) == {
        "name": "示例李", "phone": "138****0101", "other": "x",
        "people": [{"name": "示例李", "phone": "138****0101"}, {"name": "示例王", "phone": "139****0202"}],
    }  # fmt: skip


def test_nothing_is_masked_where_nothing_is_kept() -> None:
    assert masked(FIELDS, {"phone": None, "identity": ""}) == {"phone": None, "identity": ""}


def test_a_mask_that_comes_back_is_the_kept_value_and_anything_else_is_what_was_typed() -> None:
    kept = {"phone": "+8613800000101"}
    assert restored(FIELDS, {"phone": "138****0101"}, kept) == {"phone": "+8613800000101"}
    assert restored(FIELDS, {"phone": "13700000303"}, kept) == {"phone": "13700000303"}
    assert restored(FIELDS, {"phone": "139****0202"}, kept) == {"phone": "139****0202"}
    assert restored(FIELDS, {"phone": ""}, kept) == {"phone": ""}
    assert restored(FIELDS, {"phone": "138****0101"}, {}) == {"phone": "138****0101"}


def test_a_line_of_a_table_is_known_by_its_place_or_by_its_mask() -> None:
    kept = {"people": [LI, WANG]}
    back = masked(FIELDS, kept)["people"]
    assert restored(FIELDS, {"people": back}, kept) == kept
    assert restored(FIELDS, {"people": back[1:]}, kept) == {"people": [WANG]}
    typed = {"name": "示例新", "phone": "13700000303"}
    assert restored(FIELDS, {"people": [typed, back[1]]}, kept) == {"people": [typed, WANG]}


def test_two_numbers_with_one_mask_are_not_mixed_up() -> None:
    twin = {"name": "示例赵", "phone": "+8613811110101"}
    kept = {"people": [WANG, LI, twin]}
    back = masked(FIELDS, kept)["people"]
    assert restored(FIELDS, {"people": back}, kept) == kept
    assert restored(FIELDS, {"people": [back[2]]}, kept)["people"][0]["phone"] == "138****0101"  # refused as no number


def test_a_field_is_hidden_where_the_form_its_value_comes_from_hides_it() -> None:
    assert masked(masked_as([OPEN_PHONE], FIELDS), {"phone": "+8613800000101"}) == {"phone": "138****0101"}
    assert masked(masked_as([OPEN_PHONE], [NAME]), {"phone": "+8613800000101"}) == {"phone": "+8613800000101"}


def test_a_page_that_went_stale_shows_the_mask_of_what_is_kept_by_now() -> None:
    kept = {"phone": "+8613900000202"}
    assert renewed(FIELDS, {"phone": "138****0101", "name": "示例"}, kept) == {"phone": "139****0202", "name": "示例"}
    assert renewed(FIELDS, {"phone": "13700000303"}, kept) == {"phone": "13700000303"}
