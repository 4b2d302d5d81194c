"""Notices as a running city gives them: from a file in the inbox to a web server, and the command line."""

from __future__ import annotations

import datetime as dt
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner, Result

from config import City, load_city
from dashboard import cli
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime
from dashboard.warnings import notices as told
from warehouse.state import Delivery, Message, State

if TYPE_CHECKING:
    from tests.conftest import Hook

ROOT = Path(__file__).parents[2]
NOON = dt.datetime(2026, 4, 10, 5, tzinfo=dt.UTC)
HEAD = "number,received_at,closed_at,due_at,district,channel"
LATE = "2026-03-03T08:00:00+07:00,2026-03-09T08:00:00+07:00,2026-03-05T08:00:00+07:00,T1,web"
IN_TIME = "2026-03-03T08:00:00+07:00,2026-03-04T08:00:00+07:00,2026-03-05T08:00:00+07:00,T2,web"

AFTER = "2026-04-03T08:00:00+07:00,,2026-04-15T08:00:00+07:00,T2,web"
"""March is over."""


@pytest.fixture
def folder(tmp_path: Path, hook: Hook) -> Path:
    """The tiny city with a duty officer who has a webhook, and an office that has nothing."""
    folder = Path(shutil.copytree(ROOT / "tests" / "config" / "tiny", tmp_path / "tiny"))
    (folder / "recipients.yaml").write_text(
        f"""- {{id: duty, name: {{vi: Trực ban, en: Duty}}, channels: ["{hook.url}"], language: en}}
- {{id: office, name: {{vi: Văn phòng, en: Office}}, channels: ["${{NOT_SET_HERE}}"]}}
""",
        encoding="utf-8",
    )
    for rules in (folder / "rules").glob("*.yaml"):
        text = rules.read_text(encoding="utf-8")
        rules.write_text(
            text.replace("  period: month\n", "  period: month\n  notify: [duty, office]\n"), encoding="utf-8"
        )
    return folder


def _running(folder: Path, var: Path, now: dt.datetime = NOON) -> Runtime:
    city = load_city(folder)
    places = Places.of(city.head.id, var)
    places.make()
    requests = places.inbox / "requests"
    requests.mkdir(exist_ok=True)
    rows = [f"{number},{row}" for number, row in enumerate([LATE] * 3 + [IN_TIME, AFTER], start=1)]
    file = requests / "march.csv"
    file.write_text("\n".join([HEAD, *rows]) + "\n", encoding="utf-8")
    os.utime(file, (NOON.timestamp() - 3600,) * 2)  # it has lain still
    return Runtime(city, places, clock=lambda: now, site="https://ioc.example/")


def test_a_file_in_the_inbox_reaches_the_webhook_and_nothing_waits_for_it(
    folder: Path, tmp_path: Path, hook: Hook
) -> None:
    with _running(folder, tmp_path / "var") as runtime:
        runtime.courier.start()
        try:
            runtime.cycle()
            assert hook.arrived.wait(30)
        finally:
            runtime.courier.stop()
        messages = runtime.state.outbox.messages()
        (warning,) = runtime.state.warnings(areas=None, rule="late")
    (post,) = hook.posts
    assert post["title"] == "[Serious] Late – District One (new)"
    assert "Value: 0.0% · Limit: 90.0% · Since: 1 Mar 2026" in post["message"]
    assert f"https://ioc.example/en/warning/{warning.id}" in post["message"]
    assert {m.office: (m.status, m.error) for m in messages} == {
        "duty": (Delivery.SENT, None),
        "office": (Delivery.WAITING, "environment variable NOT_SET_HERE is not set"),
    }


def test_a_load_that_ends_at_once_sends_as_well_and_a_second_one_nothing(
    folder: Path, tmp_path: Path, hook: Hook, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        with _running(folder, tmp_path / "var") as runtime:
            runtime.cycle()
            runtime.courier.once()
    assert len(hook.posts) == 1
    assert "recipient office cannot be told: NOT_SET_HERE is not set" in caplog.messages


def test_the_command_line_lists_shows_explains_and_tries(folder: Path, tmp_path: Path, hook: Hook) -> None:
    with _running(folder, tmp_path / "var") as runtime:
        runtime.cycle()
        runtime.courier.once()

    def ioc(*options: str) -> Result:
        places = ["--city", str(folder), "--var", str(tmp_path / "var")]
        return CliRunner().invoke(cli.app, ["notices", *options, *places])

    listed = ioc().stdout
    assert "duty" in listed
    assert "waiting" in listed
    assert "${NOT_SET_HERE}" in listed
    decided = ioc("--warning", "1").stdout
    assert decided.count("send") == 2
    assert "new" in decided
    assert "[Serious] Late – District One (new)" in ioc("--show", "1").stdout
    done = ioc("--test", "duty")
    assert (done.exit_code, done.stdout.strip()) == (0, f"{hook.url}: sent")
    assert hook.posts[-1]["title"] == "Test of a notice channel"
    done = ioc("--test", "office")
    assert done.exit_code == 1
    assert done.stdout.strip() == "${NOT_SET_HERE}: environment variable NOT_SET_HERE is not set"
    for options, said in (
        (("--test", "offise"), "there is no recipient 'offise' (did you mean office?)"),
        (("--show", "99"), "there is no message 99"),
        (("--to", "dutty"), "there is no recipient 'dutty' (did you mean duty?)"),
        (("--to", "office@T9"), "there is no recipient 'office@T9'"),
        (("--warning", "99"), "there is no warning 99"),
        (("--retry", "1"), "message 1 is sent: there is nothing to send again"),
    ):
        done = ioc(*options)
        assert done.exit_code == 1
        assert said in " ".join(done.stderr.split())


def test_a_message_that_was_given_up_is_sent_again_on_demand(tiny_state: tuple[City, State]) -> None:
    city, state = tiny_state
    message = Message(
        "k-1", "k", "duty", "duty", "", "json://127.0.0.1:9", "en", "watch", "Subject", "Body", NOON,
        Delivery.WAITING, NOON,
    )  # fmt: skip
    state.outbox.commit([], [], [message])
    assert state.outbox.claim(1)
    state.outbox.settle(1, NOON, "refused")
    assert "refused" in told.shown(city, state.outbox, 1)
    assert "sent by the running server" in told.again(state.outbox, 1, NOON)
    assert [m.status for m in state.outbox.due(NOON)] == [Delivery.WAITING]


@pytest.fixture
def tiny_state(tmp_path: Path) -> Iterator[tuple[City, State]]:
    state = State.open(f"sqlite:///{tmp_path / 'people.sqlite'}")
    yield load_city(ROOT / "tests" / "config" / "tiny"), state
    state.close()
