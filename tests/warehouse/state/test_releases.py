"""What the public is told: by a person, one text at a time, until it expires or is withdrawn."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from warehouse.state import HandlingError, Outcome, UnknownWarningError

if TYPE_CHECKING:
    from tests.warehouse.state.conftest import Office

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
HEAD, TEXT = {"vi": "Ngập", "en": "Flood"}, {"vi": "Tránh đường A", "en": "Avoid road A"}


def test_a_new_text_takes_the_place_of_the_one_before(office: Office) -> None:
    releases, w = office.state.releases, office.tell()
    first = releases.publish(w.id, "Lan", HEAD, TEXT, NOON + 9 * HOUR, NOON, areas=None)
    assert releases.standing(NOON) == [first]
    text = {"vi": " Tránh đường B ", "en": "Avoid road B"}
    second = releases.publish(w.id, "Minh", HEAD, text, NOON + 5 * HOUR, NOON + HOUR, areas=None)
    assert (second.replaces, second.text["vi"], second.who) == (first.id, "Tránh đường B", "Minh")
    assert releases.standing(NOON + HOUR) == [second]
    assert releases.standing(NOON + 5 * HOUR) == []  # it has expired
    gone = releases.withdraw(w.id, "Lan", "nước rút", NOON + 2 * HOUR, areas=None)
    assert (gone.id, gone.withdrawn_at, gone.withdrawn_by) == (second.id, NOON + 2 * HOUR, "Lan")
    assert releases.standing(NOON + 2 * HOUR) == []
    # What was told can be told again.
    assert [r.id for r in releases.standing(NOON + 1.5 * HOUR)] == [second.id]
    assert [r.id for r in releases.standing(NOON + 0.5 * HOUR)] == [first.id]
    assert [r.id for r in releases.all(warning=w.id)] == [second.id, first.id]
    expires = [(NOON + k * HOUR).isoformat() for k in (9, 5)]
    thing = f"warning {w.id}"
    assert office.audited() == [
        ("Lan", "release", thing, {"release": first.id, "replaces": None, "headline": HEAD, "text": TEXT,
                                   "expires_at": expires[0]}),
        ("Minh", "release", thing, {"release": second.id, "replaces": first.id, "headline": HEAD,
                                    "text": second.text, "expires_at": expires[1]}),
        ("Lan", "withdraw", thing, {"release": second.id, "reason": "nước rút"}),
    ]  # fmt: skip


def test_what_does_not_go_is_refused_and_leaves_no_trace(office: Office) -> None:
    releases, w, closed = office.state.releases, office.tell(), office.tell("a2")
    office.state.conclude(closed.id, Outcome.TRUE, "Lan", "", NOON, areas=None)
    before = (office.audited(), office.state.revision(), releases.all())

    def publish(who: str, head: dict[str, str], text: dict[str, str], **more: Any) -> Callable[[], object]:
        given: dict[str, Any] = {"id": w.id, "expires": NOON + HOUR, "areas": None} | more
        return lambda: releases.publish(
            given["id"], who, head, text, given["expires"], NOON, areas=given["areas"]
        )

    refused: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (ValueError, "name", publish("", HEAD, TEXT)),
        (ValueError, "languages", publish("An", {"vi": "x"}, TEXT)),
        (ValueError, "languages", publish("An", {}, {})),
        (ValueError, "languages", publish("An", {"en": " "}, {"en": "x"})),
        (HandlingError, "expire", publish("An", HEAD, TEXT, expires=NOON)),
        (HandlingError, "is closed", publish("An", HEAD, TEXT, id=closed.id)),
        (UnknownWarningError, "no warning", publish("An", HEAD, TEXT, areas={"a9"})),
        (HandlingError, "has not been told", lambda: releases.withdraw(w.id, "An", "x", NOON, areas=None)),
        (ValueError, "say why", lambda: releases.withdraw(w.id, "An", " ", NOON, areas=None)),
    ]
    for kind, message, deed in refused:
        with pytest.raises(kind, match=message):
            deed()
    assert (office.audited(), office.state.revision(), releases.all()) == before
