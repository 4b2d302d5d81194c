"""Every published file of the data folder loads by a feed of ``tests/cities/published``, and nothing but it.

What came in is compared with what pandas or plain Python read of the same file in their own way: how many
rows, each column's sum or its values, and the line of every row.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pandas as pd
import pytest

from config import City, load_city
from dashboard.catalogue.check import check_city
from pipelines.load import Loader, RunResult
from warehouse.store import Store

CITY: Final = Path(__file__).parents[1] / "cities" / "published"
NOW: Final = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
OTHERWISE: Final = {
    "formats/sdmx_ECB_EXR_rg-structure.xml",
    "formats/sdmx_ECB_EXR_sg-ts-gf.xml",
    "formats/sdmx_ECB_EXR_ts.json",
    "formats/sdmx_ESTAT_demography-xs.xml",
    "README.md",
}
"""Files that are no tables: SDMX, which its connector reads."""
MONTHS: Final = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
ROMAN: Final = ["I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII"]
Frame = pd.DataFrame
Oracle = Callable[[Path], Frame]


def read(path: Path, header: int = 1, **options: Any) -> Frame:
    """A text as pandas reads it, each cell as text, with the line of each row."""
    frame = pd.read_csv(
        path, skiprows=header - 1, dtype=str, keep_default_na=False, na_values=[""], **options
    )
    return pd.DataFrame(frame).assign(_line=range(header + 1, header + 1 + len(frame)))


def several(pattern: str, **options: Any) -> Oracle:
    return lambda root: pd.concat([read(path, **options) for path in sorted(root.glob(pattern))])


def numbers(frame: Frame, *names: str) -> Frame:
    return frame.assign(**{name: pd.to_numeric(frame[name]) for name in names})


def gso(root: Path, *names: str) -> Frame:
    """Tables of the statistics office in long form: one row for each number, named as their headers are."""
    frames = []
    for name in names:
        path = root / "economy" / f"gso_{name}.csv"
        wide = read(path, 3, sep=";", encoding="utf-8-sig").replace([" ..", "..", "..."], None)
        fixed = [
            "_line",
            *[c for c in wide.columns if c in ("Year", "Items") or "provincies" in c or "budget" in c],
        ]
        frames.append(wide.melt(id_vars=fixed, var_name="header").dropna(subset="value").assign(table=name))
    return numbers(pd.concat(frames), "value")


def gso_tables(root: Path) -> Frame:
    names = ("retail_sales", "iip", "immunisation", "freight_carried")
    frame = gso(root, *(f"{name}_by_province" for name in names))
    year = pd.to_datetime(frame["header"].str[-4:], format="%Y")
    return frame.assign(table=frame["table"].str.removesuffix("_by_province"), year=year)


def of_months(frame: Frame, years: str) -> pd.Series:
    place = frame["header"].str[:3].str.lower().map(MONTHS.index) + 1
    return pd.to_datetime(frame[years] + "-" + place.astype(str), format="%Y-%m")


def spending(root: Path) -> Frame:
    rows = list(csv.reader((root / "messy/spanish_chars.csv").read_text(encoding="latin-1").splitlines()))
    group = function = None
    found = []
    for line, row in enumerate(rows[1:-2], start=2):
        if row[0]:
            group, function = row[0], None
        if row[1]:
            function = row[1]
        if row[2]:
            found.append((group, function, row[2], float(row[6].replace(",", "")), line))
    return pd.DataFrame(found, columns=["group_id", "function_id", "part_id", "amount", "_line"])


def physicians(root: Path) -> Frame:
    text = (root / "messy/weird_head_padding.csv").read_text(encoding="utf-8")
    found = []
    for line, row in enumerate(csv.reader(text.splitlines(), delimiter=";"), start=1):
        if 12 < line < 73:
            cells = zip([1985, 1993, 2000, *range(2005, 2011)], row[1:], strict=False)
            found += [
                (row[0].strip(), pd.Timestamp(year, 1, 1), int(cell.replace(".", "")), line)
                for year, cell in cells
                if cell.strip(" \u00a0.")
            ]
    frame = pd.DataFrame(found, columns=["specialty", "year", "physicians", "_line"])
    return frame


def budgets(root: Path) -> Frame:
    rows = list(
        csv.reader((root / "messy/begrotingsanalyse-2011.csv").read_text(encoding="utf-8").splitlines())
    )
    found = [
        (int(row[0]), row[1], rows[5][place], float(row[place].replace(" ", "").replace(",", "")), line)
        for line, row in enumerate(rows[7:], start=8)
        for place in range(2, 14)
        if row[place].strip()
    ]
    return pd.DataFrame(found, columns=["line", "cluster", "province", "amount", "_line"])


def census(root: Path) -> Frame:
    raw = pd.read_excel(
        root / "messy/census2019_population_by_ward.xlsx", header=None, engine="openpyxl", dtype=str
    )
    raw = raw.assign(_line=range(1, len(raw) + 1))[3:]
    raw[0] = raw[0].ffill()
    raw[1] = raw.groupby((raw[0] != raw[0].shift()).cumsum())[1].ffill()
    wards = raw[raw[2].notna()]
    frame = wards.rename(
        columns={0: "province", 1: "district", 2: "ward", 3: "people", 4: "urban", 5: "rural"}
    )
    frame = numbers(frame.replace(r"^\s*$", None, regex=True), "people", "urban", "rural")
    assert frame["people"].sum() == 96_208_984, "the country's people, by the title row"
    return frame.assign(**{name: frame[name].str.strip() for name in ("province", "district", "ward")})


def ods_velib(root: Path) -> Frame:
    records = json.loads((root / "formats/ods_v1_velib_stations.json").read_text(encoding="utf-8"))["records"]
    return pd.DataFrame(
        {
            "station": [r["fields"]["stationcode"] for r in records],
            "name": [r["fields"]["name"] for r in records],
            "capacity": [r["fields"]["capacity"] for r in records],
            "latitude": [r["fields"]["xy"][0] for r in records],
            "longitude": [r["geometry"]["coordinates"][0] for r in records],
            "_line": range(1, len(records) + 1),
        }
    )


def outlines(root: Path) -> Frame:
    frames = []
    for path in sorted(root.glob("geo/*.geojson")):
        features = json.loads(path.read_text(encoding="utf-8"))["features"]
        frame = pd.DataFrame([f["properties"] | {"shape": f["geometry"]["type"]} for f in features])
        frames.append(frame.assign(map=path.stem, _line=range(1, len(frame) + 1)))
    frame = pd.concat(frames).rename(columns={"pop_2019": "people", "area_km2": "area"})
    assert frame[frame["map"] == "hcmc_wards_2019"]["people"].sum() == 8_993_082, "the census figure"
    return frame


def member(root: Path, name: str) -> Frame:
    with zipfile.ZipFile(root / "traffic/cairns_gtfs.zip") as archive:
        return read(io.BytesIO(archive.read(name)))  # type: ignore[arg-type]


def mixed(root: Path) -> Frame:
    lines = (root / "messy/mixedGLB.csv").read_bytes().decode().split("\r")
    found = [
        (pd.Timestamp(int(row[0]), month, 1), int(row[month]), line)
        for line, row in enumerate(csv.reader(lines), start=1)
        if line > 4
        for month in range(1, 13)
        if "*" not in row[month]
    ]
    return pd.DataFrame(found, columns=["month", "hundredths", "_line"])


def days(frame: Frame, **formats: str | None) -> Frame:
    return frame.assign(
        **{name: pd.to_datetime(frame[name], format=format) for name, format in formats.items()}
    )


def renamed(oracle: Oracle, **names: str) -> Oracle:
    return lambda root: oracle(root).rename(columns={old: new for new, old in names.items()})


def air(root: Path) -> Frame:
    frame = several("environment/aqi_*.csv")(root).replace("N/A", None)
    for name, unit in (("wind_speed", " km/h"), ("humidity", "%"), ("temperature", "°C")):
        frame[name] = frame[name].str.removesuffix(unit)
    frame = numbers(frame, "wind_speed", "humidity", "temperature", "aqi", "pm25", "co")
    return frame.assign(at=pd.to_datetime(frame["timestamp"], utc=True).dt.tz_localize(None))


def population(root: Path) -> Frame:
    frame = gso(root, "average_population_by_province")
    return frame.assign(
        kind=frame["header"].str.split().str[0], year=pd.to_datetime(frame["header"].str[-4:])
    )


def by_kind(root: Path) -> Frame:
    frame = gso(root, "patient_beds_by_province", "pupils_by_province")
    frame = frame.assign(kind=frame["header"].str[5:], year=pd.to_datetime(frame["header"].str[:4]))
    return frame.assign(table=frame["table"].str.removesuffix("_by_province"))


def budget(root: Path) -> Frame:
    frame = gso(root, "state_budget_revenue")
    return frame.assign(
        measure=frame["header"].str[:-5].str.removesuffix(" Prel."),
        year=pd.to_datetime(frame["header"].str[-4:]),
    )


def unemployment(root: Path) -> Frame:
    frame = read(root / "economy/gso_unemployment_by_region.csv", sep=";")[1:]
    year = pd.to_datetime(frame["Year"].str.removeprefix("prel_"), format="%Y")
    return numbers(frame.assign(year=year), "Unemployment.rate.General", "Unemployment.rate.Rural")


def papi(root: Path) -> Frame:
    wide = read(root / "governance/papi_subcriteria_2011_2019.csv")
    long = wide.melt(id_vars=["Year", "Province", "_line"], var_name="criterion").dropna(subset="value")
    return numbers(days(long, Year="%Y"), "value")


def papi_codes(root: Path) -> Frame:
    paths = sorted(root.glob("governance/papi_codebook_*.csv"))
    return pd.concat(read(path).assign(book=path.stem.removeprefix("papi_codebook_")) for path in paths)


def covid(root: Path) -> Frame:
    wide = read(root / "messy/covid_cases_by_province_wide.csv")
    long = wide.melt(id_vars=["id", "_line"], var_name="day").dropna(subset="value")
    return numbers(days(long, day="%d/%m/%Y"), "value")


def nab(root: Path) -> Frame:
    paths = sorted((root / "anomaly/nab").glob("*/*.csv"))
    frame = pd.concat(
        read(path).assign(series=path.relative_to(root / "anomaly/nab").as_posix().removesuffix(".csv"))
        for path in paths
    )
    zone = pd.to_datetime(frame["timestamp"]).dt.tz_localize("Asia/Ho_Chi_Minh").dt.tz_convert(None)
    return numbers(frame.assign(at=zone), "value")


def nab_known(root: Path, name: str) -> Frame:
    known = json.loads((root / "anomaly/nab" / name).read_text(encoding="utf-8"))
    rows = [
        (series, number, *([span] if isinstance(span, str) else span))
        for series, spans in known.items()
        for number, span in enumerate(spans)
    ]
    names = ["series", "number", *(["at"] if name == "labels.json" else ["start", "end"])]
    frame = pd.DataFrame(rows, columns=names).assign(_line=range(1, len(rows) + 1))
    zone = "Asia/Ho_Chi_Minh"
    return frame.assign(
        **{n: pd.to_datetime(frame[n]).dt.tz_localize(zone).dt.tz_convert(None) for n in names[2:]}
    )


def surveillance(root: Path) -> Frame:
    frame = several("anomaly/surveillance/[hkmnqs]*.csv")(root)
    week = [
        dt.date.fromisocalendar(int(y), int(w), 1)
        for y, w in zip(frame["year"], frame["period"], strict=True)
    ]
    return numbers(frame.assign(week=pd.to_datetime(pd.Series(week, index=frame.index))), "observed")


def fdi(root: Path) -> Frame:
    frame = read(root / "economy/gso_fdi_by_province_2016.csv", 3, sep=";", encoding="utf-8-sig")
    frame.columns = pd.Index(["place", "projects", "capital", "_line"])
    return numbers(frame.assign(as_of=pd.Timestamp(2016, 12, 31)), "projects", "capital")


def poverty(root: Path) -> Frame:
    frame = gso(root, "poverty_rate_by_province")
    return frame.assign(year=pd.to_datetime(frame["header"].str[-4:]), rate=frame["value"])


def cpi(root: Path) -> Frame:
    frame = gso(root, "cpi_monthly_vs_previous_month")
    return frame.assign(month=of_months(frame, "Year"), item=frame["Items"].str.strip(), index=frame["value"])


def rainfall(root: Path) -> Frame:
    frame = gso(root, "monthly_rainfall")
    return frame.assign(month=of_months(frame, "Year"), rain=frame["value"])


def units(root: Path) -> Frame:
    paths = sorted(root.glob("geo/hcmc_units_*.csv"))
    return pd.concat(read(path).assign(day=pd.Timestamp(path.stem[-7:] + "-01")) for path in paths)


ORACLES: Final[dict[str, Oracle]] = {
    "air": renamed(air, wind="wind_speed"),
    "anomalies": mixed,
    "budgets": budgets,
    "bus_calendar": renamed(
        lambda root: days(numbers(member(root, "calendar_dates.txt"), "exception_type"), date="%Y%m%d"),
        service="service_id",
        day="date",
        exception="exception_type",
    ),
    "bus_times": renamed(
        lambda root: numbers(member(root, "stop_times.txt"), "stop_sequence"),
        trip="trip_id",
        place="stop_sequence",
        stop="stop_id",
        arrival="arrival_time",
    ),
    "campylobacter": renamed(
        lambda root: days(numbers(read(root / "anomaly/surveillance/campyDE.csv"), "case", "hum"), date=None),
        week="date",
        cases="case",
        humidity="hum",
    ),
    "census": census,
    "covid": renamed(covid, province="id", cases="value"),
    "dengue": renamed(
        lambda root: days(
            numbers(several("health/dengue_*.csv")(root), "dengue_total"),
            calendar_start_date=None,
            calendar_end_date=None,
        ),
        id="UUID",
        place="full_name",
        start="calendar_start_date",
        end="calendar_end_date",
        span="T_res",
        cases="dengue_total",
    ),
    "detentions": lambda root: numbers(
        read(root / "messy/utf-16le_encoded.csv", encoding="utf-16")
        .rename(
            columns={
                "Organisation_code": "organisation",
                "Total_formal_admissions_excluding_place_of_safety_detentions": "formal",
                "Total_patients_31st_march": "patients",
            }
        )
        .replace(",", "", regex=True)
        .replace(r"^\s*$", None, regex=True),
        "formal",
        "patients",
    ),
    "gso_budget": renamed(budget, item="State budget revenue"),
    "gso_by_kind": by_kind,
    "gso_cpi": cpi,
    "gso_fdi": fdi,
    "gso_population": renamed(population, thousands="value"),
    "gso_poverty": poverty,
    "gso_rainfall": rainfall,
    "gso_unemployment": renamed(
        unemployment, region="Region", general="Unemployment.rate.General", rural="Unemployment.rate.Rural"
    ),
    "gso_years": gso_tables,
    "hcmc_population": renamed(
        lambda root: days(
            numbers(several("economy/hcmc_population_by_district_*.csv")(root), "population"), year="%Y"
        ),
        district="district_code",
    ),
    "mapping": renamed(
        several("geo/hcmc_ward_mapping_2025.csv"),
        old="old_ward_code",
        new="new_ward_code",
        district="old_district_code",
    ),
    "nab": nab,
    "nab_labels": lambda root: nab_known(root, "labels.json"),
    "nab_windows": lambda root: nab_known(root, "windows.json"),
    "papi": renamed(papi, year="Year", province="Province", score="value"),
    "papi_codes": renamed(
        papi_codes, code="Variable_Code", meaning="Variable_Name", criterion="Criteria_Code"
    ),
    "physicians": physicians,
    "requests_boston": renamed(
        lambda root: numbers(several("complaints/boston_*.csv.gz")(root), "latitude"), id="case_enquiry_id"
    ),
    "requests_nyc": renamed(
        lambda root: days(several("complaints/nyc_*.csv.gz")(root), opendate=None, closedate=None),
        id="unique_key",
        opened="opendate",
        closed="closedate",
    ),
    "requests_sf": lambda root: numbers(
        several("complaints/sf_*.csv.gz")(root).assign(
            opened=lambda f: pd.to_datetime(f["created_date"], utc=True).dt.tz_localize(None)
        ),
        "latitude",
    ).rename(columns={"unique_key": "id"}),
    "stations": ods_velib,
    "outlines": outlines,
    "sdmx_csv": renamed(
        lambda root: days(numbers(several("formats/sdmx_v3_csv_*.csv")(root), "OBS_VALUE"), DIM_3="%Y-%m"),
        month="DIM_3",
        value="OBS_VALUE",
    ),
    "spending": spending,
    "surveillance": surveillance,
    "trips": renamed(
        lambda root: numbers(several("traffic/hcmc_od_*.csv")(root), "NumberFlow", "Shape_Len"),
        origin="Start_Code",
        destination="End_Code",
        trips="NumberFlow",
        metres="Shape_Len",
    ),
    "units": renamed(units, ward="ward_code", name="ward_name", district="district_code"),
    "weather_months": renamed(
        lambda root: numbers(
            several("environment/weather_monthly_*.csv.gz")(root)
            .assign(month_=lambda f: pd.to_datetime(f["year"] + "-" + f["month"], format="%Y-%m"))
            .drop(columns="month")
            .rename(columns={"month_": "month"}),
            "Ta",
            "Rf",
        ),
        mean="Ta",
        rain="Rf",
    ),
    "weather_stations": lambda root: numbers(
        read(root / "environment/weather_stations_a.csv"), "elevation", "latitude", "longitude"
    ),
}


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(CITY)


class Warehouse:
    """All feeds of the city, each loaded when it is first asked for, straight from the data folder."""

    def __init__(self, city: City, folder: Path, data: Path) -> None:
        self.city, self.data = city, data
        self.store = Store.open(folder / "warehouse.duckdb", city.head.timezone, folders=[folder / "landing"])
        self._loader = Loader(city, self.store, data, folder / "landing", folder / "spool")
        self._runs: dict[str, list[RunResult]] = {}

    def runs(self, feed: str) -> list[RunResult]:
        if feed not in self._runs:
            self._runs[feed] = self._loader.run(self.city.feeds[feed], NOW)
        return self._runs[feed]

    def facts(self, feed: str) -> Frame:
        self.runs(feed)
        with self.store.read() as cursor:
            return cursor.execute(f"SELECT * FROM fact_{feed}").df()


@pytest.fixture(scope="module")
def warehouse(city: City, tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Iterator[Warehouse]:
    made = Warehouse(city, tmp_path_factory.mktemp("published"), shared_data)
    yield made
    made.store.close()


def test_the_feeds_have_no_problem() -> None:
    assert check_city(CITY) == []


@pytest.mark.parametrize("feed", ORACLES)
def test_what_came_in_is_what_the_file_says(feed: str, warehouse: Warehouse) -> None:
    expected = ORACLES[feed](warehouse.data)
    runs = warehouse.runs(feed)
    assert {run.status for run in runs} == {"done"}, runs
    assert (sum(run.received for run in runs), sum(run.rejected for run in runs)) == (len(expected), 0)
    facts = warehouse.facts(feed)
    shared = [name for name in expected.columns if name in facts.columns]
    # Rows of the same content are one.
    content = [name for name in shared if name != "_line"]
    if warehouse.city.feeds[feed].mode == "append" and len(facts) < len(expected):
        expected = expected.drop_duplicates(SAME.get(feed, content), keep="last")
    assert len(facts) == len(expected)
    assert len(shared) >= 3
    for name in shared:
        found, meant = facts[name], expected[name]
        assert found.notna().sum() == meant.notna().sum(), name
        if name == "_line":
            assert sorted(found) == sorted(meant)
        elif pd.api.types.is_numeric_dtype(meant):
            assert float(found.sum()) == pytest.approx(float(meant.sum())), name
        elif pd.api.types.is_datetime64_any_dtype(meant):
            told = pd.to_datetime(found)
            assert (told.min(), told.max(), told.nunique()) == (meant.min(), meant.max(), meant.nunique()), (
                name
            )
        else:
            assert set(found.dropna()) == set(meant.dropna().str.strip()), name


SAME: Final = {"requests_nyc": ["id", "opened", "closed", "borough"]}
"""Columns that the feed reads, where pandas has more of them by the same names."""


def test_a_workbook_in_old_letters(warehouse: Warehouse) -> None:
    """Seven sheets of one station, beside what its weather service published of it elsewhere."""
    runs = warehouse.runs("tan_son_hoa")
    assert [(run.file.rsplit("/", 1)[1], run.received, run.rejected) for run in runs] == [
        ("TB", 444, 0),
        ("Tx", 168, 0),
        ("Tm", 168, 0),
        ("R", 444, 0),
        ("U", 432, 0),
        ("Sh", 168, 0),
        ("etd", 84, 0),
    ]
    facts = warehouse.facts("tan_son_hoa")
    assert set(facts["station"]) == {"Tân Sơn Hoà"}
    weather = ORACLES["weather_months"](warehouse.data)
    own = weather[weather["station"] == "Tan Son Hoa"].set_index("month")
    for measure, column in (("TB", "mean"), ("R", "rain")):
        told = facts[facts["measure"] == measure].set_index("month")["value"]
        told.index = pd.to_datetime(told.index)
        both = pd.concat([told, own[column]], axis=1, join="inner").dropna()
        assert len(both) > 400
        assert ((both.iloc[:, 0] - both.iloc[:, 1]).abs() < 0.051).mean() > 0.98, measure


def test_an_old_workbook(warehouse: Warehouse) -> None:
    [run] = warehouse.runs("ward_changes")
    assert (run.status, run.received, run.inserted, run.rejected) == ("done", 11204, 11204, 0)
    facts = warehouse.facts("ward_changes")
    assert sorted(facts["_line"]) == list(range(2, 11206))
    # The three wards of the island Lý Sơn were dissolved: nothing came after them.
    assert facts["new_ward"].isna().sum() == 3
    assert facts["old_ward"].str.fullmatch(r"\d{5}").all(), "leading zeros are kept"
    wards = json.loads((warehouse.data / "geo/hcmc_wards_2019.geojson").read_text(encoding="utf-8"))[
        "features"
    ]
    codes = {ward["properties"]["code"] for ward in wards}
    assert len(codes) == 322
    assert codes <= set(facts["old_ward"])


def test_no_file_is_forgotten(warehouse: Warehouse) -> None:
    loaded: set[str] = set()
    for feed in warehouse.city.feeds.values():
        loaded |= {
            path.relative_to(warehouse.data).as_posix() for path in warehouse.data.glob(feed.pattern or "")
        }
    everything = {p.relative_to(warehouse.data).as_posix() for p in warehouse.data.rglob("*") if p.is_file()}
    assert everything - loaded == OTHERWISE
