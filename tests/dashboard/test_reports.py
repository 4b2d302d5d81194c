"""Reports as their readers get them: the workbook read again, the print as a reader of PDF finds its text."""

from __future__ import annotations

import asyncio
import datetime as dt
import io
from collections.abc import Iterator

import httpx
import openpyxl
import pypdf
import pytest
from fastapi import FastAPI

from config import REFERENCE_CITY, City, load_city
from dashboard.reports import answer
from dashboard.reports.press import areas_of
from dashboard.running.places import Places
from dashboard.running.runtime import Runtime

MORNING = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
DAY = dt.timedelta(days=1)


@pytest.fixture(scope="module")
def city() -> City:
    return load_city(REFERENCE_CITY)


@pytest.fixture(scope="module")
def runtime(city: City, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """Ten days of requests and eleven months on time, in the city and three districts."""
    places = Places.of(city.head.id, tmp_path_factory.mktemp("reports"))
    with Runtime(city, places, clock=lambda: MORNING) as runtime:
        with runtime.store.write() as cursor:
            for indicator, period, starts in (
                ("hotline_received", "day", "(SELECT DATE '2026-11-13' + d::INT FROM range(11) AS r (d))"),
                (
                    "hotline_on_time",
                    "month",
                    "(SELECT make_date(2026, 1 + d::INT, 1) FROM range(11) AS r (d))",
                ),
            ):
                cursor.execute(
                    "INSERT INTO indicator_value BY NAME SELECT ? AS indicator,"
                    " CASE a WHEN '79' THEN 'city' ELSE 'district' END AS level, a AS area, ? AS period,"
                    " t0.s AS start, 1000.5 + dayofyear(t0.s) + i AS value, 400 AS n, 9 AS present,"
                    " 10 AS expected, TIMESTAMP '2026-11-22 17:00' AS data_through,"
                    " data_through AS known_from, 1 AS version, 1 AS run, data_through AS stored_at"
                    f" FROM (VALUES ('79', 0), ('760', 1), ('761', 2), ('764', 3)) AS t (a, i),"
                    f" {starts} AS t0 (s)",
                    [indicator, period],
                )
            runtime.store.bump(cursor)
        yield runtime


def test_numbers_stay_numbers_of_the_newest_whole_period(runtime: Runtime, city: City) -> None:
    report = city.reports["leaders_daily"]
    body = runtime.press.one(report, "79", "vi", "xlsx", dt.date(2026, 11, 22))
    book = openpyxl.load_workbook(io.BytesIO(body))
    cover = [cell.value for cell in book.worksheets[0]["A"]]
    assert cover[0] == "Báo cáo nhanh hằng ngày"
    assert "Tính đến hết ngày 22/11/2026" in cover
    assert any("mô phỏng" in str(line) for line in cover)
    day = book.worksheets[1]
    head = [cell.value for cell in day[3]]
    received = dict(zip(head, [cell.value for cell in day[4]], strict=True))
    assert received["Chỉ số"] == city.indicators["hotline_received"].name.get("vi")
    # 22 November is the 326th day of the year: the 23rd still runs.
    assert (received["Giá trị"], received["Kỳ trước"]) == (1326.5, 1325.5)
    assert (received["Số dòng"], received["Mức đầy đủ (%)"]) == (400, 90)
    value = day.cell(4, head.index("Giá trị") + 1)
    assert (value.data_type, value.number_format) == ("n", "#,##0")
    ranked = book.worksheets[3]
    # October, which began with the 274th day; the fewest first.
    assert [(row[0].value, row[1].value) for row in ranked.iter_rows(min_row=4)] == [
        ("Quận 1", 1275.5), ("Quận 12", 1276.5), ("Quận Gò Vấp", 1277.5),
    ]  # fmt: skip
    notes = [row[0].value for row in book.worksheets[-1].iter_rows(min_row=2)]
    assert city.indicators["hotline_on_time"].name.get("vi") in notes


@pytest.mark.parametrize("id_", sorted(load_city(REFERENCE_CITY).reports))
@pytest.mark.parametrize("lang", ["vi", "en"])
def test_what_is_printed_reads_right(runtime: Runtime, city: City, id_: str, lang: str) -> None:
    report = city.reports[id_]
    area = areas_of(city, report, MORNING.date())[0]
    body = runtime.press.one(report, area, lang, "pdf", dt.date(2026, 11, 22))  # type: ignore[arg-type]
    text = " ".join(
        "\n".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(body)).pages).split()
    )
    assert report.title.get(lang) in text
    assert city.areas[area].name(lang) in text
    for panel in report.panels:
        assert panel.title is not None
        assert panel.title.get(lang) in text


def test_a_report_is_made_once_when_due_kept_told_and_taken(runtime: Runtime, city: City) -> None:
    report = city.reports["leaders_daily"]
    press = runtime.press
    assert press.due(report, MORNING) == dt.date(2026, 11, 23)
    assert press.due(report, MORNING - 2 * dt.timedelta(hours=1)) == dt.date(2026, 11, 22)
    press.fall_due(report)
    kept = press.kept(report.id)
    assert {(one.day, one.area, one.lang, one.form) for one in kept} == {
        (dt.date(2026, 11, 23), "79", "vi", form) for form in ("pdf", "xlsx")
    }
    assert press.due(report, MORNING) is None
    changes = press.changes
    press.fall_due(report)
    assert press.changes == changes
    server = FastAPI()
    answer.register(server, runtime)

    def get(address: str) -> httpx.Response:
        async def send() -> httpx.Response:
            transport = httpx.ASGITransport(app=server)
            async with httpx.AsyncClient(transport=transport, base_url="http://ioc.test") as client:
                return await client.get(address)

        return asyncio.run(send())

    taken = get(f"/reports/{report.id}/{kept[0].name}")
    assert (taken.status_code, len(taken.content)) == (200, kept[0].size)
    assert get(f"/reports/{report.id}.xlsx?until=2026-11-22").content[:2] == b"PK"
    for wrong in ("/reports/nothing.pdf", f"/reports/{report.id}/..%2Fpeople.sqlite", "/reports/a/b"):
        assert get(wrong).status_code == 404
    assert get(f"/reports/{report.id}.pdf?until=yesterday").status_code == 400
