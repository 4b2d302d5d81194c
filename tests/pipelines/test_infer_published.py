"""What ``ioc feed infer`` makes of published files: each is tried by the definition as it was written.

The table says how many rows a load would receive and refuse, and what a person would still change. Of files
that are laid out alike one stands for all.
"""

from __future__ import annotations

import csv
import datetime as dt
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest
from openpyxl import load_workbook

from config import REFERENCE_CITY, load_city
from config.loader import read_feed
from pipelines.check import check
from pipelines.infer.draft import infer
from pipelines.infer.write import write
from pipelines.trial import Trial, try_file

NOW: Final = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
CITY: Final = load_city(REFERENCE_CITY)
AREA: Final = "area.codes: which of the places are units of the city"
DAY: Final = "the day that the file speaks of"


@dataclass(frozen=True)
class Outcome:
    """Rows that would be received and refused; what a person must ``change`` for figures to mean it."""

    received: int
    refused: int = 0
    change: str = ""


FILES: Final = {
    "anomaly/surveillance/campyDE.csv": Outcome(522),
    "anomaly/surveillance/measlesDE.csv": Outcome(2496),
    "complaints/nyc_council_constituent_cases_2015_2020.csv.gz": Outcome(257813, 95, AREA),
    "economy/gso_cpi_monthly_vs_previous_month.csv": Outcome(2784),
    "economy/gso_fdi_by_province_2016.csv": Outcome(70, change=AREA),
    "economy/gso_pupils_by_province.csv": Outcome(4210, change=AREA),
    "economy/gso_retail_sales_by_province.csv": Outcome(1528, change=AREA),
    "economy/gso_state_budget_revenue.csv": Outcome(554),
    "economy/gso_unemployment_by_region.csv": Outcome(63),
    "economy/hcmc_population_by_district_2009_2019.csv": Outcome(240),
    "environment/aqi_ho_chi_minh_city_hourly_2025.csv": Outcome(3172),
    "environment/weather_monthly_stations_a.csv.gz": Outcome(21696, change=AREA),
    "environment/weather_stations_a.csv": Outcome(37, change=DAY),
    "governance/papi_subcriteria_2011_2019.csv": Outcome(567, change=AREA),
    "health/dengue_vietnam_national.csv": Outcome(414),
    "messy/Tansonhoa_weather_raw.xls": Outcome(444, change='sheet: "*", for the other quantities'),
    "messy/begrotingsanalyse-2011.csv": Outcome(36, 1, "unpivot: provinces are headers"),
    "messy/census2019_population_by_ward.xlsx": Outcome(11165, change="names of the columns without header"),
    "messy/covid_cases_by_province_wide.csv": Outcome(40402, change=AREA),
    "messy/mixedGLB.csv": Outcome(1589),
    "messy/spanish_chars.csv": Outcome(87, change=DAY),
    "messy/utf-16le_encoded.csv": Outcome(327),
    "messy/ward_changes_2019_2024.xls": Outcome(11204, change=DAY),
    "messy/weird_head_padding.csv": Outcome(343),
    "traffic/hcmc_od_survey_2014_ward.csv": Outcome(1043, 12, "area.codes: wards beyond the city of 2014"),
}


def tried(path: Path, rows: int = 0) -> Trial:
    """The trial of a file by the definition that is inferred from it, which must be without a mistake."""
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / "draft.yaml"
        draft.write_text(write(infer(CITY, path, Path(folder)), CITY), encoding="utf-8")
        city, feed, problems = read_feed(draft, CITY)
        assert feed is not None, problems
        assert [problem for problem in check(city) if problem.file == str(draft)] == []
    return try_file(city, feed, path, NOW, rows=rows)


def people(path: Path) -> float:
    """The first row of the census is the whole country."""
    rows = (
        load_workbook(path, read_only=True, data_only=True)
        .worksheets[0]
        .iter_rows(min_row=4, values_only=True)
    )
    return float(str(next(rows)[3]))


def admissions(path: Path) -> float:
    frame = pd.read_csv(path, encoding="utf-16", thousands=",")
    return float(frame["Total_informal_admissions"].sum())


def spending(path: Path) -> float:
    with path.open(encoding="latin-1", newline="") as stream:
        return sum(
            float(row["Gasto total 2011"].replace(",", "")) for row in csv.DictReader(stream) if row["SF_ID"]
        )


def physicians(path: Path) -> float:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        lines = stream.read().splitlines()[12:]
    table = lines[: next(place for place, line in enumerate(lines) if line.startswith("***"))]
    # Without a key, a row that is there already changes nothing: some specialties stand twice.
    cells = {
        (row[0].strip(), year, cell.strip().replace(".", ""))
        for row in csv.reader(table, delimiter=";")
        for year, cell in enumerate(row[1:])
    }
    return float(sum(int(cell) for *_, cell in cells if cell.isdigit()))


SUMS: Final[dict[str, tuple[str, Callable[[Path], float]]]] = {
    "messy/census2019_population_by_ward.xlsx": ("tong_so", people),
    "messy/utf-16le_encoded.csv": ("total_informal_admissions", admissions),
    "messy/spanish_chars.csv": ("gasto_total_2011", spending),
    "messy/weird_head_padding.csv": ("value", physicians),
}


@pytest.mark.parametrize("name", FILES)
def test_a_published_file_loads_by_what_is_inferred_from_it(shared_data: Path, name: str) -> None:
    """And the figures are those of the file: totals left out, marks understood, notes not read."""
    trial = tried(shared_data / name, rows=20_000 if name in SUMS else 0)
    assert trial.failed == []
    assert (trial.received, trial.rejected) == (FILES[name].received, FILES[name].refused), trial.causes
    if name in SUMS:
        column, oracle = SUMS[name]
        place = list(trial.columns).index(column)
        cells: list[Any] = [row[place] for row in trial.rows if row[place] is not None]
        assert sum(cells) == pytest.approx(oracle(shared_data / name))


def test_every_sum_is_asked_for() -> None:
    assert set(SUMS) <= set(FILES)
