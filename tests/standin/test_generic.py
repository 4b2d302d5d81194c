"""What happens, what lasts, and figures of each thing: the generic kinds of simulated departments."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import yaml

from config import REFERENCE_CITY, City, CityError, load_city
from config.models import Column, Feed
from standin.build import Departments
from standin.errors import StandinError
from standin.models import Incident, Influence
from standin.models.columns import Choice
from standin.models.generic import Events, Panel, Roster
from standin.reading import read_standin
from standin.sources.base import BROKEN
from standin.sources.events import EventSource
from standin.sources.panel import PanelSource
from standin.sources.roster import RosterSource
from standin.timeline import DAY, HOUR, day_number

HEAD = """
steps: [{every: month, format: csv}]
area: area_code
"""
FACILITIES = f"""{HEAD}
kind: roster
id: CS
key: facility_id
level: ward
count: 800
anchor: 2026-06-30
since: 2015-01-01
early: 0.7
closing: 0.02
opened: opened_on
closed: closed_on
columns:
  kind: {{type: choice, of: {{clinic: 8, hospital: 2}}}}
  beds: {{type: count, by: kind, means: {{clinic: 0, hospital: 200}}}}
  name: {{type: text, of: ["Phòng khám {{area}} {{number}}"]}}
  lat: {{type: latitude}}
  lon: {{type: longitude}}
  remote_on: {{type: becomes_on, share: [0.2, 0.7]}}
  remote: {{type: becomes, of: remote_on}}
"""
CALLS = f"""{HEAD}
kind: events
id: CG
key: call_id
time: called_at
level: ward
late: 0.01
late_by: 2d
bad: 0.01
rhythm: {{per_day: 300, anchor: 2025-01-01}}
columns:
  kind: {{type: choice, of: {{wound: 3, fever: 1}}}}
  grave: {{type: flag, by: kind, shares: {{wound: 0.5, fever: 0}}}}
  due_at: {{type: deadline, after: called_at, by: kind, allowed: {{wound: [1, 1], fever: [4, 6]}}}}
  arrived_at: {{type: later, after: called_at, median: 14m, share: 0.9}}
  closed_at: {{type: paced, until: due_at, median: 0.6, spread: 0.5}}
  rating: {{type: score, mean: 4, when: closed_at, share: 0.5}}
  cost: {{type: amount, by: kind, medians: {{wound: 30, fever: 10}}, spread: 0.3, decimals: 1, when: grave}}
  place: {{type: member, roster: facilities}}
"""
VISITS = f"""{HEAD}
kind: panel
every: day
of: {{roster: facilities}}
member: facility_id
time: day
outage: 0.01
columns:
  visits: {{type: level, base: 400, sd: 0.3, weekdays: [1, 1, 1, 1, 1, 0.5, 0.25], noise: 0.05}}
  remote: {{type: part, of: visits, share: [0.1, 0.3]}}
  load: {{type: follow, column: visits, factor: 0.5, add: 3, decimals: 1}}
  kind: {{type: attribute, column: kind}}
"""
COLUMNS = {
    "facilities": "facility_id text, area_code text, opened_on date, closed_on date, kind text, beds integer,"
    " name text, lat number, lon number, remote boolean, remote_on date",
    "calls": "call_id text, area_code text, called_at timestamp, kind text, grave boolean, due_at timestamp,"
    " arrived_at timestamp, closed_at timestamp, rating integer, cost number, place text",
    "visits": "facility_id text, day date, area_code text, visits integer, remote integer, load number,"
    " kind text",
}


def feed(name: str) -> Feed:
    columns = [dict(zip(("name", "type"), pair.split(), strict=True)) for pair in COLUMNS[name].split(",")]
    times = [c["name"] for c in columns if c["type"] in ("date", "timestamp")]
    said: dict[str, Any] = {
        "id": name,
        "name": {"vi": name},
        "owner": {"vi": name},
        "connector": {"path": f"{name}/*.csv"},
        "schedule": "0 7 * * *",
        "key": [columns[0]["name"]],
        "event_time": times[0],
        "area": {"column": "area_code"},
        "delivery": {"every": "1d", "grace": "1d", "remind": []},
        "columns": columns,
    }
    return Feed.model_validate(said)


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture(scope="module")
def departments(city: City, tmp_path_factory: pytest.TempPathFactory) -> Departments:
    folder = tmp_path_factory.mktemp("generic")
    made = Departments(city, folder / "inbox", folder / "truth.json", seed=7, scale=1.0)
    made.spec.sources["facilities"] = Roster.model_validate(yaml.safe_load(FACILITIES))
    return made


def at(text: str) -> int:
    moment = dt.datetime.fromisoformat(text)
    return day_number(moment.date()) * DAY + moment.hour * HOUR


Cut = Callable[..., pd.DataFrame]


@pytest.fixture(scope="module")
def cut(departments: Departments) -> Cut:
    """Rows of a source of this file from one moment to another, perhaps with other keys."""

    known: dict[str, Any] = {}

    def source_of(name: str, other: dict[str, object]) -> Any:
        text = {"facilities": FACILITIES, "calls": CALLS, "visits": VISITS}[name]
        body, world = {**yaml.safe_load(text), **other}, departments.world
        if name == "facilities":
            return RosterSource(feed(name), Roster.model_validate(body), world)
        if name == "calls":
            return EventSource(feed(name), Events.model_validate(body), world)
        return PanelSource(feed(name), Panel.model_validate(body), world, years=5)

    def make(name: str, start: str, end: str, **other: object) -> pd.DataFrame:
        if other or name not in known:
            known[name] = source_of(name, other)
        source = known.pop(name) if other else known[name]
        table: pa.Table = source.cut(at(start), at(end), since=at("2021-01-01"), live=False)
        assert set(table.column_names) >= {column.name for column in feed(name).columns}
        rows: pd.DataFrame = table.to_pandas()
        return rows

    return make


def last(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.drop_duplicates("call_id", keep="last").sort_values("call_id").reset_index(drop=True)


def test_files_of_days_tell_what_a_file_of_the_month_tells(cut: Cut) -> None:
    days = [f"2026-03-{day:02d}" for day in range(1, 32)] + ["2026-04-01"]
    parts = pd.concat([cut("calls", a, b) for a, b in pairwise(days)])
    whole = cut("calls", "2026-03-01", "2026-04-01")
    mended = parts.drop(
        columns=[BROKEN, "area_code"]
    )  # a wrong code or date stays wrong until it is told again
    pd.testing.assert_frame_equal(last(mended), last(whole.drop(columns=[BROKEN, "area_code"])))
    assert (parts.groupby("call_id").size() > 1).any()


def test_what_becomes_of_a_row_is_told_when_it_happens(cut: Cut) -> None:
    rows = last(cut("calls", "2026-03-01", "2026-04-01"))
    end = pd.Timestamp("2026-04-01")
    for column in ("arrived_at", "closed_at"):
        assert (rows[column].dropna() < end).all()
        assert (rows[column].dropna() > rows.called_at[rows[column].notna()]).all()
    assert (rows.due_at > rows.called_at).all()
    assert rows.due_at.max() > end
    assert rows.rating[rows.closed_at.isna()].isna().all()
    assert 0.4 < rows.rating[rows.closed_at.notna()].notna().mean() < 0.6
    assert rows.cost[~rows.grave].isna().all()
    assert rows.cost[rows.grave].notna().all()


def test_chances_are_as_they_were_given(cut: Cut) -> None:
    rows = last(cut("calls", "2026-03-01", "2026-06-01"))
    assert (rows.kind == "wound").mean() == pytest.approx(0.75, abs=0.01)
    assert rows.grave[rows.kind == "wound"].mean() == pytest.approx(0.5, abs=0.02)
    assert not rows.grave[rows.kind == "fever"].any()
    assert rows.arrived_at.notna().mean() == pytest.approx(0.9, abs=0.01)
    minutes = (rows.arrived_at - rows.called_at).dt.total_seconds() / 60
    assert minutes.median() == pytest.approx(14, rel=0.05)
    late = (rows.closed_at > rows.due_at)[rows.closed_at.notna()].mean()
    assert 0.05 < late < 0.3


def test_units_are_those_of_the_day(cut: Cut, city: City) -> None:
    known = {u.official or u.code for u in city.areas.at("ward", dt.date(2026, 3, 15))}
    rows = cut("calls", "2026-03-01", "2026-04-01")
    strange = ~rows.area_code.isin(known)
    assert 0 < strange.mean() < 0.02
    assert (rows.area_code[strange] == "99999").all()
    visits = cut("visits", "2026-03-01", "2026-03-03")
    assert set(visits.area_code) <= known


def test_a_driver_moves_the_rows_of_its_territory(cut: Cut, departments: Departments, city: City) -> None:
    calm, wild = (
        cut("calls", "2026-09-01", "2026-10-01", late=0, bad=0, follows=follows)
        for follows in ([], [{"driver": "rain", "above": 5, "gain": 0.2, "categories": ["wound"]}])
    )
    days = np.arange(day_number(dt.date(2026, 9, 1)), day_number(dt.date(2026, 10, 1)))
    territories = [u.code for u in city.areas.at("district")]
    rain = departments.world.drivers.daily("rain", int(days[0]), int(days[-1]), territories)
    wet = rain.mean(axis=1) > 15
    assert wet.any()
    assert (rain.mean(axis=1) < 2).any()

    def per_day(rows: pd.DataFrame) -> Any:
        inside = rows[rows.called_at >= "2026-09-01"]
        return inside.groupby(inside.called_at.dt.day).size().reindex(range(1, 31), fill_value=0).to_numpy()

    more = per_day(wild) / per_day(calm)
    assert more[wet].mean() > 1.5
    assert more[rain.max(axis=1) < 5].max(initial=1.0) == 1.0
    added = wild[~wild.call_id.isin(calm.call_id)]
    assert (added.kind == "wound").mean() > 0.9  # numbers of the day shift: a few others count as added


def test_a_negative_gain_takes_rows_away(cut: Cut) -> None:
    follows = [{"driver": "rain", "above": 5, "gain": -0.05}]
    calm, dry = (cut("calls", "2026-09-01", "2026-10-01", follows=f) for f in ([], follows))
    assert len(dry) < 0.95 * len(calm)


def test_lags_look_back(departments: Departments, city: City) -> None:
    world, codes = departments.world, [u.code for u in city.areas.at("district")]
    days = np.arange(day_number(dt.date(2026, 8, 1)), day_number(dt.date(2026, 8, 11)), dtype=np.int64)
    spec = Influence.model_validate({"driver": "rain", "gain": 0.01, "lag": "7d", "over": "3d", "most": 99})
    found = world.drivers.factor([spec], days, codes)
    for k, day in enumerate(days):
        held = world.drivers.daily("rain", int(day) - 9, int(day) - 7, codes)
        np.testing.assert_allclose(found[k], 1 + 0.01 * held.mean(axis=0))


def test_a_register_grows_and_replaces_what_closes(cut: Cut) -> None:
    early, late = cut("facilities", "2020-12-01", "2021-01-01"), cut("facilities", "2026-06-01", "2026-07-01")
    standing = late[late.closed_on.isna()]
    assert len(standing) == pytest.approx(800, rel=0.02)
    assert len(early[early.closed_on.isna()]) < len(standing)
    assert set(early.facility_id) <= set(late.facility_id)
    assert late.closed_on.notna().mean() > 0.1
    both = early.merge(late, on="facility_id", suffixes=("", "_then"))
    for column in ("kind", "beds", "name", "lat", "opened_on"):
        assert (both[column] == both[f"{column}_then"]).all()
    assert not (both.remote & ~both.remote_then).any()
    assert (late.remote == late.remote_on.notna()).all()
    assert late.remote.mean() > early.remote.mean()
    assert (late.beds[late.kind == "clinic"] == 0).all()


def test_a_register_takes_over_what_is_on_ground_that_joins_the_city(cut: Cut, city: City) -> None:
    day = dt.date(2025, 7, 1)
    rows = cut("facilities", "2026-06-01", "2026-07-01")
    begin = {u.official or u.code: u.code for u in city.areas.at("ward", day)}
    fresh = {city.areas[d].code for d in city.areas.joined[day] if city.areas[d].level == "district"}
    inside = rows[rows.opened_on >= day].area_code.map(begin).map(lambda code: city.areas[code].parent)
    taken = rows[rows.opened_on == day]
    assert len(taken) / (rows.opened_on < day).sum() == pytest.approx(12567956 / 8993082 - 1, rel=0.15)
    assert taken.area_code.map(begin).map(lambda code: city.areas[code].parent in fresh).mean() > 0.97
    assert not inside.isin(fresh).all()


def test_members_lie_near_the_rows_that_name_them(cut: Cut, city: City) -> None:
    calls, register = (
        cut("calls", "2026-03-01", "2026-04-01", bad=0),
        cut("facilities", "2026-03-01", "2026-04-01"),
    )
    parent = {u.official or u.code: u.parent for u in city.areas.at("ward", dt.date(2026, 3, 15))}
    here = register[register.opened_on >= dt.date(2025, 7, 2)].set_index("facility_id").area_code.map(parent)
    named = calls[calls.place.isin(here.index)]
    assert len(named) > 50
    assert (named.place.map(here) == named.area_code.map(parent)).mean() > 0.95


def test_a_panel_has_a_row_for_each_thing_and_day(cut: Cut) -> None:
    rows, register = cut("visits", "2026-03-02", "2026-03-09"), cut("facilities", "2026-03-01", "2026-03-10")
    assert not rows.duplicated(["facility_id", "day"]).any()
    assert set(rows.day) == {dt.date(2026, 3, day) for day in range(2, 9)}
    there = register[(register.opened_on < dt.date(2026, 3, 2)) & register.closed_on.isna()]
    assert len(rows) / 7 == pytest.approx(0.99 * len(there), rel=0.02)
    week = rows.groupby("day").visits.mean()
    assert week.iloc[6] / week.iloc[0] == pytest.approx(0.25, rel=0.2)
    assert (rows.remote <= rows.visits).all()
    assert (rows.load - 0.5 * rows.visits).to_numpy() == pytest.approx(np.full(len(rows), 3.0), abs=0.06)
    kinds = register.set_index("facility_id").kind
    assert (rows.kind == rows.facility_id.map(kinds)).all()


def test_months_are_told_after_their_delay(cut: Cut) -> None:
    other = {"every": "month", "of": {"level": "ward"}, "member": None, "delay": "10d", "outage": 0}
    columns = {"visits": {"type": "level", "base": 100, "size": "population"}}
    columns |= {"remote": {"type": "part", "of": "visits", "share": 0.5}}
    columns |= {"load": {"type": "follow", "column": "visits"}, "kind": {"type": "choice", "of": {"a": 1}}}
    body = {**other, "columns": columns, "member": "facility_id"}
    rows = cut("visits", "2026-03-01", "2026-04-01", **body)
    assert set(rows.day) == {dt.date(2026, 2, 1)}
    assert cut("visits", "2026-03-01", "2026-03-10", **body).empty


def test_a_panel_may_tell_the_day_of_its_report_and_swing_a_share_over_the_year(
    departments: Departments,
) -> None:
    part = {"type": "part", "of": "visits", "share": 0.8, "months": [0.25, *[1.0] * 11], "decimals": 2}
    body = {**yaml.safe_load(VISITS), "every": "month", "of": {"level": "district"}, "delay": "5d"}
    body |= {"member": None, "until": "last_on", "outage": 0}
    body["columns"] = {"visits": {"type": "level", "base": 400}, "remote": part}
    columns = (*feed("visits").columns, Column(name="last_on", type="date"))
    dated = feed("visits").model_copy(update={"columns": columns})
    source = PanelSource(dated, Panel.model_validate(body), departments.world, years=5)
    rows = source.cut(at("2026-02-01"), at("2026-03-20"), since=at("2021-01-01"), live=False).to_pandas()
    ends = {dt.date(2026, 1, 1): dt.date(2026, 1, 31), dt.date(2026, 2, 1): dt.date(2026, 2, 28)}
    assert dict(zip(rows.day, rows.last_on, strict=True)) == ends
    share = (rows.remote / rows.visits).groupby(rows.day).mean()
    assert share.to_list() == pytest.approx([0.2, 0.8])


def test_what_hangs_on_a_flag_is_known_when_the_flag_is(cut: Cut) -> None:
    columns = yaml.safe_load(CALLS)["columns"]
    del columns["grave"]  # drawn after it is known when a call was closed
    cost = columns.pop("cost")
    columns["grave"] = {"type": "flag", "share": 0.5, "when": "closed_at"}
    rows = cut("calls", "2026-03-02", "2026-03-03", columns={**columns, "cost": cost})
    still_open = rows.closed_at.isna()
    assert still_open.any()
    assert rows[still_open].cost.isna().all()
    assert (rows[~still_open].cost.notna() == rows[~still_open].grave.astype(bool)).all()


def test_a_large_panel_is_told_for_as_much_as_the_scale_allows(departments: Departments) -> None:
    body = {**yaml.safe_load(VISITS), "span": "scaled"}
    source = PanelSource(feed("visits"), Panel.model_validate(body), departments.world, years=5)
    assert source.first(at("2021-12-01")) == at("2021-12-01")
    small = type(departments.world)(
        **{name: getattr(departments.world, name) for name in departments.world.__slots__} | {"scale": 0.2}
    )
    source = PanelSource(feed("visits"), Panel.model_validate(body), small, years=5)
    assert source.first(at("2021-12-01")) == at("2025-11-01")


def test_what_is_rare_is_told_in_full_from_its_own_scale_on(departments: Departments) -> None:
    world = departments.world
    small = type(world)(**{n: getattr(world, n) for n in world.__slots__} | {"scale": 0.05})
    found = {}
    for full_at in (1.0, 0.05):
        spec = Events.model_validate({**yaml.safe_load(CALLS), "full_at": full_at})
        source = EventSource(feed("calls"), spec, small)
        rows = source.cut(at("2026-03-01"), at("2026-03-11"), since=at("2021-01-01"), live=False)
        found[full_at] = len(set(rows["call_id"].to_pylist()))
    assert found[0.05] / found[1.0] == pytest.approx(1 / small.scale, rel=0.3)


def test_a_panel_begins_on_its_day(departments: Departments) -> None:
    body = {**yaml.safe_load(VISITS), "begins": "2024-12-22"}
    source = PanelSource(feed("visits"), Panel.model_validate(body), departments.world, years=5)
    assert source.first(at("2021-12-01")) == at("2024-12-22")
    assert source.first(at("2025-12-01")) == at("2025-12-01")


def test_incidents_move_panels(cut: Cut, departments: Departments) -> None:
    spec = Incident.model_validate(
        {
            "id": "all_down",
            "name": "x",
            "feed": "visits",
            "effect": "scale",
            "amount": 0.1,
            "column": "visits",
            "every": "4d",
            "lasts": "2d",
        }
    )
    before = cut("visits", "2026-03-02", "2026-03-09").visits.sum()
    timetable = departments.world.timetable
    kept = timetable._specs
    timetable._specs = [*kept, spec]
    try:
        assert cut("visits", "2026-03-02", "2026-03-09").visits.sum() < 0.85 * before
    finally:
        timetable._specs = kept


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"closed_at": {"type": "paced", "until": "due_at"}}, "'due_at', which does not come before it"),
        (
            {"due_at": {"type": "deadline", "after": "called_at"}, "n": {"type": "count", "by": "due_at"}},
            "no choice",
        ),
        (
            {
                "kind": {"type": "choice", "of": {"a": 1, "b": 1}},
                "n": {"type": "count", "by": "kind", "means": {"a": 1}},
            },
            "says nothing of kind b",
        ),
    ],
)
def test_what_cannot_be_drawn_is_told(cut: Cut, columns: dict[str, object], said: str) -> None:
    with pytest.raises(StandinError, match=said):
        cut("calls", "2026-03-01", "2026-03-02", columns=columns)


def test_parts_of_the_file_are_put_together(tmp_path: Path) -> None:
    (tmp_path / "standin.yaml").write_text("drift: [2023-01-01, 2027-01-01]\nsources: {}\n")
    (tmp_path / "standin").mkdir()
    for name in ("a", "b"):
        body = {"sources": {"facilities": yaml.safe_load(FACILITIES)}}
        (tmp_path / "standin" / f"{name}.yaml").write_text(yaml.safe_dump(body))
        if name == "a":
            assert isinstance(read_standin(tmp_path).sources["facilities"].columns["kind"], Choice)  # type: ignore[union-attr]
    with pytest.raises(CityError, match=r"standin/b\.yaml:\d+: sources\.facilities: another part defines"):
        read_standin(tmp_path)


def test_what_is_wrong_in_a_part_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "standin.yaml").write_text("drift: [2023-01-01, 2027-01-01]\nyears: 40\n")
    (tmp_path / "standin").mkdir()
    (tmp_path / "standin" / "a.yaml").write_text("sources:\n  one:\n    kind: pannel\n    steps: []\n")
    (tmp_path / "standin" / "b.yaml").write_text("sources: {}\nincidants: []\n")
    (tmp_path / "standin" / "c.yaml").write_text("sources: {one: {kind: panel\n")
    with pytest.raises(CityError) as raised:
        read_standin(tmp_path)
    told = [f"{p.file}:{p.line}" for p in raised.value.problems]
    assert sorted({name.partition(":")[0] for name in told}) == [
        "standin.yaml", "standin/a.yaml", "standin/b.yaml", "standin/c.yaml"
    ]  # fmt: skip
    assert "standin.yaml:2" in told
    assert "standin/b.yaml:2" in told
    assert any(line in told for line in ("standin/a.yaml:2", "standin/a.yaml:3"))
    assert any("did you mean incidents?" in problem.hint for problem in raised.value.problems)
