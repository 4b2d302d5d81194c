"""Where a value comes from, for the terminal and for machines."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from config import City
from config.models.indicator import Period
from config.problems import did_you_mean
from indicators.lineage import Lineage, Lineages, Part, Source
from warehouse.reader import Reader, Value

FILES: Final = 20
"""How many files are listed; the newest come first."""


class UnknownError(Exception):
    """There is no such indicator, area, period or value."""


def follow(
    city: City,
    reader: Reader,
    indicator: str,
    area: str | None,
    period: Period | None,
    day: str | None,
    rows: int,
) -> Lineage:
    """The lineage of one value, the newest up to ``day`` (None: of all). Raises UnknownError."""
    item = city.indicators.get(indicator)
    if item is None:
        raise UnknownError(
            f"there is no indicator {indicator!r} ({did_you_mean(indicator, city.indicators)})"
        )
    area = area or city.areas.root.code
    if area not in city.areas:
        raise UnknownError(f"there is no area {area!r}")
    period = period or item.periods[0]
    if period not in item.periods:
        raise UnknownError(f"{indicator} has no values by {period}; it has {', '.join(item.periods)}")
    try:
        at = None if day is None else dt.date.fromisoformat(day)
    except ValueError:
        raise UnknownError(f"{day!r} is not a day; write one such as 2026-05-01") from None
    value = reader.latest([indicator], area, period, at).get(indicator)
    if value is not None and at is not None:
        value = value if at < city.periods.next_start(period, value.start) else None
    found = None if value is None else Lineages(city).of(reader, value, rows)
    if found is None:
        raise UnknownError(f"{indicator} has no value for {area} by {period}" + (f" on {day}" if day else ""))
    return found


def as_text(city: City, found: Lineage) -> str:
    """The lineage as lines to be read."""
    return "\n".join(_lines(city, found))


def as_json(found: Lineage) -> str:
    """The lineage for machines."""
    version, query = found.version, found.query
    told = {
        "value": found.value._asdict(),
        "how": found.how,
        "definition": None
        if version is None
        else {"version": version.version, "since": version.since, "body": dict(version.body)},
        "parts": [_part(part) for part in found.parts],
        "query": None if query is None else str(query),
        "rows": None
        if found.rows is None
        else {
            "total": found.rows.total,
            "columns": found.rows.columns,
            "page": [list(row) for row in found.rows.rows],
        },
        "files": [_source(source) for source in found.sources],
        "values_with_rows": found.behind,
        "values_followed_to_files": found.followed,
    }
    return json.dumps(told, ensure_ascii=False, indent=1, default=str)


def _lines(city: City, found: Lineage) -> Iterator[str]:
    value, version = found.value, found.version
    item = city.indicators[value.indicator]
    yield f"{value.indicator}: {item.name.get(city.head.languages[0])}"
    yield f"value: {_cell(value)} for {_place(city, value.area)}, {value.period} from {value.start}"
    if value.numerator is not None and value.denominator is not None:
        yield f"parts: {value.numerator:g} / {value.denominator:g}"
    yield f"n: {value.n}, coverage {value.present}/{value.expected}, known since {value.known_from} UTC"
    yield f"computed as: {found.how}"
    if version is not None:
        yield f"definition: version {version.version} since {version.since} UTC"
    if found.parts:
        yield f"computed from {len(found.parts)} values, which rest on {found.behind} values with rows:"
        for part in found.parts:
            amount = "no value" if part.value is None else _cell(part.value)
            yield f"  {part.indicator}  {_place(city, part.area)}  {part.period} from {part.start}  {amount}"
    if found.rows is not None:
        yield f"rows: {found.rows.total}, of which {len(found.rows.rows)}:"
        for row in found.rows.rows:
            yield "  " + _row(found.rows.columns, row)
    few = f" (of {found.followed} of {found.behind} values)" if found.followed < found.behind else ""
    yield f"files: {len(found.sources)}{few}"
    for source in found.sources[:FILES]:
        yield f"  {source.name} of {source.feed}: {source.rows} rows, run {source.run}, sha256 {source.hash}"
    if len(found.sources) > FILES:
        yield f"  and {len(found.sources) - FILES} more"


def _row(columns: Sequence[str], row: Sequence[Any]) -> str:
    cells = dict(zip(columns, row, strict=True))
    where = f"{cells['_file']}:{cells['_line']} run {cells['_run']} {cells['_hash']}"
    own = " ".join(f"{name}={cell}" for name, cell in cells.items() if not name.startswith("_"))
    return f"{where}  {own}"


def _cell(value: Value) -> str:
    return "none" if value.value is None else f"{value.value:.10g}"


def _place(city: City, area: str) -> str:
    return f"{city.areas[area].name(city.head.languages[0])} ({area})"


def _part(part: Part) -> dict[str, Any]:
    return {
        "indicator": part.indicator,
        "area": part.area,
        "period": part.period,
        "start": part.start,
        "value": None if part.value is None else part.value._asdict(),
    }


def _source(source: Source) -> dict[str, Any]:
    return {name: getattr(source, name) for name in Source.__slots__}
