"""The published figures: the sums that must hold, and the conflicts that must stay visible."""

from __future__ import annotations

import pandas as pd
import pytest

from config import REFERENCE_CITY


@pytest.fixture(scope="module")
def figures() -> pd.DataFrame:
    return pd.read_csv(
        REFERENCE_CITY / "feeds/published/socioeconomic.csv", dtype={"area_code": str}, keep_default_na=False
    )


def _value(figures: pd.DataFrame, series: str, start: str, area: str = "79") -> float:
    hit = figures[(figures.series == series) & (figures.period_start == start) & (figures.area_code == area)]
    assert len(hit) == 1, series
    return float(hit.value.iloc[0])


@pytest.mark.parametrize(
    ("series", "start", "value"),
    [
        ("digital_economy_share", "2022-01-01", 19),
        ("digital_economy_share", "2023-01-01", 18.22),
        ("grdp", "2022-01-01", 1_479_227),
        ("dti_rank", "2022-01-01", 2),
        ("dti_pool", "2022-01-01", 63),
        ("ict_index_rank", "2022-01-01", 5),
        ("ecommerce_revenue", "2023-01-01", 7.84),
        ("ict_firms", "2023-01-01", 7_000),
        ("hotline_month_late", "2023-09-25", 125),
        ("services_configured", "2023-01-01", 617),
        ("services_online_other", "2023-01-01", 600),
        ("civil_register_records", "2023-01-01", 12_000_000),
        ("gis_layers", "2023-01-01", 87),
        ("health_facilities", "2023-01-01", 6_000),
        ("population_census", "2009-01-01", 7_162_864),
        ("population_census", "2019-01-01", 8_993_082),
    ],
)
def test_figures_are_as_published(figures: pd.DataFrame, series: str, start: str, value: float) -> None:
    assert _value(figures, series, start) == value


def test_parts_make_the_whole(figures: pd.DataFrame) -> None:
    year, month = "2023-01-01", "2023-09-25"
    assert _value(figures, "services_full", year) + _value(figures, "services_partial", year) == _value(
        figures, "services_online", year
    )
    assert _value(figures, "hotline_month_handled", month) + _value(figures, "hotline_month_open", month) == (
        _value(figures, "hotline_month_received", month)
    )
    census = figures[(figures.series == "population_census") & (figures.period_start == "2019-01-01")]
    assert census[census.area_code != "79"].value.sum() == 8_993_082


def test_a_print_is_named_once(figures: pd.DataFrame) -> None:
    assert not figures.duplicated(["series", "area_code", "period", "period_start", "published_on"]).any()
    assert (figures.published_on >= figures.period_start).all()
    assert (figures.publisher != "").all()
