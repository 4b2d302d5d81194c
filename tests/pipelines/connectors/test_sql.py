"""The SQL connector against a real PostgreSQL, under load, and against SQLite."""

from __future__ import annotations

import datetime as dt
import json
import random
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from bench.common import servers
from config.models.sql import SqlConnector
from pipelines.connectors.base import Ask, Drop, Window
from pipelines.connectors.columns import TypedFile
from pipelines.connectors.sql import Sql
from pipelines.errors import PassingFault, SourceError
from pipelines.fetch import Fetcher, FetchResult

_NUMBERS = count()
_AT = dt.datetime(2026, 11, 2, 3, 0, tzinfo=dt.UTC)
TABLE = """
CREATE TABLE ticket (
    id integer PRIMARY KEY, opened timestamptz NOT NULL, closed timestamptz, ward text NOT NULL,
    rating smallint, channel text, changed timestamptz NOT NULL
)
"""
CURSOR = {"column": "changed", "overlap": "30s"}


@pytest.fixture
def database(postgres: str) -> str:
    """URL of a database of its own with an empty table of tickets."""
    return _database(postgres)


@pytest.fixture(scope="module")
def filled(postgres: str) -> str:
    """URL of a database with three tickets, for those who are refused before they read any."""
    url = _database(postgres)
    _fill(url, 3)
    with psycopg.connect(_plain(url)) as connection:
        connection.execute("CREATE SEQUENCE n")
    return url


def _database(postgres: str) -> str:
    name = f"source{next(_NUMBERS)}"
    with psycopg.connect(_plain(f"{postgres}/postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = f"{postgres}/{name}"
    with psycopg.connect(_plain(url), autocommit=True) as connection:
        connection.execute(TABLE)
    return url


def _plain(url: str) -> str:
    return url.replace("+psycopg", "")


class Reader:
    """A house whose feed reads a database; ``fetch`` and ``load`` are apart, as they are in the product."""

    def __init__(self, build: Callable[..., Any], url: str, **connector: Any) -> None:
        self.house = build(connector={"kind": "sql", "url_env": "TICKETS_URL", **connector})
        self.environ = {"TICKETS_URL": url}
        self.fetcher = Fetcher(self.house.city, self.house.store, self.house.spool, self.environ)
        self._moments = count()

    def fetch(self, at: dt.datetime | None = None, window: Window | None = None) -> FetchResult:
        """Ask once."""
        now = at or _AT + dt.timedelta(seconds=next(self._moments))
        return self.fetcher.fetch(self.house.feed, now, window=window)

    def take(self, at: dt.datetime | None = None) -> FetchResult:
        """Ask once, and load what came."""
        result = self.fetch(at)
        self.house.load()
        return result

    def facts(self) -> list[tuple[Any, ...]]:
        """What the facts hold, by id."""
        return [
            (int(id_), *row)
            for id_, *row in self.house.rows(
                "SELECT id, opened, closed, ward, rating, channel FROM fact_tickets ORDER BY id::INTEGER"
            )
        ]


def _truth(url: str) -> list[tuple[Any, ...]]:
    """What the table holds, by id, with times in UTC without offset."""
    with psycopg.connect(_plain(url)) as connection:
        return connection.execute(
            "SELECT id, opened AT TIME ZONE 'UTC', closed AT TIME ZONE 'UTC', ward, rating, channel "
            "FROM ticket ORDER BY id"
        ).fetchall()


def _fill(url: str, rows: int, start: int = 0) -> None:
    with psycopg.connect(_plain(url)) as connection:
        connection.execute(
            "INSERT INTO ticket SELECT i, timestamptz '2026-09-01 00:00Z' + i * interval '1 minute', NULL, "
            "'21', i %% 5 + 1, 'app', timestamptz '2026-09-01 00:00Z' + i * interval '1 minute' "
            "FROM generate_series(%s::int, %s::int) i",
            [start, start + rows - 1],
        )


def test_nothing_is_lost_or_twice_while_others_write(build: Callable[..., Any], database: str) -> None:
    """Four writers insert, update and commit out of order, for up to a second, while the feed is read."""
    reader = Reader(build, database, table="ticket", cursor=CURSOR, rows_per_file=2000)
    _fill(database, 2500)
    ids, over = count(10_000), threading.Event()

    def write(seed: int) -> None:
        pick = random.Random(seed)
        with psycopg.connect(_plain(database)) as connection:
            for turn in range(40):
                # now() is when the transaction began: what commits late is dated early.
                for _ in range(pick.randrange(1, 8)):
                    connection.execute(
                        "INSERT INTO ticket VALUES (%s, now() - interval '1d', NULL, '21', %s, 'web', now())",
                        [next(ids), pick.randrange(1, 6)],
                    )
                    connection.execute(
                        "UPDATE ticket SET closed = now(), rating = %s, changed = now() WHERE id = %s",
                        [pick.randrange(1, 6), pick.randrange(0, 2500) // 4 * 4 + seed],
                    )
                over.wait(pick.choice((0, 0, 0.02, 0.3)))
                (connection.rollback if turn % 9 == 8 else connection.commit)()

    writers = [threading.Thread(target=write, args=(seed,)) for seed in range(4)]
    for writer in writers:
        writer.start()
    reads = 0
    while any(writer.is_alive() for writer in writers):
        result = reader.take(dt.datetime.now(dt.UTC))
        assert result.status in ("done", "unchanged"), result
        reads += 1
    for writer in writers:
        writer.join()
    reader.take(dt.datetime.now(dt.UTC))
    assert reads > 3
    truth = _truth(database)
    assert reader.facts() == truth
    assert len(truth) > 2500
    # What is read again changes nothing, and comes to rest.
    assert all(run.unchanged == run.received for run in reader.house.load())
    reader.take(dt.datetime.now(dt.UTC))
    assert reader.fetch(dt.datetime.now(dt.UTC)).status == "unchanged"


def test_a_row_that_commits_later_than_the_overlap_is_missed(
    build: Callable[..., Any], database: str
) -> None:
    """Why the overlap must exceed the longest transaction; fetching its time anew brings the row."""
    reader = Reader(build, database, table="ticket", cursor=CURSOR)
    insert = "INSERT INTO ticket VALUES (%s, '2026-10-01Z', NULL, '21', 1, 'app', %s)"
    seen = dt.datetime(2026, 10, 1, 12, tzinfo=dt.UTC)
    with (
        psycopg.connect(_plain(database)) as late,
        psycopg.connect(_plain(database)) as latest,
        psycopg.connect(_plain(database), autocommit=True) as quick,
    ):
        late.execute(insert, [1, seen - dt.timedelta(seconds=20)])
        latest.execute(insert, [2, seen - dt.timedelta(seconds=40)])
        quick.execute(insert, [3, seen])
        reader.take()
        late.commit()
        latest.commit()
        reader.take()
        assert [row[0] for row in reader.facts()] == [1, 3]
    window = Window(seen - dt.timedelta(hours=1), seen)
    before = reader.house.rows("SELECT state FROM fetch_state")
    assert reader.fetch(window=window).files == 1
    reader.house.load()
    assert reader.facts() == _truth(database)
    assert reader.house.rows("SELECT state FROM fetch_state") == before


def test_a_first_read_comes_in_files_and_goes_on_where_it_was_cut(
    build: Callable[..., Any], database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = Reader(build, database, table="ticket", cursor=CURSOR, rows_per_file=10_000)
    _fill(database, 45_000)
    files: list[Path] = []
    finish = TypedFile.finish

    with psycopg.connect(_plain(database), autocommit=True) as admin:

        def cut(file: TypedFile) -> Path:
            """The database ends the connection once two files have been read."""
            files.append(finish(file))
            if len(files) == 2:
                admin.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            return files[-1]

        monkeypatch.setattr(TypedFile, "finish", cut)
        first = reader.fetch()
        assert (first.status, first.files) == ("passing", 2)
    reader.house.load()
    assert len(reader.facts()) == 20_000
    second = reader.take()
    assert (second.status, second.files) == ("done", 3)
    assert reader.facts() == _truth(database)
    received = reader.house.rows("SELECT sum(received), sum(inserted) FROM run")
    # A row a minute, so what was read twice is the last one before the cut.
    assert received == [(45_001, 45_000)]
    assert not list(reader.house.spool.glob("*/*"))


def test_a_row_from_the_future_hides_nothing(build: Callable[..., Any], database: str) -> None:
    reader = Reader(build, database, table="ticket", cursor=CURSOR)
    _fill(database, 10)
    with psycopg.connect(_plain(database)) as connection:
        connection.execute(
            "INSERT INTO ticket VALUES (99, '2026-10-01Z', NULL, '21', 1, 'app', '2099-01-01Z')"
        )
    reader.take()
    with psycopg.connect(_plain(database)) as connection:
        connection.execute("INSERT INTO ticket VALUES (11, '2026-10-01Z', NULL, '21', 1, 'app', %s)", [_AT])
    reader.take()
    assert reader.facts() == _truth(database)


def test_everything_is_read_in_one_file_and_once(build: Callable[..., Any], database: str) -> None:
    """Without a cursor a read is the whole state, of which nothing changed gives no file."""
    reader = Reader(
        build,
        database,
        query="select *, '10:30' as at, 7::int8 % 5 as odd from ticket;",
        rows_per_file=1000,
    )
    assert reader.fetch().files == 1  # an empty table is a state as well
    _fill(database, 25_000)
    assert reader.take().files == 1
    assert reader.facts() == _truth(database)
    assert reader.fetch().status == "unchanged"
    with psycopg.connect(_plain(database)) as connection:
        connection.execute("UPDATE ticket SET rating = NULL WHERE id = 7")
    assert reader.take().files == 1
    assert reader.facts() == _truth(database)


@pytest.mark.parametrize(
    ("connector", "message", "hint"),
    [
        ({"table": "tickets"}, "there is no table 'tickets'", "did you mean ticket?"),
        ({"table": "other.ticket"}, "there is no table 'ticket' in schema 'other'", "none is defined"),
        (
            {"table": "ticket", "cursor": {"column": "chnged", "overlap": "1m"}},
            "there is no column 'chnged' for connector.cursor",
            "did you mean changed or channel?",
        ),
        (
            {"table": "ticket", "cursor": {"column": "id", "overlap": "1m"}},
            "column 'id' holds whole numbers",
            "give connector.cursor.overlap as a whole number, such as 1000",
        ),
        (
            {"table": "ticket", "cursor": {"column": "changed", "overlap": 5}},
            "column 'changed' holds times",
            "give connector.cursor.overlap as a duration, such as 10m",
        ),
        (
            {"table": "ticket", "cursor": {"column": "ward", "overlap": "1m"}},
            "column 'ward' holds text such as '21', which does not sort by time",
            "name a column of times (2026-01-31 12:00:00) or whole numbers in connector.cursor",
        ),
        (
            {"query": "select ratng from ticket"},
            'the database refused: column "ratng" does not exist',
            'Perhaps you meant to reference the column "ticket.rating".',
        ),
        (
            {"query": "delete from ticket"},
            'the database refused: syntax error at or near "from"',
            "correct connector.query; it is one SELECT",
        ),
        (
            {"query": "select nextval('n') as id"},
            "the database refused: cannot execute nextval() in a read-only transaction",
            "connector.query may only read",
        ),
    ],
)
def test_what_somebody_must_mend_is_told(
    filled: str, tmp_path: Path, connector: dict[str, Any], message: str, hint: str
) -> None:
    with pytest.raises(SourceError) as refused:
        _ask(filled, tmp_path, **connector)
    assert (refused.value.message, refused.value.hint) == (message, hint)
    assert not list(tmp_path.iterdir())


def _ask(url: str, folder: Path, **connector: Any) -> None:
    """Fetch without a house around it."""
    remote = SqlConnector(kind="sql", url_env="TICKETS_URL", **connector)
    drop = Drop(folder, "1", time.monotonic() + remote.time_limit.total_seconds(), 1 << 30)
    Sql().fetch(Ask("tickets", remote, {}, _AT, drop, {"TICKETS_URL": url}, dt.UTC))


def test_a_wrong_password_is_final_and_never_told(build: Callable[..., Any], database: str) -> None:
    with psycopg.connect(_plain(database), autocommit=True) as admin:
        admin.execute("DROP ROLE IF EXISTS reader")
        admin.execute("CREATE ROLE reader LOGIN PASSWORD 'right'")
    place = database.rpartition("@")[2]
    reader = Reader(build, f"postgresql+psycopg://reader:s3cr3t%2F@{place}", table="ticket")
    result = reader.fetch()
    assert result.status == "failed"
    assert "password authentication failed" in str(result.message)
    assert "correct the user and the password" in str(result.hint)
    reader.environ["TICKETS_URL"] = f"postgresql+psycopg://reader:right@{place}"
    result = reader.fetch()
    assert result.message == "the database refused: permission denied for table ticket"
    assert result.hint == "have the owner grant SELECT to this user"
    told = json.dumps(reader.house.rows("SELECT * FROM feed_fetch"), default=str)
    assert "s3cr3t" not in told


@pytest.mark.parametrize(
    ("url", "fault", "message"),
    [
        ("{dead}", PassingFault, "the database cannot be reached: connection to server at"),
        ("{server}/nowhere", SourceError, 'database "nowhere" does not exist'),
        ("{url}?sslmode=require", SourceError, "server does not support SSL"),
        ("postgres//nonsense", SourceError, "the environment variable TICKETS_URL is not a database URL"),
        ("oracle+nothing://a:b@c/d", SourceError, "there is no driver for 'oracle+nothing' here"),
        ("", SourceError, "the environment variable TICKETS_URL is not set"),
        ("sqlite:////nowhere/a.db", SourceError, "there is no database file /nowhere/a.db"),
    ],
)
def test_what_is_wrong_with_a_connection_is_told(
    filled: str, tmp_path: Path, url: str, fault: type[Exception], message: str
) -> None:
    dead = f"postgresql+psycopg://ioc@127.0.0.1:{servers.free_port()}/x"
    server = filled.rpartition("/")[0]
    with pytest.raises(fault) as told:
        _ask(url.format(dead=dead, server=server, url=filled), tmp_path, table="ticket")
    assert message in str(told.value)
    assert "postgres//nonsense" not in str(told.value)


def test_a_query_that_takes_too_long_is_ended_by_the_database(filled: str, tmp_path: Path) -> None:
    with pytest.raises(PassingFault) as told:
        _ask(filled, tmp_path, query="select id, pg_sleep(20) as s from ticket", time_limit="1s")
    assert told.value.hint == "raise connector.time_limit, or add an index"


def test_a_query_over_sqlite_is_read_by_text_times_and_by_numbers(
    build: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "tickets.db"
    engine = sa.create_engine(f"sqlite:///{path}")

    def insert(*ids: int) -> None:
        with engine.begin() as connection:
            for i in ids:
                row = {"i": i, "t": f"2026-10-01T{i:02d}:00:00.500"}
                connection.execute(sa.text("INSERT INTO t VALUES (:i, :t, '21')"), row)

    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE t (id INTEGER PRIMARY KEY, opened TEXT, ward TEXT)"))
    insert(1, 2, 3)
    url = f"sqlite:///{path}"
    by_time = Reader(build, url, query="select * from t", cursor={"column": "opened", "overlap": "90m"})
    by_number = Reader(build, url, table="t", cursor={"column": "id", "overlap": 1})
    for reader in (by_time, by_number):
        reader.take()
    insert(4, 5)
    for reader in (by_time, by_number):
        reader.take()
        assert [row[0] for row in reader.facts()] == [1, 2, 3, 4, 5]
        # 2 and 3 came again: an hour and a half, or one number, before what was seen.
        assert reader.house.rows("SELECT received, unchanged FROM run ORDER BY id") == [(3, 0), (4, 2)]
        assert reader.fetch().files == 1  # what is left to see again is less than was seen
        assert reader.fetch().status == "unchanged"


def test_columns_take_the_widest_type_that_was_seen(tmp_path: Path) -> None:
    file = TypedFile(["empty", "number", "money", "text", "when", "id"], tmp_path / "x")
    noon = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    file.add([(None, None, Decimal("1"), 1, None, Decimal(2**62))])
    file.add([(None, 1, Decimal("1.25"), "x", noon, Decimal(7))])
    file.add([(None, 2.5, Decimal("1234567.125"), {"a": [1]}, noon, None)])
    whole = file.finish()
    assert list(tmp_path.iterdir()) == [whole]
    table = pq.read_table(whole)
    assert table.schema.types == [
        pa.null(),
        pa.float64(),
        pa.decimal128(38, 3),
        pa.string(),
        pa.timestamp("us", tz="UTC"),
        pa.int64(),
    ]
    assert table["number"].to_pylist() == [None, 1.0, 2.5]
    assert table["money"].to_pylist() == [Decimal("1"), Decimal("1.25"), Decimal("1234567.125")]
    assert table["text"].to_pylist() == ["1", "x", '{"a": [1]}']
    assert table["id"].to_pylist() == [2**62, 7, None]
