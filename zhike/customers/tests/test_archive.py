"""The archive: numbers are checked, sealed and found again; who looks behind a mask says what for."""

import datetime as dt

import pytest
from django.db import connection

from zhike.customers.access import customer_for, find_customers, may_see_customers
from zhike.customers.consents import give_consent, may_contact, withdraw_consent
from zhike.customers.duplicates import duplicates
from zhike.customers.identifiers import shown, value_of
from zhike.customers.models import Consent, Customer, Identifier, Unmasking
from zhike.customers.profile import (
    CustomerRefused,
    Draft,
    StaleCustomer,
    add_contact,
    add_customer,
    add_identifier,
    edit_customer,
    relate,
)
from zhike.customers.queries import search
from zhike.customers.unmasking import review_unmasking, unmask
from zhike.journal.models import Fact
from zhike.org import keys
from zhike.org.models import Staff
from zhike.org.principals import Viewer
from zhike.records.tests.world import NOW

pytestmark = pytest.mark.django_db
RESIDENT, CODE, OLD_CODE = "11010519491231002X", "91110000600037341L", "60003734-1"


def add(**said) -> Customer:
    return add_customer(Draft(**said), by="staff:1", now=NOW)


def person(name: str, *screens: str) -> Viewer:
    staff = Staff.objects.create(username=name, name=f"示例{name}")
    return Viewer(f"staff:{staff.pk}", frozenset({f"staff:{staff.pk}"}), staff=staff, screens=frozenset(screens))


def test_an_identity_number_is_nowhere_in_the_database_and_still_finds_its_owner():
    customer = add(name="示例王", identifiers={"resident_id": "11010519491231002x"})
    row = Identifier.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT i::text FROM customers_identifier i")
        (text,) = cursor.fetchone()
    assert RESIDENT not in text
    assert RESIDENT.encode().hex() not in text
    assert (value_of(row), shown(row).masked) == (RESIDENT, "110***********002X")
    assert search("110105 19491231 002X") == [customer]
    assert RESIDENT not in str(list(Fact.objects.values_list("payload", flat=True)))


def test_numbers_that_fail_their_check_digit_are_refused_all_at_once():
    with pytest.raises(CustomerRefused) as refused:
        add(
            name="示例", phones=("12",), emails=("x",),
            identifiers={"resident_id": "110105194912310021", "credit_code": CODE[:-1] + "M", "organisation_code": "60003734-2"},
        )  # fmt: skip
    assert sorted(refused.value.problems) == ["credit_code", "email", "organisation_code", "phone", "resident_id"]
    assert not Customer.objects.exists()


def test_a_company_is_registered_under_its_codes():
    company = add(
        kind="company", name="示例科技有限公司", identifiers={"credit_code": CODE, "organisation_code": OLD_CODE}
    )
    assert sorted(shown(row).masked for row in company.identifiers.all()) == ["60*****41", "9111**********341L"]
    assert search(CODE.lower()) == search("600037341") == [company]


def test_a_number_belongs_to_one_customer_and_the_refusal_names_him():
    first = add(name="示例王", phones=("13800138000",), identifiers={"resident_id": RESIDENT})
    for said in ({"phones": ("138 0013 8000",)}, {"identifiers": {"resident_id": RESIDENT}}):
        with pytest.raises(CustomerRefused) as refused:
            add(name="示例李", **said)
        assert refused.value.owner == first
    assert Customer.objects.count() == 1


def test_nobody_is_added_without_a_name_or_a_contact():
    with pytest.raises(CustomerRefused) as refused:
        add(name=" ", remark="x")
    assert list(refused.value.problems) == ["name"]


def test_duplicates_are_hinted_by_number_contact_and_name():
    by_number = add(name="甲", identifiers={"resident_id": RESIDENT})
    by_phone = add(name="乙", phones=("13800138000",))
    by_name = add(name="示例（杭州）科技有限公司", kind="company")
    hints = duplicates(Draft(name="示例杭州科技", phones=("13800138000",), identifiers={"resident_id": RESIDENT}))
    assert [(h.customer, h.because.zh) for h in hints] == [
        (by_number, "居民身份证号相同"), (by_phone, "联系方式相同"), (by_name, "名称相同"),
    ]  # fmt: skip
    assert duplicates(Draft(name="王先生", phones=("1",))) == []


def test_an_edit_over_a_newer_one_is_refused():
    customer = add(name="示例王")
    edit_customer(customer, Draft(name="示例王", tier="VIP", tags=("b", "a", "a")), by="staff:1", now=NOW, version=1)
    assert (customer.tier, customer.tags, customer.version) == ("VIP", ["a", "b"], 2)
    with pytest.raises(StaleCustomer):
        edit_customer(customer, Draft(name="示例李"), by="staff:1", now=NOW, version=1)


def test_a_second_number_of_a_kind_replaces_the_first():
    customer = add(name="示例王", identifiers={"organisation_code": OLD_CODE})
    with pytest.raises(CustomerRefused):
        add_identifier(customer, "organisation_code", "1", by="staff:1", now=NOW)
    with pytest.raises(CustomerRefused):
        add_identifier(customer, "passport", "E1", by="staff:1", now=NOW)
    add_identifier(customer, "resident_id", RESIDENT, by="staff:1", now=NOW)
    assert sorted(customer.identifiers.values_list("kind", flat=True)) == ["organisation_code", "resident_id"]


def test_a_contact_that_is_anothers_is_refused():
    first, second = add(name="甲", phones=("13800138000",)), add(name="乙")
    with pytest.raises(CustomerRefused) as refused:
        add_contact(second, "13800138000", by="staff:1", now=NOW)
    assert refused.value.owner == first
    add_contact(second, "Li@Example.com", by="staff:1", now=NOW)
    assert second.contact_points.get().value == "li@example.com"


def test_a_relation_is_to_another_and_once():
    company, agent = add(name="示例公司", kind="company"), add(name="示例代理")
    assert relate(company, agent, "authorised_agent", by="staff:1", now=NOW)
    assert not relate(company, agent, "authorised_agent", by="staff:1", now=NOW)
    with pytest.raises(CustomerRefused):
        relate(company, company, "contact_person", by="staff:1", now=NOW)


def test_consent_counts_from_its_giving_until_the_instant_it_is_withdrawn():
    customer, later = add(name="示例王"), NOW + dt.timedelta(days=1)
    assert not may_contact(customer, "marketing", NOW)
    assert may_contact(customer, "service", NOW)
    assert not may_contact(customer, "anything", NOW)
    give_consent(customer, "marketing", version="2025-01", channel="portal", by="staff:1", now=NOW)
    assert may_contact(customer, "marketing", NOW)
    assert not may_contact(customer, "marketing", NOW - dt.timedelta(seconds=1))
    assert not may_contact(customer, "survey", NOW)
    assert withdraw_consent(customer, "marketing", channel="sms", by="staff:1", now=later)
    assert not may_contact(customer, "marketing", later)
    assert may_contact(customer, "marketing", later - dt.timedelta(microseconds=1))
    assert not withdraw_consent(customer, "marketing", channel="sms", by="staff:1", now=later)
    give_consent(customer, "marketing", version="2025-02", channel="phone", by="staff:1", now=later)
    assert may_contact(customer, "marketing", later)
    assert Consent.objects.count() == 2


def test_a_consent_says_what_was_shown_and_where():
    with pytest.raises(CustomerRefused) as refused:
        give_consent(add(name="示例"), "x", version=" ", channel="y", by="staff:1", now=NOW)
    assert sorted(refused.value.problems) == ["channel", "purpose", "version"]


def test_looking_behind_a_mask_takes_a_purpose_and_is_written_down():
    customer = add(name="示例王", phones=("13800138000",), identifiers={"resident_id": RESIDENT})
    agent = person("agent", "customers")
    for purpose, words in (("", "核对"), ("verify", " "), ("curiosity", "看看")):
        with pytest.raises(CustomerRefused):
            unmask(customer, "resident_id", purpose=purpose, words=words, by=agent, now=NOW)
    assert not Unmasking.objects.exists()
    assert unmask(customer, "resident_id", purpose="verify", words="工单核对", by=agent, now=NOW) == [RESIDENT]
    assert unmask(customer, "phone", purpose="contact", words="回电", by=agent, now=NOW) == ["138 0013 8000"]
    told = Fact.objects.filter(type="customer.unmasked").order_by("pk")
    assert [(f.actor, f.payload["what"], f.payload["purpose"]) for f in told] == [
        (agent.principal, "resident_id", "verify"), (agent.principal, "phone", "contact"),
    ]  # fmt: skip


def test_nobody_looks_over_his_own_look_and_only_once():
    customer = add(name="示例王", phones=("13800138000",))
    chief, other = person("chief", "customers", "board"), person("other", "customers", "board")
    unmask(customer, "phone", purpose="contact", words="回电", by=chief, now=NOW)
    row = Unmasking.objects.get()
    assert not review_unmasking(row.pk, is_justified=True, by=chief, now=NOW)
    assert review_unmasking(row.pk, is_justified=False, by=other, now=NOW)
    assert not review_unmasking(row.pk, is_justified=True, by=other, now=NOW)
    assert Unmasking.objects.get().is_justified is False


def test_a_rotation_seals_everything_again_and_the_old_key_opens_nothing_any_more():
    one = add(name="甲", identifiers={"resident_id": RESIDENT})
    add(name="乙", identifiers={"credit_code": CODE})
    before = set(Identifier.objects.values_list("key_id", "blind"))
    assert keys.key_file().stat().st_mode & 0o777 == 0o600
    assert keys.rotate_keys(now=NOW, forget_old=True) == 2
    after = set(Identifier.objects.values_list("key_id", "blind"))
    assert not before & after
    assert {key_id for key_id, _ in after} == {keys.keyring().newest}
    assert len(keys.key_file().read_text().split()) == 1
    assert search(RESIDENT) == [one]
    assert Fact.objects.filter(type="keys.rotated").get().payload["count"] == 2


def test_a_rotation_that_was_stopped_goes_on_under_the_same_key(monkeypatch):
    for number in ("甲", "乙"):
        add(name=number, identifiers={"resident_id": RESIDENT} if number == "甲" else {"credit_code": CODE})
    monkeypatch.setattr(keys, "BATCH", 1)

    def stop(count: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keys.rotate_keys(now=NOW, progress=stop)
    newest = keys.keyring().newest
    assert search(RESIDENT)
    assert search(CODE)
    assert keys.rotate_keys(now=NOW) == 1
    assert keys.keyring().newest == newest


def test_a_customer_that_was_merged_is_in_no_list():
    kept, dropped = add(name="示例王"), add(name="示例王二")
    Customer.objects.filter(pk=dropped.pk).update(merged_into=kept)
    agent = person("agent", "customers")
    assert find_customers(agent, "示例") == [kept]
    assert customer_for(agent, dropped.pk).merged_into == kept


def test_the_archive_is_closed_to_partners_and_to_who_has_left() -> None:
    staff = Staff(pk=7, username="somebody", is_active=True)

    def seen(**more: object) -> bool:
        return may_see_customers(
            Viewer("staff:7", frozenset({"staff:7"}), **{"staff": staff, "screens": frozenset({"customers"}), **more})
        )

    assert seen()
    assert not seen(screens=frozenset({"desk"}))
    assert not seen(is_external=True)
    assert not seen(staff=None)
    staff.is_active = False
    assert not seen()
