"""What happens on the ways in and out, past tense. No words, no numbers of telephones."""

from __future__ import annotations

from dataclasses import dataclass

from zhike.journal.events import Event, event


@event("sms_gateway.changed")
@dataclass(frozen=True)
class GatewayChanged(Event):
    name: str
    how: str


@event("sms_template.decided")
@dataclass(frozen=True)
class TemplateDecided(Event):
    code: str
    state: str
    why: str = ""


@event("sms.refused", stays="purpose template")
@dataclass(frozen=True)
class SmsRefused(Event):
    """The gate did not let it through."""

    purpose: str
    template: str


@event("sms.settled", stays="state code")
@dataclass(frozen=True)
class SmsSettled(Event):
    """The provider took it, refused it, delivered it, or nobody knows."""

    state: str
    code: str = ""


@event("sms.unsubscribed")
@dataclass(frozen=True)
class SmsUnsubscribed(Event):
    scope: str
    how: str


@event("sms.resubscribed")
@dataclass(frozen=True)
class SmsResubscribed(Event):
    scope: str


@event("wechat.account_changed")
@dataclass(frozen=True)
class AccountChanged(Event):
    name: str
    how: str


@event("inbox.changed")
@dataclass(frozen=True)
class InboxChanged(Event):
    """A way in was added, changed, switched, given a new secret."""

    name: str
    how: str
