"""Saved views: a question kept, shared only by whoever answers for others, deleted and brought back."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.world import RETAIL, Cast, at, facts
from zhike.cases.listing import Asked, column_titles, read_asked
from zhike.cases.queries import count_upto, filtered, page_of
from zhike.cases.saved_views import (
    MOST_PINS,
    NoSuchView,
    ViewRefused,
    change_view,
    default_for,
    delete_view,
    deleted_views,
    make_default,
    own_view,
    pin_view,
    restore_view,
    save_view,
    seen_view,
    share_view,
    targets_of,
    unpin_view,
    views_for,
)
from zhike.org.actions import withdraw_role
from zhike.org.handbooks import viewer as viewer_of
from zhike.org.models import Assignment

NOW = at("2025-06-10 09:00")
OPEN = Asked(status="open", order="due", columns=("title", "owner"))
AGENT, MANAGER = f"{RETAIL}:hotline_agent", f"{RETAIL}:store_manager"


def names(viewer) -> list[str]:
    return [view.name for view in views_for(viewer)]


def test_a_view_is_its_owners_alone_until_it_is_shared(people: Cast) -> None:
    view = save_view("  在办\t的 ", OPEN, by=people.supervisor, now=NOW)
    assert (names(people.supervisor), names(people.agent)) == (["在办 的"], [])
    with pytest.raises(NoSuchView):
        seen_view(people.agent, view.pk)
    share_view(view, [AGENT], by=people.supervisor, now=NOW, books=[people.book])
    assert names(people.agent) == ["在办 的"]
    assert seen_view(people.agent, view.pk).asked == {"status": "open", "order": "due", "columns": ["title", "owner"]}
    with pytest.raises(NoSuchView):
        own_view(people.agent, view.pk)


def test_who_loses_the_role_loses_the_shared_view(people: Cast) -> None:
    view = save_view("在办", OPEN, by=people.supervisor, now=NOW)
    share_view(view, [AGENT], by=people.supervisor, now=NOW, books=[people.book])
    held = Assignment.objects.get(staff=people.staff["agent"])
    withdraw_role(held, by="system", now=NOW)
    assert views_for(viewer_of(people.staff["agent"])) == []


def test_a_department_is_shared_with_as_a_whole(people: Cast) -> None:
    place = f"department:{people.place['store-1'].pk}"
    view = save_view("一店", OPEN, by=people.admin, now=NOW)
    share_view(view, [place], by=people.admin, now=NOW, books=[people.book])
    assert (names(people.manager), names(people.service), names(people.other_manager)) == (["一店"], ["一店"], [])


def test_only_those_who_answer_for_others_share_and_only_with_those(people: Cast) -> None:
    assert targets_of(people.agent, [people.book]) == []
    offered = {target.principal for target in targets_of(people.supervisor, [people.book])}
    assert AGENT in offered
    assert f"{RETAIL}:division_gm" not in offered
    assert f"department:{people.place['store-1'].pk}" not in offered
    view = save_view("在办", OPEN, by=people.agent, now=NOW)
    with pytest.raises(ViewRefused):
        share_view(view, [AGENT], by=people.agent, now=NOW, books=[people.book])
    with pytest.raises(ViewRefused):
        make_default(view, [AGENT], by=people.agent, now=NOW, books=[people.book])
    assert (names(people.colleague), facts("view.shared")) == ([], [])


def test_a_role_begins_with_its_default_and_with_one_only(people: Cast) -> None:
    first, second = (save_view(name, OPEN, by=people.supervisor, now=NOW) for name in ("一", "二"))
    for view in (first, second):
        make_default(view, [AGENT], by=people.supervisor, now=NOW, books=[people.book])
    begun = default_for(people.agent, views_for(people.agent))
    assert begun is not None
    assert begun.name == "二"
    assert default_for(people.supervisor, views_for(people.supervisor)) is None
    share_view(second, [], by=people.supervisor, now=NOW, books=[people.book])
    assert default_for(people.agent, views_for(people.agent)) is None


def test_deleting_is_undone_with_pins_and_defaults(people: Cast) -> None:
    view = save_view("在办", OPEN, by=people.supervisor, now=NOW)
    make_default(view, [AGENT], by=people.supervisor, now=NOW, books=[people.book])
    pin_view(view, by=people.agent, now=NOW)
    delete_view(view, now=NOW)
    assert (names(people.agent), names(people.supervisor)) == ([], [])
    restore_view(own_view(people.supervisor, view.pk, deleted=True), now=NOW + dt.timedelta(days=30))
    (seen,) = views_for(people.agent)
    assert (seen.pinned, seen.default_of) == (True, (AGENT,))
    delete_view(view, now=NOW)
    with pytest.raises(NoSuchView):
        restore_view(own_view(people.supervisor, view.pk, deleted=True), now=NOW + dt.timedelta(days=31))


def test_what_one_deleted_is_nobody_elses_to_restore_and_a_customer_keeps_no_views(people: Cast) -> None:
    view = save_view("在办", OPEN, by=people.supervisor, now=NOW)
    delete_view(view, now=NOW)
    assert deleted_views(people.supervisor, NOW) == [view]
    assert deleted_views(people.agent, NOW) == []
    with pytest.raises(NoSuchView):
        save_view("在办", OPEN, by=people.customer, now=NOW)


def test_names_are_said_once(people: Cast) -> None:
    view = save_view("在办", OPEN, by=people.agent, now=NOW)
    with pytest.raises(ViewRefused):
        save_view("在办", OPEN, by=people.agent, now=NOW)
    with pytest.raises(ViewRefused):
        save_view(" \u200b ", OPEN, by=people.agent, now=NOW)
    change_view(view, now=NOW, name="在办", asked=Asked(mine="1"))
    assert [one.asked for one in views_for(people.agent)] == [{"mine": "1"}]
    save_view("在办", OPEN, by=people.colleague, now=NOW)


def test_a_few_views_are_pinned_and_come_first(people: Cast) -> None:
    views = [save_view(f"{n:02}", OPEN, by=people.agent, now=NOW) for n in range(MOST_PINS + 1)]
    for view in reversed(views[1:]):
        pin_view(view, by=people.agent, now=NOW)
    with pytest.raises(ViewRefused):
        pin_view(views[0], by=people.agent, now=NOW)
    assert [one.name for one in views_for(people.agent)][:2] == ["08", "07"]
    unpin_view(views[8], by=people.agent)
    pin_view(views[0], by=people.agent, now=NOW)
    assert names(people.agent)[-1] == "08"


def test_what_the_handbook_no_longer_has_is_left_out_of_a_question(people: Cast) -> None:
    given = {
        "process": f"{RETAIL}.nothing",
        "stage": "closed",
        "status": "lost",
        "order": "title",
        "department": "1 or 1",
        "mine": "x",
    }
    assert read_asked(given, ["title", "password", "form.content"], [people.book]) == Asked(columns=("title",))
    known = read_asked(
        {"process": f"{RETAIL}.service_ticket"}, ["form.content", "form.nothing", "number"], [people.book]
    )
    assert known.columns == ("form.content",)
    assert column_titles(known, known.shown, [people.book])["form.content"].zh == "内容"


def test_lists_are_read_in_three_orders(people: Cast) -> None:
    first = people.ticket(at("2025-06-10 08:00"))
    late = people.warning(at("2025-06-10 09:00"), ticket=people.ticket(at("2025-06-10 08:10")))
    soon = people.warning(at("2025-06-10 08:50"), ticket=people.ticket(at("2025-06-10 08:20")))
    cases = filtered(people.agent, {"process": "complaint_warning"})

    def read(order: str, size: int = 1, rows=cases) -> list[int]:
        found, after = [], None
        while True:
            page = page_of(rows, after, size, order=order)
            found += [case.pk for case in page.rows]
            after = page.next
            if after is None:
                return found

    assert read("due") == [soon.pk, late.pk]
    assert read("") == [late.pk, soon.pk]
    assert read("oldest") == [soon.pk, late.pk]
    everything = filtered(people.agent, {})
    newest_without_clock = [pk for pk in read("", 9, everything) if pk not in (soon.pk, late.pk)]
    for size in (1, 2, 3, 9):
        assert read("due", size, everything) == [soon.pk, late.pk, *newest_without_clock]
    assert read("oldest", 2, everything)[0] == first.pk
    assert read("oldest", 2, everything) == read("", 2, everything)[::-1]


def test_a_count_goes_no_further_than_it_is_shown(people: Cast) -> None:
    for _ in range(4):
        people.ticket(NOW)
    assert [count_upto(filtered(people.agent, {}), most) for most in (2, 3, 4, 9)] == [3, 4, 4, 4]
    assert count_upto(filtered(people.outsider, {}), 9) == 0
