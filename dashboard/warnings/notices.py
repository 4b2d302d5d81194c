"""``ioc notices``: what people were told, what was decided and why, and whether a channel works."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Iterable, Iterator
from typing import cast

from rich.markup import escape
from rich.table import Table

from config import City
from config.problems import did_you_mean
from dashboard.drawing.format import Lang
from dashboard.i18n import words_in
from indicators.notices.facts import clock
from indicators.notices.offices import Office, office_named
from indicators.notices.send import Send, by_apprise
from warehouse.state import Delivery, Message, Notice, Outbox, UnknownMessageError

_STYLES = {Delivery.FAILED: "bold red", Delivery.NO_CHANNEL: "yellow", Delivery.SENT: "green"}


class NoticeError(Exception):
    """There is no such recipient or message, or nothing to be done with it; the message says what."""


def known(city: City, outbox: Outbox, to: str | None, warning: int | None) -> None:
    """Raises NoticeError for a recipient or a warning that never was; of those that are gone one may ask."""
    if to is not None and office_named(city, to) is None and not outbox.messages(1, office=to):
        raise NoticeError(
            f"there is no recipient {to!r} ({did_you_mean(to.partition('@')[0], city.recipients)})"
        )
    if warning is not None and not outbox.warnings([warning]):
        raise NoticeError(f"there is no warning {warning}")


def messages_table(city: City, messages: Iterable[Message]) -> Table:
    """Messages, newest first; channels as the city writes them, without their secrets."""
    table = Table("id", "written", "to", "by", "status", "tries", "subject", "error")
    for item in messages:
        table.add_row(
            str(item.id),
            clock(item.created_at, city.zone),
            item.office,
            item.channel or "–",
            f"[{_STYLES.get(item.status, '')}]{item.status}[/]" if item.status in _STYLES else item.status,
            str(item.attempts),
            escape(item.subject),
            escape(item.error or ""),
        )
    return table


def decisions_table(city: City, outbox: Outbox, notices: Iterable[Notice]) -> Table:
    """Who would have been told of what, and every decision with its reason, oldest first."""
    table = Table("at", "to", "of", "warning", "decided", "why", "again at")
    for item in notices:
        assert item.id is not None
        for step in outbox.history(item.id):
            table.add_row(
                clock(step.at, city.zone),
                item.office,
                item.kind,
                f"{item.warning or '–'} {item.rule} {item.area}",
                step.action,
                step.reason,
                clock(step.due, city.zone) if step.due else "",
            )
    return table


def shown(city: City, outbox: Outbox, message: int) -> str:
    """A message with its very words, and every attempt to send it. Raises NoticeError."""
    found = next((item for item in outbox.messages(1, id=message)), None)
    if found is None:
        raise NoticeError(f"there is no message {message}")
    attempts = [f"{clock(at, city.zone)}: {error or 'sent'}" for at, error in outbox.attempts(message)]
    head = [f"to {found.office} by {found.channel or '–'}: {found.status}", *attempts, "", found.subject, ""]
    return "\n".join([*head, found.body])


def again(outbox: Outbox, message: int, now: dt.datetime) -> str:
    """Have a message that was given up sent once more. Raises NoticeError."""
    try:
        found = outbox.retry(message, now)
    except (UnknownMessageError, ValueError) as error:
        raise NoticeError(str(error)) from error
    return f"message {message} to {found.office} is sent by the running server, or with the next ioc load"


def tried(city: City, key: str, now: dt.datetime, send: Send | None = None) -> list[tuple[str, bool]]:
    """Send a test message by each channel of a recipient, or of its office in an area (``recipient@area``).

    One line for each, and whether it failed. Raises NoticeError when there is no such recipient, or no
    channel.
    """
    office = office_named(city, key)
    if office is None:
        hint = did_you_mean(key.partition("@")[0], city.recipients)
        raise NoticeError(f"there is no recipient {key!r} ({hint})")
    if not office.channels:
        raise NoticeError(f"{key} has no channel; give it some under channels in recipients.yaml")
    post = by_apprise(os.environ) if send is None else send
    found = []
    for message in _tests(city, office, now):
        error = post(message)
        found.append((f"{message.channel}: {error or 'sent'}", error is not None))
    return found


def _tests(city: City, to: Office, now: dt.datetime) -> Iterator[Message]:
    language = to.language(city)
    words = words_in(cast(Lang, language))
    subject, body = words("notice_test.subject"), words("notice_test.body", office=to.name(city, language))
    for number, channel in enumerate(to.channels, start=1):
        key = f"test-{now:%Y%m%dT%H%M%S}-{number}"
        who = (to.recipient.id, to.key, "test", channel, language, "watch")
        yield Message(key, key, *who, subject, body, now, Delivery.SENDING, None)
