"""Tables that were laid out for people, made rows: filled down, without totals, one row for each period."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from config.models import Format
from config.models.format import Unpivot
from config.problems import did_you_mean
from pipelines.errors import SourceError
from pipelines.read.shape import TEXT, Ready, Shape, Staged, header_text, json_object
from warehouse.store import Cursor
from warehouse.syntax import literal

DELIVERED = "delivered"
"""Temporary table of the rows as they stand in the files, where they are not simply the rows of the table."""
_BLANKS = " \t\u00a0"


def names_after(format: Format, shape: Shape) -> tuple[str, ...]:
    """The columns of a file as the contract meets them."""
    names = (*shape.names, *format.told)
    unpivot = format.unpivot
    return names if unpivot is None else (*unpivot.keep, *format.told, *unpivot.told, unpivot.value)


def with_told(staged: Staged, format: Format, files: Sequence[Ready]) -> Staged:
    """Beside the columns of the files what their titles and names say."""
    if not format.told:
        return staged
    first = len(staged.names) + 1
    cells = "".join(
        f", CASE _file_no {' '.join(f'WHEN {n} THEN {literal(f.told[i])}' for n, f in enumerate(files))} END "
        f"AS _c{first + i}"
        for i in range(len(format.told))
    )
    names = (*staged.names, *format.told)
    return Staged(
        f"SELECT *{cells} FROM ({staged.sql})",
        names,
        (*staged.types, *(TEXT for _ in format.told)),
        json_object(names) if staged.raw == json_object(staged.names) else staged.raw,
        staged.placed,
    )


def reshape(cursor: Cursor, staged: Staged, format: Format) -> Staged:
    """The rows that are meant. Makes the table ``delivered``. Raises SourceError."""
    cursor.execute(f"CREATE OR REPLACE TEMP TABLE {DELIVERED} AS {staged.sql}")
    sql = _filled(staged, format) if format.fill_down else f"SELECT * FROM {DELIVERED}"
    left_out: dict[int, int] = {}
    if format.leave_out:
        condition = _left_out(staged, format)
        rows = cursor.execute(
            f"SELECT _file_no, count(*) FROM ({sql}) WHERE {condition} GROUP BY ALL"
        ).fetchall()
        left_out = {int(file): int(count) for file, count in rows}
        sql = f"SELECT * FROM ({sql}) WHERE NOT ({condition})"
    if format.unpivot is not None:
        return replace(_unpivoted(staged, sql, format, format.unpivot), left_out=left_out)
    others = ", ".join(
        ["_record", "_file_no", "_defect", *(f"_c{i}" for i in range(1, len(staged.names) + 1))]
    )
    # JSON keeps the document beside its cells, to show it as it came.
    document = ", _doc" if staged.raw != json_object(staged.names) else ""
    numbered = f"SELECT row_number() OVER (ORDER BY _n) AS _n, {others}{document} FROM ({sql})"
    return replace(staged, sql=numbered, left_out=left_out)


def _place(staged: Staged, name: str, option: str) -> str:
    """The staged column of a header that the feed's format speaks of."""
    header = header_text(name)
    if header not in staged.names:
        hint = did_you_mean(header, staged.names)
        raise SourceError(f"there is no column {name!r} for format.{option}", hint)
    return f"_c{staged.names.index(header) + 1}"


def _filled(staged: Staged, format: Format) -> str:
    """Empty cells as what stands above them; a value begins the columns listed behind its own anew."""
    places = [_place(staged, name, "fill_down") for name in format.fill_down]
    given = [f"trim(coalesce({place}::VARCHAR, ''), {literal(_BLANKS)}) <> ''" for place in places]
    spans = "".join(
        f", count(*) FILTER (WHERE {' OR '.join(given[:level])}) OVER (PARTITION BY _file_no ORDER BY _n) "
        f"AS _span{level}"
        for level in range(1, len(places))
    )
    cells = ", ".join(
        f"last_value(CASE WHEN {some} THEN {place} END IGNORE NULLS) OVER (PARTITION BY _file_no"
        f"{f', _span{level}' if level else ''} ORDER BY _n ROWS UNBOUNDED PRECEDING) AS {place}"
        for level, (place, some) in enumerate(zip(places, given, strict=True))
    )
    return f"SELECT * REPLACE ({cells}) FROM (SELECT *{spans} FROM {DELIVERED})"


def _left_out(staged: Staged, format: Format) -> str:
    cells = {name: f"{_place(staged, name, 'leave_out')}::VARCHAR" for name in format.leave_out}
    found = " OR ".join(
        f"regexp_matches(trim(coalesce({cells[name]}, ''), {literal(_BLANKS)}), {literal(pattern)})"
        for name, pattern in format.leave_out.items()
    )
    return f"_defect IS NULL AND ({found})"


def _unpivoted(staged: Staged, source: str, format: Format, unpivot: Unpivot) -> Staged:
    """One row for each cell outside ``keep``; a cell that means nothing gives none."""
    kept = [_place(staged, name, "unpivot.keep") for name in (*unpivot.keep, *format.told)]
    dropped = [_place(staged, name, "unpivot.drop") for name in unpivot.drop]
    others = [
        (name, f"_c{place}")
        for place, name in enumerate(staged.names, start=1)
        if f"_c{place}" not in kept and f"_c{place}" not in dropped
    ]
    told = _headers(unpivot, [name for name, _ in others])
    names = (*unpivot.keep, *format.told, *unpivot.told, unpivot.value)
    keep = ", ".join(f"{place}::VARCHAR AS _k{i}" for i, place in enumerate(kept, start=1))
    lists = "".join(
        f", unnest([{', '.join(map(literal, column))}]) AS _h{i}" for i, column in enumerate(told, start=1)
    )
    values = ", ".join(f"{place}::VARCHAR" for _, place in others)
    cells = [f"_k{i}" for i in range(1, len(kept) + 1)] + [f"_h{i}" for i in range(1, len(told) + 1)]
    cells.append("_value")
    nulls = ", ".join(map(literal, {*format.nulls, ""}))
    sql = (
        "SELECT row_number() OVER (ORDER BY _n, _place) AS _n, _record, _file_no, _defect, "
        + ", ".join(f"{cell} AS _c{i}" for i, cell in enumerate(cells, start=1))
        + f" FROM (SELECT _n, _record, _file_no, _defect, {keep}{lists}, unnest([{values}]) AS _value, "
        f"unnest(range({len(others)})) AS _place FROM ({source})) "
        f"WHERE trim(coalesce(_value, ''), {literal(_BLANKS)}) NOT IN ({nulls})"
    )
    return Staged(sql, names, (TEXT,) * len(names), json_object(names), staged.placed)


def _headers(unpivot: Unpivot, headers: Sequence[str]) -> list[list[str]]:
    """What each header says, a list for each column that it becomes. Raises SourceError."""
    if unpivot.pattern is None:
        return [list(headers)]
    found = [(header, re.search(unpivot.pattern, header)) for header in headers]
    strange = [header for header, match in found if match is None]
    if strange:
        raise SourceError(
            f"the header {strange[0]!r} does not follow {unpivot.pattern}",
            "widen format.unpivot.pattern, or name the column in format.unpivot.keep or drop",
        )
    return [[(match[group] or "") if match else "" for _, match in found] for group in unpivot.told]
