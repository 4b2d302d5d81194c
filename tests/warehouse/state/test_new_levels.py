"""A confirmed shift is kept with its reason, once at a time, and taken back without a trace lost."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from warehouse.state import Earlier, HandlingError, NewLevel, UnknownWarningError

if TYPE_CHECKING:
    from tests.warehouse.state.conftest import Office

NOON = dt.datetime(2024, 5, 6, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
BEGAN = dt.datetime(2024, 3, 4, tzinfo=dt.UTC).replace(tzinfo=None)  # by the clock of the city


def confirm(
    office: Office, warning: int, who: str = "Lan", reason: str = "sổ mới", at: float = 0
) -> NewLevel:
    return office.state.new_levels.confirm(
        warning, "received", BEGAN, Earlier.MOVED, who, reason, NOON + at * HOUR, areas=None
    )


def test_a_confirmed_shift_stands_until_it_is_taken_back(office: Office) -> None:
    w, levels = office.tell("a1"), office.state.new_levels
    made = confirm(office, w.id)
    assert (made.area, made.indicator, made.began, made.earlier) == ("a1", "received", BEGAN, Earlier.MOVED)
    assert levels.standing() == [made]
    gone = levels.withdraw(w.id, "Minh", "một sự kiện", NOON + HOUR, areas=None)
    assert (gone.id, gone.withdrawn_at, gone.withdrawn_by) == (made.id, NOON + HOUR, "Minh")
    again = confirm(office, w.id, "Minh", "vẫn là sổ mới", at=2)
    assert levels.standing() == [again]
    assert levels.all(warning=w.id) == [gone, again]
    assert [(who, action) for who, action, _, _ in office.audited()] == [
        ("Lan", "rebase"),
        ("Minh", "unbase"),
        ("Minh", "rebase"),
    ]
    told = [(e.who, e.action, e.detail) for e in office.state.history(w.id, areas=None) if e.who]
    assert told == [
        ("Lan", "rebase", "sổ mới"),
        ("Minh", "unbase", "một sự kiện"),
        ("Minh", "rebase", "vẫn là sổ mới"),
    ]


def test_what_does_not_go_is_refused_and_leaves_no_trace(office: Office) -> None:
    w, other = office.tell("a1"), office.tell("a2")
    confirm(office, w.id)
    levels = office.state.new_levels
    before = (office.audited(), office.state.revision(), levels.all())
    refused: list[tuple[type[Exception], str, Callable[[], object]]] = [
        (HandlingError, "already", lambda: confirm(office, w.id)),
        (ValueError, "name", lambda: confirm(office, other.id, who=" ")),
        (ValueError, "why", lambda: confirm(office, other.id, reason="")),
        (HandlingError, "no shift", lambda: levels.withdraw(other.id, "Lan", "x", NOON, areas=None)),
        (UnknownWarningError, "no warning", lambda: levels.withdraw(w.id, "Lan", "x", NOON, areas={"a2"})),
    ]
    for kind, words, act in refused:
        with pytest.raises(kind, match=words):
            act()
    assert (office.audited(), office.state.revision(), levels.all()) == before
