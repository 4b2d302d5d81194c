"""The city's calendar as SQL: which period a day or an hour lies in, and how periods follow each other.

In SQL a period's start is a DATE where it begins at midnight by definition, and else a TIMESTAMP of the
city's clock without offset. Tables of periods hold all of them as TIMESTAMP.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from config.models.city import Reporting
from config.models.indicator import Period
from config.periods import MONTHS, Periods
from warehouse.syntax import literal

Grain = Literal["hour", "day", "month"]
"""How fine a table of parts must be for a period to be rolled up from it."""


@dataclass(frozen=True)
class Calendar:
    """What statements need to know of a city's periods.

    ``slot`` is SQL of where in time a row lies: the hour (a local TIMESTAMP) where the period's grain is
    *hour*, else its day (DATE). ``used`` are the periods that there are values for (empty: any): the macros
    know no others, since the database copies all of a macro to wherever it is called.
    """

    periods: Periods
    used: frozenset[Period] = frozenset()

    def grain(self, period: Period) -> Grain:
        """The coarsest parts from which the period can be rolled up."""
        own = self.periods.calendars.get(period)
        if self.periods.timed(period):
            return "hour"
        return "day" if own is not None or period in ("day", "week") else "month"

    def start(self, period: Period, slot: str) -> str:
        """SQL: start of the period that holds ``slot``; of year-to-date, of the shortest one that does."""
        own = self.periods.calendars.get(period)
        if own is not None:
            offset = _offset(own)
            return self._typed(period, f"{_first(own.every, f'{slot} - {offset}', own.lead)} + {offset}")
        match period:
            case "hour":
                return f"date_trunc('hour', {slot})"
            case "day":
                return f"CAST({slot} AS DATE)" if slot != "day" else slot
            case "week":
                return f"CAST(date_trunc('week', {slot}) AS DATE)"
            case _:
                return self._typed(period, _first(period, slot))

    def spread(self, period: Period, slot: str) -> tuple[str, str]:
        """SQL of the start and what to add to FROM, so that a row shows once in every period that holds it.

        Up to twelve in year-to-date, all of one year: some of them lie in the future. Else there is one.
        """
        if period != "year_to_date":
            return self.start(period, slot), ""
        months = f" JOIN range(1, 13) AS months(until) ON months.until >= month({slot})"
        return f"make_date(year({slot}), months.until, 1)", months

    def touched(self, period: Period, days: str) -> str:
        """SQL query (period, start TIMESTAMP): every period in which a ``day`` of the relation ``days`` may
        lie.
        """
        start, more = self.by_day(period)
        name = literal(period)
        return f"SELECT DISTINCT {name} AS period, CAST({start} AS TIMESTAMP) AS start FROM {days}{more}"

    def by_day(self, period: Period) -> tuple[str, str]:
        """SQL of the start and what to add to FROM, so that a ``day`` shows in every period that it touches:
        in two where one begins in mid-day (else twice in one), in 24 hours.
        """
        slot, more = "day", ""
        if self.grain(period) == "hour":
            hours = "range(24)" if period == "hour" else "(VALUES (0), (23))"
            slot, more = "day + to_hours(CAST(slots.hour AS INTEGER))", f" CROSS JOIN {hours} AS slots(hour)"
        start, spread = self.spread(period, slot)
        return start, more + spread

    @property
    def macros(self) -> str:
        """Statements that define period_index, period_shift, period_end, period_begin, period_year and
        period_number(period, start).
        """
        months = {period: MONTHS[period] for period in ("quarter", "half_year", "year")}
        months |= {own.id: MONTHS[own.every] for own in self.periods.reporting if own.every != "month"}
        leads = {own.id: own.lead for own in self.periods.reporting if own.lead}
        step = self._case(
            {"hour": "to_hours(count)", "day": "to_days(count)", "week": "to_days(7 * count)"}
            | {period: f"to_months({count} * count)" for period, count in months.items()},
            "to_months(count)",
        )
        index = self._case(
            {
                "hour": "date_diff('hour', TIMESTAMP '1970-01-01', CAST(start AS TIMESTAMP))",
                "day": "CAST(start AS DATE) - DATE '1970-01-01'",
                "week": "(CAST(start AS DATE) - DATE '1970-01-05') // 7",
            }
            | {period: f"{_INDEX} // {count}" for period, count in months.items() if period not in leads}
            | {period: f"({_INDEX} + {lead}) // {months.get(period, 1)}" for period, lead in leads.items()},
            _INDEX,
        )
        own = {period: f"start + to_months({lead})" for period, lead in leads.items()}
        year = self._case(
            {"week": "isoyear(start)"} | {period: f"year({at})" for period, at in own.items()}, "year(start)"
        )
        number = self._case(
            {
                "hour": "24 * (dayofyear(start) - 1) + hour(CAST(start AS TIMESTAMP)) + 1",
                "day": "dayofyear(start)",
                "week": "weekofyear(start)",
            }
            | {
                period: f"(month({own.get(period, 'start')}) - 1) // {months.get(period, 1)} + 1"
                for period in (*months, *leads)
            },
            "month(start)",
        )
        to_date = {"year_to_date": "date_trunc('year', CAST(start AS TIMESTAMP))"}
        begin = self._case(to_date, "CAST(start AS TIMESTAMP)")
        return f"""\
-- Periods as whole numbers: the next one is always 1 more
CREATE OR REPLACE TEMP MACRO period_index(period, start) AS {index};
-- The start of the period that lies so many periods later
CREATE OR REPLACE TEMP MACRO period_later(period, start, count) AS CAST(start AS TIMESTAMP) + {step};
CREATE OR REPLACE TEMP MACRO period_shift(period, start, count) AS
    period_later(period, start, CAST(count AS INTEGER));
-- The first moment after a period
CREATE OR REPLACE TEMP MACRO period_end(period, start) AS period_later(period, start, 1);
-- The moment from which on a period counts
CREATE OR REPLACE TEMP MACRO period_begin(period, start) AS {begin};
-- The year that a period is counted to, and which of that year's it is
CREATE OR REPLACE TEMP MACRO period_year(period, start) AS {year};
CREATE OR REPLACE TEMP MACRO period_number(period, start) AS {number};
"""

    def _case(self, branches: dict[Period, str], otherwise: str) -> str:
        """SQL by ``period``, of those that are used."""
        known = {period: sql for period, sql in branches.items() if not self.used or period in self.used}
        if self.used and self.used <= set(known) and len(set(known.values())) == 1:
            return f"({next(iter(known.values()))})"
        if not known:
            return f"({otherwise})"
        lines = "".join(f"\n    WHEN {literal(period)} THEN {sql}" for period, sql in known.items())
        return f"CASE period{lines}\n    ELSE {otherwise} END"

    def _typed(self, period: Period, start: str) -> str:
        return f"({start})" if self.periods.timed(period) else f"CAST({start} AS DATE)"


_INDEX: Final = "(12 * year(start) + month(start) - 1)"


def _first(period: Period, at: str, lead: int = 0) -> str:
    """SQL: the first of the month with which a period of months begins; ``lead`` months before its name's."""
    months = MONTHS[period]
    if months == 1:
        return f"date_trunc('month', {at})"
    if lead == 0 and months != 6:
        return f"date_trunc('{period}', {at})"
    back = f"CAST((month({at}) - 1 + {lead}) % {months} AS INTEGER)"
    return f"date_trunc('month', {at}) - to_months({back})"


def _offset(own: Reporting) -> str:
    """SQL: from the first of a month to the calendar's boundary in it."""
    return f"INTERVAL {24 * (own.day - 1) + own.hour} HOUR"
