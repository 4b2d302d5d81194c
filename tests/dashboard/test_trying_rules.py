"""Trying a rule on the command line: what is wrong with incidents or a day is told, and nothing breaks."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config import REFERENCE_CITY, City, load_city
from dashboard.cli import app
from dashboard.rules.trials import Incident, Score, TruthError, read_incidents, replay_data
from indicators.rules.backtest import Backtest


@pytest.fixture(scope="module")
def reference_city() -> City:
    return load_city(REFERENCE_CITY)


HEAD = "area,start,end,name\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HEAD + "ROOT\n", "truth.csv:2: Invalid isoformat string"),
        (HEAD + "\nnowhere,2026-01-01,,a\n", "truth.csv:3: area 'nowhere' is unknown (known:"),
        ("area;start;end;name\nROOT;2026-01-01;;x\n", "truth.csv:2: column 'area' is missing"),
    ],
)
def test_what_is_wrong_with_incidents_is_told(
    reference_city: City, tmp_path: Path, text: str, told: str
) -> None:
    file = tmp_path / "truth.csv"
    file.write_text(text.replace("ROOT", reference_city.areas.root.code), encoding="utf-8")
    with pytest.raises(TruthError) as error:
        read_incidents(file, reference_city)
    assert told in str(error.value)


def test_machines_learn_what_became_of_each_incident(reference_city: City) -> None:
    root, day = reference_city.areas.root.code, dt.date(2026, 1, 1)
    rule = next(iter(reference_city.rules.values()))
    nothing = Backtest(rule, day, day, (), (), 0, 0, None)
    truth = replay_data(nothing, Score(((Incident(root, day, day, "flood"), None),), 0))["truth"]
    assert truth == {
        "incidents": [
            {"area": root, "start": "2026-01-01", "end": "2026-01-01", "name": "flood", "days": None}
        ],
        "false": 0,
    }


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (["--from", "2026-13-01"], "--from: '2026-13-01' is not a day; write it as 2026-01-31"),
        (["--from", "2026-01-01", "--to", "today"], "--to: 'today' is not a day"),
        (["--from", "0001-01-01"], "--from: 0001-01-01 is before 1900"),
    ],
)
def test_a_day_that_is_none_is_told(reference_city: City, tmp_path: Path, days: list[str], told: str) -> None:
    (tmp_path / reference_city.head.id).mkdir()
    (tmp_path / reference_city.head.id / "warehouse.duckdb").touch()
    rule = next(iter(reference_city.rules))
    done = CliRunner().invoke(app, ["rules", "backtest", rule, "--var", str(tmp_path), *days])
    assert done.exit_code == 1
    assert told in done.output
