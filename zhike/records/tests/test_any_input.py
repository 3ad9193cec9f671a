"""Whatever a client sends, a form is taken or refused; nothing else ever happens."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from zhike.records.display import display
from zhike.records.forms import FormRefused, check_form
from zhike.records.tests.world import AGENT, BOOK, NOW

FIELDS = {field.id: field for field in BOOK.record("ticket").fields}
TEXT = st.text(st.characters(exclude_categories=()), max_size=60)
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.binary(max_size=20) | st.datetimes()
    | st.times() | st.sampled_from([
        "9" * 400, "-0", "1e309", "0x1f", "²", "١٢٣", "2025-13-40", "24:00", "24:00:00", "0000-00-00 00:00", "+86",
        "Z", "\ud800", "\x00", "𝟙𝟚", "1,2,3", "٣", "staff:", "staff:0", "customer:-1", "+99999", "00",
        "2200-12-31T23:59:59-23:59",
    ])
)  # fmt: skip
JUNK = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT | st.integers(), inner, max_size=4),
    max_leaves=8,
)
CELLS = st.fixed_dictionaries(
    {}, optional={"name": JUNK, "count": JUNK, "by": JUNK, "vote": JUNK, "from": JUNK, "to": JUNK}
)
VALUES = st.dictionaries(st.sampled_from(sorted(FIELDS)) | TEXT, JUNK | CELLS | st.lists(CELLS, max_size=3), max_size=8)


@pytest.mark.django_db
class AnyInput(TestCase):
    @settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(VALUES)
    def test_any_values_are_kept_or_refused(self, values):
        try:
            kept = check_form(BOOK, "ticket", values, facts={}, now=NOW, actor=AGENT)
        except FormRefused as refused:
            told = refused.errors
        else:
            told = {}
            self.is_sound(kept)
        assert all(text.zh and text.en for text in told.values())

    def is_sound(self, kept):
        """Can be stored, holds only what the form declares, and stays the same when it is sent again."""
        text = json.dumps(kept, ensure_ascii=False, allow_nan=False)
        assert "\\u0000" not in text
        text.encode("utf-8")
        assert set(kept) <= {name + end for name in FIELDS for end in ("", "__explain", "__absent")}
        again = check_form(BOOK, "ticket", kept, facts={}, now=NOW, actor=AGENT)
        assert again == kept

    @settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(st.sampled_from(sorted(FIELDS)), JUNK | CELLS, st.sampled_from(["zh-hans", "en"]))
    def test_anything_stored_can_be_shown(self, name, value, language):
        assert isinstance(display(BOOK, FIELDS[name], value, language), str)
