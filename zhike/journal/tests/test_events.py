import datetime as dt
from dataclasses import dataclass

import pytest

from zhike.journal.events import (
    Event,
    UnknownEvent,
    UnreadablePayload,
    event,
    event_types,
    from_payload,
    to_payload,
)
from zhike.journal.tests.happenings import NOON, BellRang, DoorOpened


def test_an_event_becomes_plain_data_and_comes_back_equal() -> None:
    opened = DoorOpened("staff:5", NOON)
    payload = to_payload(opened)
    assert payload == {"by": "staff:5", "at": "2026-03-02T12:00:00+08:00"}
    assert from_payload("door.opened", payload) == opened


def test_an_old_payload_is_read_with_the_defaults_of_new_fields_and_without_forgotten_ones() -> None:
    assert from_payload("bell.rang", {"times": 2, "colour": "red"}) == BellRang(times=2, whispered="")


def test_an_unknown_type_is_named() -> None:
    with pytest.raises(UnknownEvent, match=r"No room declares an event 'cat\.slept'"):
        from_payload("cat.slept", {})


def test_a_payload_that_does_not_fit_says_which_field_and_why() -> None:
    with pytest.raises(UnreadablePayload, match=r"A stored bell\.rang does not fit .*BellRang: times: Input should be"):
        from_payload("bell.rang", {"times": "often"})


def test_two_events_cannot_share_a_name() -> None:
    @dataclass(frozen=True)
    class OtherBell(Event):
        pass

    with pytest.raises(ValueError, match=r"Two events are called 'bell\.rang'"):
        event("bell.rang")(OtherBell)
    assert event_types()["bell.rang"] is BellRang


def test_an_event_that_is_no_dataclass_is_refused() -> None:
    class Bare(Event):
        pass

    with pytest.raises(TypeError, match="must be a dataclass"):
        event("bare.thing")(Bare)


def test_an_event_cannot_tell_a_field_it_does_not_have() -> None:
    @dataclass(frozen=True)
    class Small(Event):
        size: int

    with pytest.raises(ValueError, match="tells fields it does not have: weight"):
        event("small.thing", tells=("weight",))(Small)


def test_an_unregistered_event_cannot_be_written() -> None:
    @dataclass(frozen=True)
    class Unnamed(Event):
        moment: dt.date

    with pytest.raises(TypeError, match="is not registered"):
        to_payload(Unnamed(dt.date(2026, 3, 2)))
