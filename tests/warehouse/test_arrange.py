"""Values are put in order when most are new, and none is lost or changed by it."""

from __future__ import annotations

from pathlib import Path

from warehouse.arrange import arrange
from warehouse.store import Store

FILL = (
    "INSERT INTO indicator_value (indicator, level, area, period, start, value, stored_at)"
    " SELECT 'i' || i, 'ward', 'a' || a, 'day', TIMESTAMP '2025-01-01' + to_days(d::INT), i + a * d,"
    " TIMESTAMP '2026-01-01'"
    " FROM range({low}, {high}) t(i), range(60) u(a), range(365) w(d)"
)
SUM = "SELECT count(*), sum(value), bit_xor(hash(v)) FROM indicator_value v"


def is_in_order(store: Store, order: str) -> bool:
    """Whether the values lie in an order."""
    with store.read() as cursor:
        unordered = cursor.execute(
            f"SELECT count(*) FROM (SELECT {order}, lag(({order})) OVER (ORDER BY rowid) AS before"
            f" FROM indicator_value) WHERE before > ({order})"
        ).fetchone()
    return unordered == (0,)


def test_values_are_put_in_order_once_most_of_them_are_new(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "w.duckdb", "UTC", threads=1)
    with store.write() as cursor:
        cursor.execute(FILL.format(low=0, high=4))
    assert not arrange(store), "few rows are left as they are"
    with store.write() as cursor:
        cursor.execute(FILL.format(low=4, high=6))
        before = cursor.execute(SUM).fetchall()
    assert arrange(store)
    assert not arrange(store)
    with store.read() as cursor:
        assert cursor.execute(SUM).fetchall() == before
    assert is_in_order(store, "area, start, indicator"), "a level of few values lies unit by unit"
    with store.write() as cursor:
        cursor.execute(FILL.format(low=6, high=8))
    assert not arrange(store), "some new rows at the end do no harm"
    with store.write() as cursor:
        cursor.execute(FILL.format(low=8, high=12))
    assert arrange(store)
    assert is_in_order(store, "start, area, indicator"), "one of many lies by time"
    store.close()
    again = Store.open(tmp_path / "w.duckdb", "UTC", threads=1)
    with again.read() as cursor:
        assert cursor.execute("SELECT count(*) FROM indicator_value").fetchone() == (12 * 60 * 365,)
    again.close()
