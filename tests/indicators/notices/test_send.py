"""Sending for real: a mail server, a web server, what they receive, and what is said when they refuse."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from config import City
from indicators.notices.channels import MissingSecretError, redacted, resolved
from indicators.notices.send import by_apprise, missing_secrets
from tests.conftest import Hook
from tests.indicators.notices.conftest import NOON, Mailbox, with_recipients
from warehouse.state import Delivery, Message

TEXT = "Quận 1: chỉ 72,0% & <b>dưới</b> mức 90%\nCách xử lý: xem “lĩnh vực”.\n"


def _message(channel: str, **given: object) -> Message:
    plain = Message(
        "0f0f-1", "0f0f", "duty", "duty", "", channel, "vi", "critical", "[Khẩn cấp] Trễ hạn – Quận 1", TEXT,
        NOON, Delivery.WAITING, NOON,
    )  # fmt: skip
    return replace(plain, **given)  # type: ignore[arg-type]


def test_a_webhook_gets_the_words_and_the_key(hook: Hook) -> None:
    assert by_apprise({})(_message(hook.url)) is None
    (post,) = hook.posts
    assert post["title"] == "[Khẩn cấp] Trễ hạn – Quận 1"
    assert post["message"].strip() == TEXT.strip()
    assert post["type"] == "failure"
    assert hook.heads[0]["Idempotency-Key"] == "0f0f-1"


def test_a_mail_server_gets_the_words_and_the_key(mailbox: Mailbox) -> None:
    channel = f"mailto://127.0.0.1:{mailbox.port}?from=ioc@city.example&to=duty@city.example&mode=insecure"
    assert by_apprise({})(_message(channel)) is None
    (mail,) = mailbox.mails
    assert mail["Subject"] == "[Khẩn cấp] Trễ hạn – Quận 1"
    assert mail["Idempotency-Key"] == "0f0f-1"
    assert "duty@city.example" in mail["To"]
    body = mail.get_body(("html", "plain"))
    assert body is not None
    words = body.get_content()
    assert "&lt;b&gt;dưới&lt;/b&gt;" in words or "<b>dưới</b>" in words
    assert "Cách xử lý" in words
    if body.get_content_type() == "text/html":
        assert "<b>dưới</b>" not in words  # what comes from data is never markup


@pytest.mark.parametrize(("answer", "told"), [(500, "500"), (404, "404")])
def test_a_refusal_is_told(hook: Hook, answer: int, told: str) -> None:
    hook.answers = [answer]
    error = by_apprise({})(_message(hook.url))
    assert error is not None
    assert told in error


def test_a_library_that_raises_is_a_failed_attempt_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def raises(*_: object, **__: object) -> bool:
        raise ValueError("cannot read json://127.0.0.1/s3cret")

    monkeypatch.setattr("apprise.Apprise.notify", raises)
    error = by_apprise({"TOKEN": "s3cret"})(_message("json://127.0.0.1/${TOKEN}"))
    assert error == "ValueError: cannot read json://127.0.0.1/${TOKEN}"


def test_nobody_there_is_told() -> None:
    error = by_apprise({})(_message("json://127.0.0.1:9/hook"))
    assert error


@pytest.mark.parametrize("channel", ["nosuch://127.0.0.1", "json://"])
def test_an_address_that_cannot_be_is_told(channel: str) -> None:
    assert by_apprise({})(_message(channel)) == "no known kind of channel, or not a complete address"


def test_secrets_come_from_the_environment_and_never_out_again(hook: Hook) -> None:
    port = hook.url.rpartition(":")[2].partition("/")[0]
    secrets = {"HOOK_PASS": "s3cr&t/ö", "HOOK_PORT": port, "WHOLE": hook.url}
    channel = "json://duty:${HOOK_PASS}@127.0.0.1:${HOOK_PORT}/hook"
    assert resolved(channel, secrets) == f"json://duty:s3cr%26t%2F%C3%B6@127.0.0.1:{port}/hook"
    assert by_apprise(secrets)(_message(channel)) is None
    assert by_apprise(secrets)(_message("${WHOLE}")) is None
    assert len(hook.posts) == 2
    assert redacted("no route to s3cr&t/ö or s3cr%26t%2F%C3%B6", channel, secrets) == (
        "no route to ${HOOK_PASS} or ${HOOK_PASS}"
    )


def test_a_secret_that_is_not_set_is_named_and_nothing_is_sent() -> None:
    with pytest.raises(MissingSecretError, match="HOOK_PASS is not set"):
        resolved("json://duty:${HOOK_PASS}@127.0.0.1/hook", {"HOOK_PASS": ""})
    error = by_apprise({})(_message("${WHOLE}"))
    assert error == "environment variable WHOLE is not set"


def test_what_is_not_set_is_known_before_anything_is_sent(tiny: City) -> None:
    city = with_recipients(
        tiny,
        {"id": "duty", "channels": ["${A}", "jsons://u:${B}@x.example"]},
        {"id": "office", "each": "district", "channels_of": {"T1": ["${C}"]}},
        {"id": "calm"},
    )
    assert missing_secrets(city, {"A": "json://x"}) == {"duty": ["B"], "office": ["C"]}
    assert missing_secrets(city, {"A": "a", "B": "b", "C": "c"}) == {}


def test_the_time_of_a_message_is_aware() -> None:
    assert _message("x").created_at.tzinfo is dt.UTC
