"""One person is one customer, however often and however many at once he calls."""

import threading

import pytest
from django.db import connection
from django.test import TransactionTestCase

from zhike.customers.access import NoSuchCustomer, customer_for, find_customers, may_review
from zhike.customers.actions import NoContact, find_or_add_customer, rename_customer
from zhike.customers.models import ContactPoint, Customer
from zhike.customers.queries import by_contact, contacts_of, search, timeline
from zhike.journal.models import Fact
from zhike.org.models import Staff
from zhike.org.principals import ANONYMOUS_VIEWER, Viewer, customer_viewer
from zhike.records.forms import check_form
from zhike.records.tests.world import AGENT, BOOK, NOW


def find(**said) -> Customer:
    return find_or_add_customer(now=NOW, **said)


def told() -> list[str]:
    return list(Fact.objects.order_by("id").values_list("type", flat=True))


@pytest.mark.django_db
def test_the_same_number_written_differently_is_the_same_customer():
    first = find(phone="138 0013 8000", name="示例王女士")
    assert find(phone="+8613800138000") == first
    assert find(phone="１３８－００１３－８０００", name="别的名字").name == "示例王女士"
    assert Customer.objects.count() == 1
    assert told() == ["customer.added"]


@pytest.mark.django_db
def test_an_address_is_the_same_in_capitals():
    assert find(email="Wang@Example.com") == find(email=" wang@example.COM ")
    assert ContactPoint.objects.get().value == "wang@example.com"


@pytest.mark.django_db
def test_the_phone_number_counts_more_than_the_address():
    by_phone, by_email = find(phone="13800138000"), find(email="li@example.com")
    assert find(phone="13800138000", email="li@example.com") == by_phone
    assert by_contact("li@example.com") == by_email


@pytest.mark.django_db
def test_what_nobody_had_yet_is_added_to_the_known_customer():
    customer = find(phone="13800138000")
    find(phone="13800138000", email="wang@example.com", name="示例王女士")
    assert find(email="wang@example.com") == customer
    assert Customer.objects.get().name == "示例王女士"
    assert told() == ["customer.added", "customer.contact_added", "customer.renamed"]


@pytest.mark.django_db
def test_nobody_is_added_without_a_contact():
    for said in ({}, {"phone": "12"}, {"email": "nobody"}, {"phone": "\x00", "name": "王"}):
        with pytest.raises(NoContact):
            find(**said)
    assert NoContact.words.zh == "请填写能联系到顾客的手机号或邮箱。"


@pytest.mark.django_db
def test_a_name_is_cleaned_and_corrected_by_hand():
    customer = find(phone="13800138000", name="示例\x00王\n女士" + "长" * 200)
    assert customer.name == "示例王 女士" + "长" * 74
    rename_customer(customer, "示例李先生", by=AGENT, now=NOW)
    rename_customer(customer, "示例李先生", by=AGENT, now=NOW)
    assert Customer.objects.get().name == "示例李先生"
    assert told() == ["customer.added", "customer.renamed"]


@pytest.mark.django_db
def test_contacts_are_shown_masked_with_their_city():
    customer = find(phone="13800138000", email="wang@example.com")
    assert [(c.kind, c.masked, c.city) for c in contacts_of(customer)] == [
        ("phone", "138****8000", "北京"), ("email", "w***@example.com", ""),
    ]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("1380013", ["示例王"]),
        ("138 0013 8000", ["示例王"]),
        ("8000", ["示例王"]),
        ("000", []),
        ("0571", ["示例李"]),
        ("示例", ["示例李", "示例王"]),
        ("示例王", ["示例王"]),
        ("LI@", ["示例李"]),
        ("%", []),
        ("_", []),
        ("", []),
        ("\x00", []),
    ],
)
def test_a_customer_is_found_by_the_beginning_of_a_name_or_number_or_its_last_digits(typed, found):
    find(phone="13800138000", name="示例王")
    find(phone="0571-88881234", name="示例李", email="li@example.com")
    assert [customer.name for customer in search(typed)] == found


@pytest.mark.django_db
def test_a_page_of_customers_takes_two_queries(django_assert_num_queries):
    for n in range(5):
        find(phone=f"1380013800{n}", name=f"示例{n}")
    with django_assert_num_queries(2):
        assert len([contacts_of(customer) for customer in search("示例")]) == 5


@pytest.mark.django_db
def test_only_staff_whose_role_opens_the_archive_and_he_himself_see_a_customer():
    customer = find(phone="13800138000", name="示例王")
    wang = Staff.objects.create(username="wang", name="示例客服")
    agent = Viewer("staff:1", frozenset({"staff:1"}), staff=wang, screens=frozenset({"desk", "customers"}))
    keeper = Viewer("staff:2", frozenset({"staff:2"}), staff=wang, screens=frozenset({"desk", "cases"}))
    assert customer_for(agent, customer.pk) == customer_for(customer_viewer(customer.pk), customer.pk) == customer
    assert find_customers(agent, "示例") == [customer]
    lead = Viewer("staff:3", frozenset({"staff:3"}), staff=wang, screens=frozenset({"customers", "quality"}))
    stranger = Viewer("staff:4", frozenset({"staff:4"}), staff=wang, screens=frozenset({"board", "quality"}))
    assert [may_review(who) for who in (agent, lead, stranger)] == [False, True, False]
    for viewer in (keeper, stranger, ANONYMOUS_VIEWER, customer_viewer(customer.pk + 1)):
        assert find_customers(viewer, "示例") == []
        with pytest.raises(NoSuchCustomer):
            customer_for(viewer, customer.pk)


@pytest.mark.django_db
def test_the_timeline_gives_the_newest_first_and_pages():
    customer = find(phone="13800138000")
    find(phone="13800138000", email="wang@example.com")
    find(phone="13800138001")
    page = list(timeline(customer.pk, limit=1))
    assert [fact.type for fact in page] == ["customer.contact_added"]
    assert [fact.type for fact in timeline(customer.pk, before=page[0].pk)] == ["customer.added"]


@pytest.mark.django_db
def test_a_form_finds_a_customer_by_number_or_id():
    customer = find(phone="13800138000")

    def chosen(sent: object) -> dict[str, object]:
        return check_form(BOOK, "ticket", {"buyer": sent}, facts={}, now=NOW, actor=AGENT)

    assert chosen("138 0013 8000") == chosen(customer.pk) == chosen(f"customer:{customer.pk}") == {"buyer": customer.pk}


class ManyAtOnce(TransactionTestCase):
    def test_eight_callers_with_one_number_are_one_customer(self):
        gate, found = threading.Barrier(8), []

        def call(number: int) -> None:
            try:
                gate.wait(20)
                found.append(find(phone="13800138000", name=f"示例{number}", email="wang@example.com").pk)
            finally:
                connection.close()

        threads = [threading.Thread(target=call, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(found) == 8
        assert len(set(found)) == 1
        assert Customer.objects.count() == 1
        assert sorted(ContactPoint.objects.values_list("kind", flat=True)) == ["email", "phone"]
        assert sorted(told()) == ["customer.added", "customer.contact_added"]
