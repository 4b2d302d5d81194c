"""Every indicator of the second city against pandas, computed here from the published file alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import pytest

from config.yamlio import read_yaml

if TYPE_CHECKING:
    from tests.integration.conftest import Running, Truth

    Values = pd.Series[Any]

NYC = Path(__file__).parents[1] / "cities" / "nyc"
FREQUENCY: Final = {"day": "D", "month": "M", "quarter": "Q", "year": "Y"}
PER_YEAR: Final = {"month": 12, "quarter": 4, "year": 1}
POPULATION: Final = {
    "BX": 1_472_654,
    "BK": 2_736_074,
    "MN": 1_694_251,
    "QN": 2_405_464,
    "SI": 495_747,
    "NYC": 8_804_190,
}
CASES: Final = [
    (entry["id"], level, period)
    for file in sorted((NYC / "indicators").glob("*.yaml"))
    for document in [read_yaml(file, file.name)[0]]
    if document is not None
    for entry in document.data
    for level in entry["levels"]
    for period in entry["periods"]
]


Compute = Callable[["Oracle", str, str], "Values"]


class Oracle:
    """Indicators over the accepted rows, as series indexed by area and first day of the period."""

    def __init__(self, rows: pd.DataFrame, areas: dict[str, list[str]]) -> None:
        self.rows = rows
        self.areas = areas

    def __call__(self, indicator: str, level: str, period: str) -> Values:
        """The values of one indicator; NaN where there is a period but nothing to divide by."""
        return FORMULAS[indicator](self, level, period)

    def at(self, level: str, period: str, time: str) -> pd.DataFrame:
        """The rows that have ``time``, with the ancestor at ``level`` and the period's start."""
        rows = self.rows[self.rows[time].notna()]
        area = {
            "city": pd.Series("NYC", rows.index),
            "borough": rows.area.where(rows.area != "NYC").str[:2],
            "community_board": rows.area.where(rows.area.str.len() == 4),
        }[level]
        start = rows[time].dt.to_period(FREQUENCY[period]).dt.start_time
        return rows.assign(ancestor=area, start=start)[area.notna()]

    def grid(self, level: str, period: str) -> pd.MultiIndex:
        """Every area × every period of which the city heard: a weekly report speaks for the week before."""
        heard = pd.DatetimeIndex(self.rows.opened.unique())
        days = heard.union(
            pd.DatetimeIndex([day - pd.Timedelta(days=back) for back in range(7) for day in heard])
        )
        starts = days.to_period(FREQUENCY[period]).start_time.unique()
        return pd.MultiIndex.from_product([self.areas[level], starts.sort_values()])

    def count(
        self,
        level: str,
        period: str,
        time: str = "opened",
        keep: Callable[[pd.DataFrame], Values] | None = None,
    ) -> Values:
        """How many rows; none on a delivered period is zero."""
        rows = self.at(level, period, time)
        if keep is not None:
            rows = rows.loc[keep(rows)]
        return (
            rows.groupby(["ancestor", "start"])
            .size()
            .reindex(self.grid(level, period), fill_value=0)
            .astype(float)
        )

    def share(
        self,
        level: str,
        period: str,
        part: Callable[[pd.DataFrame], Values],
        office: str | None = None,
    ) -> Values:
        """Per cent of the cases opened that ``part`` picks."""
        rows = self.at(level, period, "opened")
        if office is not None:
            rows = rows[rows.account == office]
        picked = rows.assign(part=part(rows)).groupby(["ancestor", "start"]).part
        return (100 * picked.sum() / picked.size()).reindex(self.grid(level, period))

    def days(self, level: str, period: str, how: Callable[[Values], Any]) -> Values:
        """Days from opening to closing, by the day of closing."""
        rows = self.at(level, period, "closed")
        waited = rows.assign(days=(rows.closed - rows.opened).dt.days).groupby(["ancestor", "start"]).days
        return waited.agg(how).reindex(self.grid(level, period))

    def open(self, level: str, period: str) -> Values:
        """Open at the end of each period: all opened by then less all closed by then."""
        index = self.grid(level, period)
        flow = self.flow(level, period, "opened", index) - self.flow(level, period, "closed", index)
        return flow.groupby(level=0).cumsum().reindex(index)

    def flow(self, level: str, period: str, time: str, index: pd.MultiIndex) -> Values:
        """Rows by area and period, zero where there are none."""
        counts = self.at(level, period, time).groupby(["ancestor", "start"]).size()
        return counts.reindex(counts.index.union(index)).fillna(0)

    def earlier(self, values: Values, period: str, count: int) -> Values:
        """The values ``count`` periods before, on the same index; NaN where there were none."""
        areas, starts = values.index.get_level_values(0), pd.DatetimeIndex(values.index.get_level_values(1))
        before = (starts.to_period(FREQUENCY[period]) - count).start_time
        return pd.Series(values.reindex(pd.MultiIndex.from_arrays([areas, before])).to_numpy(), values.index)


def _yoy(oracle: Oracle, level: str, period: str) -> Values:
    now = oracle("cases_opened", level, period)
    before = oracle.earlier(now, period, PER_YEAR[period])
    return 100 * (now - before) / before.where(before != 0)


def _year_to_date(oracle: Oracle, level: str, period: str) -> Values:
    opened = oracle("cases_opened", level, period)
    starts = pd.DatetimeIndex(opened.index.get_level_values(1))
    year = opened.groupby([opened.index.get_level_values(0), starts.year])
    whole = year.cumcount() + 1 == starts.month
    return year.cumsum()[whole]


def _per_100k(oracle: Oracle, level: str, period: str) -> Values:
    opened = oracle("cases_opened", level, period)
    heads: Values = pd.Series(opened.index.get_level_values(0).map(POPULATION), opened.index)
    return 100_000 * opened / heads


def _share_of_parent(oracle: Oracle, level: str, period: str) -> Values:
    parents = {"borough": "city", "community_board": "borough"}[level]
    own, above = oracle("cases_opened", level, period), oracle("cases_opened", parents, period)
    areas, starts = own.index.get_level_values(0), own.index.get_level_values(1)
    parent = areas.str[:2] if level == "community_board" else ["NYC"] * len(areas)
    whole = above.reindex(pd.MultiIndex.from_arrays([parent, starts])).to_numpy()
    share: Values = 100 * own / np.where(whole == 0, np.nan, whole)
    return share


def _joined(left: str, right: str, how: Callable[[Values, Values], Values]) -> Compute:
    def compute(oracle: Oracle, level: str, period: str) -> Values:
        first, second = oracle(left, level, period), oracle(right, level, period)
        both = first.index.intersection(second.index)
        return how(first[both], second[both])

    return compute


def _backlog_months(oracle: Oracle, level: str, period: str) -> Values:
    closed = oracle("cases_closed", level, period)
    year = closed.groupby(level=0).rolling(12).sum().droplevel(0)
    left = oracle("cases_open", level, period)
    both = left.index.intersection(year.dropna().index)
    return 12 * left[both] / year[both].where(year[both] != 0)


def _within(rows: pd.DataFrame) -> Values:
    return (rows.closed - rows.opened).dt.days <= 30


FORMULAS: Final[dict[str, Compute]] = {
    "cases_opened": lambda o, level, period: o.count(level, period),
    "cases_closed": lambda o, level, period: o.count(level, period, "closed"),
    "cases_open": lambda o, level, period: o.open(level, period),
    "cases_net": _joined("cases_opened", "cases_closed", lambda opened, closed: opened - closed),
    "cases_yoy": _yoy,
    "cases_ytd": _year_to_date,
    "cases_per_100k": _per_100k,
    "cases_share": _share_of_parent,
    "housing_cases": lambda o, level, period: o.count(
        level, period, keep=lambda rows: rows.complaint_type == "Housing and Buildings"
    ),
    "days_to_close": lambda o, level, period: o.days(level, period, lambda days: days.median()),
    "days_to_close_p90": lambda o, level, period: o.days(level, period, lambda days: days.quantile(0.9)),
    "days_to_close_mean": lambda o, level, period: o.days(level, period, lambda days: days.mean()),
    "closed_in_30_days": lambda o, level, period: o.share(level, period, _within),
    "closed_same_day": lambda o, level, period: o.share(
        level, period, lambda rows: rows.closed == rows.opened
    ),
    "clearance": _joined(
        "cases_closed", "cases_opened", lambda closed, opened: 100 * closed / opened.where(opened != 0)
    ),
    "backlog_months": _backlog_months,
    "cases_without_borough": lambda o, level, period: o.count(
        level, period, keep=lambda rows: rows.borough == ""
    ),
    "located_share": lambda o, level, period: o.share(level, period, lambda rows: rows.borough != ""),
    "offices_reporting": lambda o, level, period: (
        o.at(level, period, "opened")
        .groupby(["ancestor", "start"])
        .account.nunique()
        .reindex(o.grid(level, period), fill_value=0)
    ),
    "office_40_within_30_days": lambda o, level, period: o.share(level, period, _within, office="NYCC40"),
}


@pytest.fixture(scope="module")
def oracle(nyc: Running, nyc_truth: Truth) -> Oracle:
    return Oracle(
        nyc_truth.rows, {level: [area.code for area in nyc.city.areas.at(level)] for level in nyc.city.levels}
    )


def test_the_oracle_knows_every_indicator() -> None:
    assert {indicator for indicator, _, _ in CASES} == set(FORMULAS)


@pytest.mark.parametrize(("indicator", "level", "period"), CASES)
def test_values_are_what_pandas_finds(
    nyc: Running, oracle: Oracle, indicator: str, level: str, period: str
) -> None:
    found = nyc.table(
        "SELECT area, start, value FROM indicator_value WHERE indicator = ? AND level = ? AND period = ? "
        "AND start < DATE '2021-01-01'",
        indicator,
        level,
        period,
    )
    got = found.assign(start=pd.to_datetime(found.start)).set_index(["area", "start"]).value.sort_index()
    want = oracle(indicator, level, period).sort_index()
    want = want[want.index.get_level_values(1) < "2021-01-01"]
    missing = want.dropna().index.difference(got.dropna().index)
    assert list(missing[:5]) == [], f"{len(missing)} values are missing"
    extra = got.dropna().index.difference(want.dropna().index)
    assert list(extra[:5]) == [], f"{len(extra)} values are there that should not be"
    both = want.dropna().index
    np.testing.assert_allclose(got[both], want[both], rtol=1e-9, atol=1e-9)
    assert len(both) >= 5
