"""An indicator's values as a table for the terminal, as they stand or as they stood at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from rich.table import Table

from config import City
from config.problems import did_you_mean
from dashboard.drawing import format as fmt
from dashboard.drawing.format import Lang
from warehouse.reader import Reader, Value


class UnknownError(ValueError):
    """What was asked for does not exist; the message names what is nearest to it."""


def moment(city: City, text: str) -> dt.datetime:
    """A moment by the city's clock, or with an offset. Raises UnknownError."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError:
        raise UnknownError(f"{text!r} is no moment; write one such as 2026-05-01T08:00") from None
    return at if at.tzinfo else at.replace(tzinfo=city.zone)


def read_values(
    city: City, reader: Reader, indicator: str, area: str | None, period: str | None, count: int
) -> list[Value]:
    """The newest values of an indicator, oldest first. Raises UnknownError for a name that does not exist."""
    if indicator not in city.indicators:
        known = did_you_mean(indicator, city.indicators)
        raise UnknownError(f"there is no indicator {indicator!r} ({known})")
    item = city.indicators[indicator]
    code = area or city.areas.root.code
    if code not in city.areas:
        known = did_you_mean(code, [unit.code for unit in city.areas.all()])
        raise UnknownError(f"there is no area {code!r} ({known})")
    chosen = period or item.periods[0]
    if chosen not in item.periods:
        raise UnknownError(f"{indicator} has no period {chosen!r}; it has {', '.join(item.periods)}")
    return reader.series([indicator], code, chosen, count)[indicator]


def as_table(city: City, values: Sequence[Value], title: str) -> Table:
    """One line for each value, with what it was made of and since when it is known."""
    lang: Lang = city.head.languages[0]
    table = Table(title=title, title_justify="left")
    table.add_column("period")
    columns = "value", "numerator", "denominator", "n", "coverage", "data through", "known from"
    for name in (*columns, "version", "run"):
        table.add_column(name, justify="right")
    for value in values:
        parts = [value.value, value.numerator, value.denominator]
        table.add_row(
            str(value.start),
            *("" if part is None else f"{part:.10g}" for part in parts),
            str(value.n),
            f"{value.present}/{value.expected}",
            *(fmt.moment(at, city.zone, lang) for at in (value.data_through, value.known_from)),
            str(value.version),
            str(value.run),
        )
    return table
