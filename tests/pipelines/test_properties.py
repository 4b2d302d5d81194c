"""What holds for any files: nothing is lost, nothing counted twice, order of arrival does not matter."""

from __future__ import annotations

import io
import itertools
import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest import mock

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines import express

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build, House

HEADER = "id,opened,closed,ward,rating,channel"
FEW = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])

cell = st.one_of(
    st.sampled_from(
        ["", " ", "T1", "T2", "2026-10-01", "2026-10-01 08:00", "31/31/2026", "21", "22", "11", "5", "-1"]
    ),
    st.text(st.characters(codec="utf-8", exclude_characters='\r\n\0"'), max_size=6).map(
        lambda s: s.strip(",")
    ),
)
likely = st.tuples(
    st.sampled_from(["T1", "T2", "T3", "T4", ""]),
    st.sampled_from(["2026-10-01 08:00:00", "2026-10-02", "x", "2024-01-01T10:00Z"]),
    st.sampled_from(["", "2026-10-03 08:00", "2020-01-01"]),
    st.sampled_from(["21", "22", "11", "99", ""]),
    st.sampled_from(["", "1", "5", "6", "1.5", "a"]),
    st.sampled_from(["", "app", "fax"]),
).map(",".join)
garbage = st.one_of(st.lists(cell, max_size=9).map(",".join), st.just('"open quote'), st.just('a,"b"c,d'))
lines = st.lists(st.one_of(likely, likely, garbage), max_size=12)


def plain_records(text: list[str]) -> int:
    """How many records the lines are, told by hand where no quote runs on: lines that are not empty."""
    return sum(1 for line in text if line)


@contextmanager
def fresh(house: House) -> Iterator[House]:
    """The same house with empty tables and an empty inbox."""
    tables = ("touched", "quarantine", "run", "landed", "feed_status")
    with house.store.write() as cursor:
        for table in tables:
            cursor.execute(f"DELETE FROM {table}")
        cursor.execute("DROP TABLE IF EXISTS fact_tickets")
    with tempfile.TemporaryDirectory(dir=house.inbox.parent) as inbox:
        house.inbox = Path(inbox)
        house.loader._inbox = house.inbox
        yield house


@FEW
@given(files=st.lists(lines, min_size=1, max_size=4), mode=st.sampled_from(["last", "first", "reject"]))
def test_every_received_row_is_accounted_for(house: House, files: list[list[str]], mode: str) -> None:
    house.feed = house.feed.model_copy(update={"duplicates": mode})
    with fresh(house):
        for number, text in enumerate(files):
            house.deliver(f"{number}.csv", "\n".join([HEADER, *text]) + "\n")
        runs = {run.file: run for run in house.load()}  # each account adds up: see House.load
        assert len(runs) == len(files)
        for number, text in enumerate(files):
            run = runs[f"tickets/{number}.csv"]
            if run.status == "failed":
                assert '"open quote' in text, run
                continue
            assert run.status == "done", run
            if not any('"' in line for line in text):
                assert run.received == plain_records(text)
                # A refused row lies in quarantine on its own line.
                numbered = dict(enumerate(text, start=2))
                for line, raw, reason in house.rows(
                    "SELECT line, raw, reason FROM quarantine WHERE run = ?", [run.id]
                ):
                    told = (
                        raw
                        if reason == "malformed"
                        else ",".join("" if value is None else value for value in json.loads(raw).values())
                    )
                    # One separator too many at the end of a line is forgiven.
                    assert numbered[line] in (told, f"{told},")
        if any(run.status == "done" for run in runs.values()):
            stored = house.rows("SELECT count(*), count(DISTINCT id) FROM fact_tickets")
            assert stored == [(sum(run.inserted for run in runs.values()),) * 2]
        rejected = sum(run.rejected for run in runs.values())
        assert house.rows("SELECT count(*) FROM quarantine") == [(rejected,)]


@FEW
@given(
    content=st.binary(max_size=300),
    name=st.sampled_from(["a.csv", "a.json", "a.jsonl", "a.xlsx", "a.parquet"]),
)
def test_no_bytes_break_the_loader(house: House, content: bytes, name: str) -> None:
    with fresh(house):
        house.deliver(name, content)
        house.deliver("b.csv", f"{HEADER}\nT1,2026-10-01,,21,,\n")
        runs = {run.file: run for run in house.load()}
        assert runs["tickets/b.csv"].inserted == 1
        assert house.load() == []


versions = st.tuples(st.sampled_from(["T1", "T2", "T3"]), st.integers(1, 5), st.sampled_from(["21", "22"]))
deliveries = st.lists(st.lists(versions, max_size=4), min_size=1, max_size=4)


@FEW
@given(files=deliveries, arrival=st.data())
def test_the_facts_do_not_depend_on_the_order_of_arrival(
    house: House, files: list[list[tuple[str, int, str]]], arrival: Any
) -> None:
    texts = {
        f"{number}.csv": "\n".join([HEADER, *(f"{i},2026-10-01,,{w},{r}," for i, r, w in rows)]) + "\n"
        for number, rows in enumerate(files)
    }
    expected = {i: (r, w) for i, r, w in itertools.chain.from_iterable(files)}
    order = arrival.draw(st.permutations(sorted(texts)))
    again = arrival.draw(st.lists(st.sampled_from(sorted(texts)), max_size=3))
    cuts = arrival.draw(st.sets(st.integers(1, len(order)), max_size=3))
    with fresh(house):
        for place, name in enumerate([*order, *again], start=1):
            house.deliver(name, texts[name])
            if place in cuts:
                house.load()
        house.load()
        stored = {i: (r, w) for i, r, w in house.rows("SELECT id, rating, ward FROM fact_tickets")}
        assert stored == expected
        # Days × areas of every fact were touched, whatever was loaded when.
        assert not house.rows(
            "SELECT opened__day, _area FROM fact_tickets EXCEPT SELECT day, area FROM touched"
        )


@pytest.mark.parametrize("format", ["csv", "parquet"])
def test_touched_cells_are_exactly_those_whose_content_changed(build: Build, format: str) -> None:
    house = build()

    def write(name: str, frame: pd.DataFrame) -> None:
        if format == "csv":
            house.deliver(f"{name}.csv", frame.to_csv(index=False))
        else:
            sink = io.BytesIO()
            pq.write_table(pa.Table.from_pandas(frame, preserve_index=False), sink)
            house.deliver(f"{name}.parquet", sink.getvalue())

    before = pd.DataFrame(
        {
            "id": [f"T{i}" for i in range(60)],
            "opened": [f"2026-10-{1 + i % 20:02} 08:00:00" for i in range(60)],
            "ward": ["21", "22"] * 30,
            "rating": 3,
        }
    )
    write("a", before)
    house.load()
    after = before.copy()
    after.loc[::7, "rating"] = 4
    after.loc[5::11, "opened"] = "2026-10-25 09:00:00"
    after.loc[3::13, "ward"] = "22"
    write("b", after)
    [run] = house.load()
    changed = (before != after).any(axis=1)
    assert run.updated == changed.sum()
    area = {"21": "A1", "22": "A2"}
    cells = {
        (str(opened)[:10], area[str(ward)])
        for frame in (before, after)
        for opened, ward in zip(frame[changed]["opened"], frame[changed]["ward"], strict=True)
    }
    found = house.rows(
        "SELECT day::VARCHAR, area FROM touched WHERE run = ? AND time_column = 'opened'", [run.id]
    )
    assert set(found) == cells


TOLD = (
    "SELECT id, opened, opened__day, closed, closed__day, ward, rating, channel, _area, _hash, _file, _line, "
    "dense_rank() OVER (ORDER BY _run) FROM fact_tickets ORDER BY ALL",
    "SELECT line, column_name, reason, detail, raw, problems FROM quarantine ORDER BY ALL",
    "SELECT file_name, status, received, inserted, updated, unchanged, rejected FROM run ORDER BY id",
    "SELECT data_through, rows FROM feed_status",
    "SELECT DISTINCT time_column, day FROM touched ORDER BY ALL",
)
plain = st.tuples(
    st.sampled_from([f"T{number}" for number in range(30)]),
    st.sampled_from(["2026-10-01 08:00:00", "2026-10-02T09:30:00"]),
    st.sampled_from(["", "2026-10-03 08:00:00"]),
    st.sampled_from(["21", "22"]),
    st.sampled_from(["", "1", "5"]),
    st.sampled_from(["", "app"]),
).map(",".join)
odd = st.sampled_from(
    [
        " T1 ,2026-10-01 08:00:00,,21,,",
        "T2,2026-10-01 08:00:00,,21, 3,app",
        "T3,2026-10-01 08:00:00+09:00,, 22,1.0, web",
        '"T4","2026-10-01 08:00:00","","21","2",""',
        '"",2026-10-01 08:00:00,,21,,',
        "T5,2026-10-01,,21,1e0,",
        "T6,0026-10-01 08:00:00,,21,,",
    ]
)


def test_the_express_lane_does_what_the_ordinary_way_does(house: House) -> None:
    lanes: list[express.Lane | None] = []
    lay = express.lay

    def watched(*arguments: Any, **more: Any) -> express.Lane | None:
        lanes.append(lay(*arguments, **more))
        return lanes[-1]

    @FEW
    @given(
        files=st.lists(
            st.lists(st.one_of(plain, plain, plain, plain, odd, likely, garbage), max_size=25),
            min_size=1,
            max_size=3,
        ),
        mode=st.sampled_from(["last", "reject", "append"]),
    )
    def both(files: list[list[str]], mode: str) -> None:
        changed = {"mode": "append", "key": ()} if mode == "append" else {"mode": "upsert", "key": ("id",)}
        house.feed = house.feed.model_copy(
            update={**changed, "duplicates": "reject" if mode == "reject" else "last"}
        )
        told = []
        for least in (1, 1 << 40):
            with fresh(house), mock.patch.multiple(express, LEAST_LINES=least, MOST_LEFT=0.9, lay=watched):
                for number, text in enumerate(files):
                    house.deliver(f"{number}.csv", "\n".join([HEADER, *text]) + "\n")
                    house.load()
                there = house.rows("SELECT 1 FROM duckdb_tables() WHERE table_name = 'fact_tickets'")
                told.append([house.rows(sql) for sql in (TOLD if there else TOLD[1:])])
        assert told[0] == told[1]

    both()
    assert any(lanes)
    assert any(lane is not None and len(lane.lines) for lane in lanes)
