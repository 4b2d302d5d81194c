"""Values set aside are found again, however many they are and however many threads put them there."""

from __future__ import annotations

from pathlib import Path

from indicators.sql import publish
from warehouse.store import Store

ROWS = 400_000
FILL = (
    "INSERT INTO fresh BY NAME SELECT indicator, 'ward' AS level, area, 'day' AS period, start, value, n"
    " FROM seen WHERE indicator = 'a'"
)
SEEN = (
    "CREATE TABLE seen AS SELECT 'a' AS indicator, 'x' || i % 300 AS area,"
    f" TIMESTAMP '2020-01-01' + to_days((i // 300)::INT) AS start, i::DOUBLE AS value, i AS n"
    f" FROM range({ROWS}) t(i)"
)


def test_a_large_recomputation_is_seen_by_the_comparison(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "w.duckdb", "UTC", threads=2)
    with store.write() as cursor:
        cursor.execute(SEEN)
    with store.write() as cursor:
        cursor.execute(publish.FRESH)
        cursor.execute(FILL)
        found = cursor.execute("SELECT count(*), sum(n) FROM fresh WHERE indicator = 'a' AND value >= 0")
        assert found.fetchone() == (ROWS, ROWS * (ROWS - 1) // 2)
    store.close()


def test_what_is_set_aside_has_the_columns_of_what_stands(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "w.duckdb", "UTC", threads=1)
    with store.write() as cursor:
        cursor.execute(publish.FRESH)
        names = ("fresh", "indicator_value")
        fresh, standing = (cursor.execute(f"DESCRIBE {name}").fetchall() for name in names)
        past = cursor.execute("DESCRIBE value_past").fetchall()
    assert fresh == standing
    assert past[:-1] == standing
    store.close()
