"""SDMX messages of every kind become rows; what stands in them is counted by the standard library alone."""

from __future__ import annotations

import csv
import json
import random
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from pipelines.errors import SourceError
from pipelines.read.sdmx import first_day, to_parquet

Rows = list[dict[str, Any]]


def table(path: Path, tmp_path: Path) -> Rows:
    target = tmp_path / "table.parquet"
    to_parquet(path, target)
    found: Rows = pq.read_table(target).to_pylist()
    return found


def _name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def generic(path: Path) -> Rows:
    """Series of generic SDMX-ML, by hand."""
    rows: Rows = []
    for series in (e for e in ET.parse(path).iter() if _name(e) == "Series"):
        head: dict[str, Any] = {
            v.attrib["id"]: v.get("value")
            for part in series
            if _name(part) in ("SeriesKey", "Attributes")
            for v in part
        }
        for obs in (e for e in series if _name(e) == "Obs"):
            row = dict(head)
            for part in obs:
                match _name(part):
                    case "ObsDimension":
                        row["TIME_PERIOD"] = part.get("value")
                    case "ObsValue":
                        row["OBS_VALUE"] = part.get("value")
                    case _:
                        row |= {v.attrib["id"]: v.get("value") for v in part}
            rows.append(row)
    return rows


def cross_section(path: Path) -> Rows:
    rows: Rows = []
    for series in (e for e in ET.parse(path).iter() if _name(e) == "Series"):
        for obs in series:
            cells = {k.rpartition("}")[2]: v for k, v in obs.attrib.items()}
            rows.append({**series.attrib, **cells, "DEMO": cells.pop("type").partition(":")[2]})
            rows[-1].pop("type", None)
    return rows


def draft_json(path: Path) -> Rows:
    document = json.loads(path.read_text(encoding="utf-8"), parse_float=str)
    dims = document["structure"]["dimensions"]
    fixed = {d["id"]: d["values"][0]["id"] for d in dims["dataSet"]}
    rows: Rows = []
    for place, series in document["dataSets"][0]["series"].items():
        currency = dims["series"][0]["values"][int(place)]["id"]
        for time, (value, status) in series["observations"].items():
            rows.append(
                {
                    **fixed,
                    "CURRENCY": currency,
                    "TIME_PERIOD": dims["observation"][0]["values"][int(time)]["id"],
                    "OBS_VALUE": value,
                    "OBS_STATUS": ["A"][status],
                }
            )
    return rows


def plain_csv(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


SAMPLES: dict[str, tuple[Callable[[Path], Rows], int, float]] = {
    "sdmx_ECB_EXR_sg-ts-gf.xml": (generic, 12, 344.49117),
    "sdmx_ESTAT_demography-xs.xml": (cross_section, 60, 0),
    "sdmx_ECB_EXR_ts.json": (draft_json, 4, 83.8282),
    "sdmx_v3_csv_example-01.csv": (plain_csv, 2, 23.2),
}


@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_gives_the_rows_that_are_in_it(name: str, shared_data: Path, tmp_path: Path) -> None:
    oracle, count, total = SAMPLES[name]
    path = shared_data / "formats" / name
    wanted, got = oracle(path), table(path, tmp_path)
    assert len(got) == len(wanted) == count
    for row, right in zip(got, wanted, strict=True):
        assert {key: row[key] for key in right} == {key: value or None for key, value in right.items()}
    if total:
        assert sum(float(row["OBS_VALUE"]) for row in got) == pytest.approx(total)


def test_a_message_of_structures_is_refused_by_name(shared_data: Path, tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="a StructureMessage holds no observations"):
        table(shared_data / "formats" / "sdmx_ECB_EXR_rg-structure.xml", tmp_path)


def document(version: str) -> dict[str, Any]:
    """One flow as SDMX-JSON 1.0 and 2.0 write it: a series with attributes, and an uncoded attribute."""
    structure = {
        "dimensions": {
            "dataSet": [],
            "series": [
                {"id": "FREQ", "values": [{"id": "Q"}]},
                {"id": "AREA", "values": [{"id": "A"}, {"id": "B"}]},
            ],
            "observation": [{"id": "TIME_PERIOD", "values": [{"id": "2024-Q1"}, {"value": "2024-Q3"}]}],
        },
        "attributes": {
            "dataSet": [{"id": "UNIT", "values": [{"id": "PC"}]}],
            "series": [{"id": "TITLE", "values": [{"name": "First"}, {"name": "Second"}]}],
            "observation": [{"id": "OBS_STATUS", "values": [{"id": "A"}, {"id": "P"}]}, {"id": "NOTE"}],
        },
    }
    data: dict[str, Any] = {
        "dataSets": [
            {
                "attributes": [0],
                "series": {
                    "0:0": {
                        "attributes": [0],
                        "observations": {"0": [1.50, 0, "seen"], "1": [None, 1, None]},
                    },
                    "0:1": {"attributes": [1], "observations": {"1": [7, None, None]}},
                },
            }
        ]
    }
    if version == "1.0":
        return {"meta": {}, "data": {**data, "structure": structure}}
    structure["measures"] = {"observation": [{"id": "OBS_VALUE"}]}
    data["dataSets"][0]["structure"] = 0
    return {"meta": {}, "data": {**data, "structures": [structure]}}


@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_published_versions_of_sdmx_json(version: str, tmp_path: Path) -> None:
    path = tmp_path / "m.json"
    path.write_text(json.dumps(document(version)), encoding="utf-8")
    fields = ("FREQ", "AREA", "TIME_PERIOD", "OBS_VALUE", "UNIT", "TITLE", "OBS_STATUS", "NOTE", "TIME_START")
    assert [tuple(row[field] for field in fields) for row in table(path, tmp_path)] == [
        ("Q", "A", "2024-Q1", "1.5", "PC", "First", "A", "seen", "2024-01-01"),
        ("Q", "A", "2024-Q3", None, "PC", "First", "P", None, "2024-07-01"),
        ("Q", "B", "2024-Q3", "7", "PC", "Second", None, None, "2024-07-01"),
    ]


@pytest.mark.parametrize(
    ("period", "day"),
    [
        ("2024", "2024-01-01"),
        ("2024-A1", "2024-01-01"),
        ("2024-S2", "2024-07-01"),
        ("2024-T3", "2024-09-01"),
        ("2024-Q4", "2024-10-01"),
        ("2024Q4", "2024-10-01"),
        ("2024-M11", "2024-11-01"),
        ("2024-11", "2024-11-01"),
        ("2024-W01", "2024-01-01"),
        ("2020-W53", "2020-12-28"),
        ("2024-D060", "2024-02-29"),
        ("2024-02-29", "2024-02-29"),
        ("2024-02-29T12:00:00", "2024-02-29"),
        ("2024-02-01/P3M", "2024-02-01"),
        ("2023-02-29", None),
        ("2024-Q5", None),
        ("2024-13", None),
        ("24", None),
        ("", None),
        (None, None),
    ],
)
def test_the_first_day_of_every_form_of_period(period: str | None, day: str | None) -> None:
    assert first_day(period) == day


BROKEN = {
    "half a document": (
        b'<?xml version="1.0"?><message:GenericData xmlns:message="http://www.sdmx',
        "cannot be read",
    ),
    "another document": (b"<html><body>Sorry</body></html>", "cannot be read as SDMX"),
    "other JSON": (b'{"a": 1}', "cannot be read as SDMX"),
    "an error": (b'{"errors": [{"code": 404, "title": "No results"}]}', "No results"),
    "other CSV": (b"id,value\n1,2\n", "neither an SDMX message nor SDMX-CSV"),
    "uneven CSV": (b"A,TIME_PERIOD,OBS_VALUE\n1,2024,2\n1\n", "cannot be read"),
    "deletes": (b"ACTION,TIME_PERIOD,OBS_VALUE\nI,2024,2\nD,2025,\n", "asks to delete"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_no_data_is_told(case: str, tmp_path: Path) -> None:
    content, message = BROKEN[case]
    path = tmp_path / "m.xml"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=message):
        table(path, tmp_path)


def mutated(content: bytes, chance: random.Random) -> bytes:
    """The content with a few bytes changed, lost, repeated or cut off."""
    bytes_ = bytearray(content)
    for _ in range(chance.randint(1, 3)):
        at, other = chance.randrange(len(bytes_)), chance.randrange(len(bytes_))
        match chance.randrange(4):
            case 0:
                bytes_[at] = chance.randrange(256)
            case 1:
                del bytes_[at : at + chance.randint(1, 60)]
            case 2:
                bytes_[at:at] = bytes_[other : other + chance.randint(1, 60)]
            case 3:
                del bytes_[max(at, 20) :]
    return bytes(bytes_)


@pytest.mark.parametrize("name", SAMPLES)
def test_damaged_messages_are_read_or_refused_and_nothing_else(
    name: str, shared_data: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    content, chance, path = (shared_data / "formats" / name).read_bytes(), random.Random(name), tmp_path / "m"
    refused = 0
    for _ in range(60):
        path.write_bytes(mutated(content, chance))
        try:
            table(path, tmp_path)
        except SourceError:
            refused += 1
    assert refused
    assert capfd.readouterr() == ("", "")


def test_without_the_package_it_is_said_how_to_get_it(
    shared_data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sdmx", None)
    with pytest.raises(SourceError, match=r"pip install 'toan-canh\[sdmx\]'"):
        table(shared_data / "formats" / "sdmx_ECB_EXR_sg-ts-gf.xml", tmp_path)
    assert len(table(shared_data / "formats" / "sdmx_v3_csv_example-01.csv", tmp_path)) == 2


COLUMNS = [
    {"name": "currency", "source": "CURRENCY", "type": "text", "required": True},
    {"name": "month", "source": "TIME_START", "type": "date", "required": True},
    {"name": "rate", "source": "OBS_VALUE", "type": "number"},
    {"name": "status", "source": "OBS_STATUS", "type": "text", "values": ["A"]},
]


def test_a_folder_may_hold_messages_of_every_kind(build: Callable[..., Any], shared_data: Path) -> None:
    house = build(
        format={"type": "sdmx"},
        columns=COLUMNS,
        key=["currency", "month"],
        event_time="month",
        area={"constant": "C"},
        checks=[],
    )
    files = {
        "a.xml": (shared_data / "formats" / "sdmx_ECB_EXR_sg-ts-gf.xml").read_bytes(),
        "b.json": (shared_data / "formats" / "sdmx_ECB_EXR_ts.json").read_bytes(),
        "c.csv": b"CURRENCY,TIME_PERIOD,OBS_VALUE,OBS_STATUS\nVND,2024-Q1,25000,A\nVND,2024-Q2,25400,X\n",
        "d.json": b'{"data": {"structure": {"dimensions": {}}, "dataSets": []}}',
    }
    for name, content in files.items():
        house.deliver(name, content)
    runs = house.load()
    assert [(run.status, run.received, run.rejected) for run in runs] == [
        ("done", 12, 0),
        ("done", 4, 0),
        ("done", 2, 1),
        ("done", 0, 0),
    ]
    oracle = sum(
        float(row["OBS_VALUE"]) for row in generic(shared_data / "formats" / "sdmx_ECB_EXR_sg-ts-gf.xml")
    )
    oracle += sum(
        float(row["OBS_VALUE"]) for row in draft_json(shared_data / "formats" / "sdmx_ECB_EXR_ts.json")
    )
    [(count, total)] = house.rows("SELECT count(*), sum(rate) FROM fact_tickets")
    assert (count, total) == (17, pytest.approx(oracle + 25000))
    kept = {path.read_bytes() for path in house.landing.rglob("*") if path.is_file()}
    assert kept == set(files.values())  # the bytes as received, and nothing made of them
