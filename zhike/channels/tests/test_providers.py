"""Both providers' protocols: published signatures, what goes out, and what every answer means."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zhike.channels.http import Line
from zhike.channels.sms.aliyun import Aliyun, signed_headers
from zhike.channels.sms.gateways import Account, Gateway, Outcome, Parcel, Receipt, Unreadable, Uplink, number_of
from zhike.channels.sms.local import Local
from zhike.channels.sms.tencent import JSON, Tencent, canonical_request, signature_of, signing_key, string_to_sign
from zhike.channels.tests.stand_in import DROPS, HANGS, Asked, Raw, StandIn, stand_in

LINE = Line(frozenset({"127.0.0.1"}), 2.0, 0.4)
NOW = dt.datetime(2025, 3, 3, 2, 0, tzinfo=dt.UTC)
PARCEL = Parcel(
    "zk7",
    "+8613800000101",
    "您好李，工单A-1已受理。",
    "示例商城",
    "SMS_71390007",
    (("name", "李"), ("number", "A-1")),
    NOW,
)


def test_aliyun_signs_as_its_documentation_does() -> None:
    """The fixed example of the page on signature version 3."""
    query = {"ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd", "RegionId": "cn-shanghai"}
    account = Account("YourAccessKeyId", "YourAccessKeySecret")
    at = dt.datetime(2023, 10, 26, 10, 22, 32, tzinfo=dt.UTC)
    nonce = "3156853299f313e23d1673dc12e1703d"
    _, headers = signed_headers(account, "ecs.cn-shanghai.aliyuncs.com", "RunInstances", query, at, nonce, "2014-05-26")
    assert headers["Authorization"] == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;x-acs-content-sha256;x-acs-date;"
        "x-acs-signature-nonce;x-acs-version,Signature=06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_tencent_signs_as_its_documentation_does() -> None:
    """The fixed example of the page on TC3-HMAC-SHA256; the secret is masked there, the key made of it is not."""
    payload = b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    request = canonical_request("cvm.tencentcloudapi.com", "DescribeInstances", payload)
    to_sign = string_to_sign(request, 1551113065, "cvm")
    assert to_sign.endswith(
        "1551113065\n2019-02-25/cvm/tc3_request\n7019a55be8395899b900fb5564e4200d984910f34794a27cb3fb7d10ff6a1e84"
    )
    key = bytes.fromhex("b596b923aad85185e2d1f6659d2a062e0a86731226e021e61bfe06f7ed05f5af")
    assert signature_of(key, to_sign) == "10b1a37a7301a02ca19a647ad722d5e43b4b3cff309d421d85b46093f6ab6c4f"
    assert len(signing_key("secret", 1551113065, "cvm")) == 32


@pytest.fixture
def provider() -> Iterator[StandIn]:
    with stand_in(lambda asked: {}) as made:
        yield made


def aliyun(provider: StandIn) -> Aliyun:
    return Aliyun(Account("AKIDEXAMPLE", "sample-secret", endpoint=provider.address), LINE)


def tencent(provider: StandIn) -> Tencent:
    return Tencent(Account("AKIDEXAMPLE", "sample-secret", app_id="1400006666", endpoint=provider.address), LINE)


def test_aliyun_is_sent_template_and_values(provider: StandIn) -> None:
    provider.answers = lambda asked: {"Code": "OK", "Message": "OK", "BizId": "900619746936498440^0"}
    assert aliyun(provider).send(PARCEL, NOW) == Outcome("taken", "900619746936498440^0", "OK", "OK")
    (asked,) = provider.asked
    assert asked.query == {
        "PhoneNumbers": "13800000101", "SignName": "示例商城", "TemplateCode": "SMS_71390007",
        "TemplateParam": '{"name": "李", "number": "A-1"}', "OutId": "zk7",
    }  # fmt: skip
    assert (asked.headers["x-acs-action"], asked.headers["x-acs-version"]) == ("SendSms", "2017-05-25")


def test_tencent_is_sent_template_and_values(provider: StandIn) -> None:
    row = {
        "SerialNo": "5000:1045710669157053657849499619",
        "PhoneNumber": "+8613800000101",
        "Code": "Ok",
        "Message": "send success",
    }
    provider.answers = lambda asked: {"Response": {"SendStatusSet": [row], "RequestId": "x"}}
    assert tencent(provider).send(PARCEL, NOW) == Outcome("taken", row["SerialNo"], "Ok", "send success")
    (asked,) = provider.asked
    assert asked.json() == {
        "PhoneNumberSet": ["+8613800000101"], "SmsSdkAppId": "1400006666", "SignName": "示例商城", "TemplateId": "SMS_71390007",
        "TemplateParamSet": ["李", "A-1"], "SessionContext": "zk7",
    }  # fmt: skip
    assert (asked.headers["x-tc-action"], asked.headers["content-type"]) == ("SendSms", JSON)
    assert asked.headers["x-tc-timestamp"] == "1740967200"
    digest = hashlib.sha256(asked.body).hexdigest()
    assert canonical_request(f"127.0.0.1:{provider.port}", "SendSms", asked.body).endswith(digest)


ALIYUN: list[tuple[str, Any, str]] = [
    ("hangs", HANGS, "unknown"),
    ("hangs up", DROPS, "unknown"),
    ("broken inside", Raw(b"oops", status=500), "unknown"),
    ("no JSON", Raw(b"<html>"), "unknown"),
    ("says that it broke", {"Code": "isp.SYSTEM_ERROR", "Message": "x"}, "unknown"),
    ("too many for now", {"Code": "isv.BUSINESS_LIMIT_CONTROL", "Message": "x"}, "again"),
    ("no such template", {"Code": "isv.SMS_TEMPLATE_ILLEGAL", "Message": "x"}, "failed"),
    ("a code that is none", {"Code": {"a": 1}}, "unknown"),
]


@pytest.mark.parametrize(("answer", "state"), [each[1:] for each in ALIYUN], ids=[each[0] for each in ALIYUN])
def test_what_an_answer_of_aliyun_means(provider: StandIn, answer: Any, state: str) -> None:
    provider.answers = lambda asked: answer
    assert aliyun(provider).send(PARCEL, NOW).state == state


def status(code: str) -> dict[str, Any]:
    return {"Response": {"SendStatusSet": [{"Code": code, "Message": "x"}]}}


TENCENT: list[tuple[str, Any, str]] = [
    ("hangs", HANGS, "unknown"),
    ("hangs up", DROPS, "unknown"),
    ("no Response", {"x": 1}, "unknown"),
    ("no rows", {"Response": {"SendStatusSet": []}}, "unknown"),
    ("says that it broke", {"Response": {"Error": {"Code": "InternalError.Timeout", "Message": "x"}}}, "unknown"),
    ("a wrong signature", {"Response": {"Error": {"Code": "AuthFailure.SignatureFailure", "Message": "x"}}}, "failed"),
    ("too many for now", status("LimitExceeded.PhoneNumberThirtySecondLimit"), "again"),
    ("too many today", status("LimitExceeded.PhoneNumberDailyLimit"), "failed"),
]


@pytest.mark.parametrize(("answer", "state"), [each[1:] for each in TENCENT], ids=[each[0] for each in TENCENT])
def test_what_an_answer_of_tencent_means(provider: StandIn, answer: Any, state: str) -> None:
    provider.answers = lambda asked: answer
    assert tencent(provider).send(PARCEL, NOW).state == state


def test_a_call_that_never_left_may_be_made_again() -> None:
    with stand_in(lambda asked: {}) as gone:
        pass
    assert aliyun(gone).send(PARCEL, NOW) == Outcome("again", code="connect")
    outside = Tencent(Account("a", "b", endpoint="http://169.254.169.254/"), Line())
    assert outside.send(PARCEL, NOW) == Outcome("again", code="refused")


def test_both_are_asked_about_one_by_our_own_reference(provider: StandIn) -> None:
    def details(asked: Asked) -> dict[str, Any]:
        rows = [{"OutId": "zk6", "SendStatus": 2}, {"OutId": "zk7", "SendStatus": 3, "ErrCode": "DELIVERED"}]
        return {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": rows}}

    provider.answers = details
    assert aliyun(provider).ask(PARCEL, NOW) == Outcome("delivered", code="DELIVERED")
    assert provider.asked[0].query["SendDate"] == "20250303"
    provider.answers = lambda asked: {"Code": "OK", "SmsSendDetailDTOs": {"SmsSendDetailDTO": []}}
    assert aliyun(provider).ask(PARCEL, NOW).state == "not_found"
    pulled = {"SessionContext": "zk7", "ReportStatus": "FAIL", "SerialNo": "s", "Description": "空号"}
    provider.answers = lambda asked: {"Response": {"PullSmsSendStatusSet": [pulled]}}
    assert tencent(provider).ask(PARCEL, NOW) == Outcome("failed", "s", words="空号")
    provider.answers = lambda asked: HANGS
    assert tencent(provider).ask(PARCEL, NOW).state == "unknown"


def test_receipts_and_replies_as_the_providers_document_them() -> None:
    ali, ten = Aliyun(Account("", ""), LINE), Tencent(Account("", ""), LINE)
    report = {
        "phone_number": "13800000101", "success": True, "err_code": "DELIVERED", "err_msg": "用户接收成功", "sms_size": "2",
        "biz_id": "12345", "out_id": "zk7", "send_time": "2017-01-01 00:00:00",
    }  # fmt: skip
    assert ali.receipts(json.dumps([report]).encode()) == [
        Receipt("12345", "zk7", "+8613800000101", True, "DELIVERED", "用户接收成功", 2)
    ]
    up = {"phone_number": "13800000101", "content": "TD", "dest_code": "1234", "sequence_id": 1234567890}
    assert ali.replies(json.dumps([up]).encode()) == [Uplink("1234567890", "+8613800000101", "TD")]
    called = {
        "mobile": "13800000101",
        "nationcode": "86",
        "report_status": "FAIL",
        "errmsg": "UNDELIV",
        "description": "停机",
        "sid": "s1",
    }
    assert ten.receipts(json.dumps([called]).encode()) == [
        Receipt("s1", "", "+8613800000101", False, "UNDELIV", "停机")
    ]
    said = {
        "mobile": "13800000101",
        "nationcode": "86",
        "text": "好的",
        "sign": "示例",
        "time": 1457336869,
        "extend": "12",
    }
    (reply,) = ten.replies(json.dumps(said).encode())
    assert (reply.number, reply.words) == ("+8613800000101", "好的")
    assert ten.replies(json.dumps(said).encode())[0].key == reply.key
    assert ten.replies(json.dumps({**said, "time": 1457336870}).encode())[0].key != reply.key


@pytest.mark.parametrize(
    ("raw", "country", "number"),
    [
        ("13800000101", "86", "+8613800000101"), ("8613800000101", "86", "+8613800000101"), ("+8613800000101", "", "+8613800000101"),
        ("0085212345678", "", "+85212345678"), (13800000101, None, "+8613800000101"), ("61234567", "852", "+85261234567"),
        ("2025550123", "1", "+12025550123"), ("+85261234567", "852", "+85261234567"),
    ],
)  # fmt: skip
def test_numbers_however_a_provider_writes_them(raw: object, country: object, number: str) -> None:
    assert number_of(raw, country) == number


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                [
                    "phone_number",
                    "mobile",
                    "content",
                    "text",
                    "sequence_id",
                    "success",
                    "biz_id",
                    "sid",
                    "number",
                    "key",
                    "x",
                ]
            ),
            inner | st.just("13800000101"),
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(body=st.binary(max_size=200) | JUNK.map(lambda value: json.dumps(value).encode()))
def test_a_callback_is_read_or_refused_and_nothing_else(body: bytes) -> None:
    providers: list[Gateway] = [Aliyun(Account("", ""), LINE), Tencent(Account("", ""), LINE), Local()]
    for each in providers:
        for read in (each.receipts, each.replies):
            try:
                found = read(body)
            except Unreadable:
                continue
            assert all(one.number.startswith("+") and "\0" not in one.words for one in found)


def test_a_body_of_nested_brackets_is_refused() -> None:
    with pytest.raises(Unreadable):
        Local().replies(b"[" * 200_000)
