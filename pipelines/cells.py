"""One column of a contract in SQL: the cell as text, the cell as its type, the day of a time in the city."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from config.models import Format
from config.models.feed import Column
from pipelines.clock import Clock
from warehouse.facts import SQL_TYPES
from warehouse.syntax import literal

_TRUE: Final = ("true", "t", "1", "yes", "y", "có")
_FALSE: Final = ("false", "f", "0", "no", "n", "không")
_ISO: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")
_ENGLISH: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_ROMAN: Final = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
_VIETNAMESE: Final = (
    *("giêng|một", "hai", "ba", "tư|bốn", "năm", "sáu", "bảy|bẩy", "tám", "chín", "mười"),
    *("mười một", "mười hai|chạp"),
)
# What stands before the word, the words, what may follow. "Năm" is five, and a year: a month follows "tháng".
_MONTH_WORDS: Final[dict[str, tuple[str, tuple[str, ...], str]]] = {
    "english": ("", _ENGLISH, r"\p{L}*"),
    "roman": ("", _ROMAN, ""),
    "vietnamese": (r"tháng\s+", _VIETNAMESE, ""),
}
_MIDNIGHT: Final = r"\d{4}-\d\d-\d\d[T ]00:00(:00(\.0+)?)?"


@dataclass(frozen=True)
class Cell:
    """SQL for one column, in steps that build on each other.

    ``clean`` reads the staged cell and becomes ``_t_<name>``; ``cast`` reads that and becomes ``_v_<name>``
    (empty where one step is enough); ``value`` is the typed column; ``day`` (times only) its local day.
    ``can_fail``: the cell may hold something that is not of the column's type.
    """

    clean: str
    value: str
    cast: str = ""
    day: str = ""
    can_fail: bool = True


def typed_cell(column: Column, cell: str | None, type: str, format: Format, clock: Clock) -> Cell:
    """The SQL for ``column``.

    ``cell`` is the staged column (None: absent from the file), ``type`` its SQL type.
    """
    if cell is None:
        day = "NULL::DATE" if column.type in ("date", "timestamp") else ""
        return Cell("NULL::VARCHAR", f"NULL::{SQL_TYPES[column.type]}", day=day, can_fail=False)
    if type != "VARCHAR" and column.strip is None:
        native = _native(column, cell, type, clock)
        if native is not None:
            return native
    clean = _clean(cell if type == "VARCHAR" else f"{cell}::VARCHAR", column, format)
    text, cast = f"_t_{column.name}", f"_v_{column.name}"
    match column.type:
        case "text":
            return Cell(clean, text, can_fail=False)
        case "integer":
            return Cell(clean, cast, _integer(_point(text, format)))
        case "number":
            number = f"try_cast({_point(text, format)} AS DOUBLE)"
            return Cell(clean, f"CASE WHEN isfinite({cast}) THEN {cast} END", number)
        case "boolean":
            yes, no = (", ".join(map(literal, words)) for words in (_TRUE, _FALSE))
            known = (
                f"CASE WHEN lower({text}) IN ({yes}) THEN true WHEN lower({text}) IN ({no}) THEN false END"
            )
            return Cell(clean, cast, known)
        case "date":
            value = f"CASE WHEN isfinite({cast}) THEN {cast} END"
            return Cell(clean, value, _date(_months(text, column), column.format), value)
        case "timestamp":
            return _timestamp(clean, cast, _months(text, column), column.format, clock)


def _clean(cell: str, column: Column, format: Format) -> str:
    """Text without blanks around it and without its unit; NULL where it stands for nothing."""
    nulls = ", ".join(map(literal, dict.fromkeys(("", *format.nulls))))
    # Trimming costs more than all else together, and hardly any cell needs it: look before.
    text = (
        f"CASE WHEN prefix({cell}, ' ') OR suffix({cell}, ' ') "
        f"THEN CASE WHEN trim({cell}) IN ({nulls}) THEN NULL ELSE trim({cell}) END "
        f"WHEN {cell} IN ({nulls}) THEN NULL ELSE {cell} END"
    )
    if column.strip is None:
        return text
    return f"nullif(trim(regexp_replace({text}, {literal(column.strip)}, '', 'g')), '')"


def _point(text: str, format: Format) -> str:
    """A number's text with a decimal point and without marks between thousands.

    NULL where a mark stands anywhere else: 1.5 in a file of decimal commas is not 15.
    """

    def pointed(number: str) -> str:
        return number if format.decimal == "." else f"replace({number}, ',', '.')"

    cases = []
    if format.decimal == "," and "." not in format.thousands:
        cases.append(f"WHEN contains({text}, '.') THEN NULL")
    if format.thousands:
        marks = "[" + "".join(f"\\x{{{ord(mark):x}}}" for mark in format.thousands) + "]"
        grouped = rf"[-+]?\d{{1,3}}(?:{marks}\d{{3}})+(?:\{format.decimal}\d*)?"
        bare = f"regexp_replace({text}, {literal(marks)}, '', 'g')"
        cases.append(
            f"WHEN regexp_matches({text}, {literal(marks)}) "
            f"THEN CASE WHEN regexp_full_match({text}, {literal(grouped)}) THEN {pointed(bare)} END"
        )
    return f"CASE {' '.join(cases)} ELSE {pointed(text)} END" if cases else pointed(text)


def _months(text: str, column: Column) -> str:
    """A time's text with the number of its month in place of the word."""
    if column.months is None:
        return text
    before, words, after = (
        _MONTH_WORDS[column.months] if isinstance(column.months, str) else ("", column.months, "")
    )
    numbers = {
        word.lower(): number for number, month in enumerate(words, start=1) for word in month.split("|")
    }
    listed = "|".join(re.escape(word) for word in sorted(numbers, key=len, reverse=True))
    letter = r"\p{L}"
    pattern = rf"(?i)(?:^|[^{letter}]){before}((?:{listed}){after}\.?)(?:[^{letter}.]|$)"
    found = f"regexp_extract({text}, {literal(pattern)}, 1)"
    word = f"left(lower({found}), 3)" if after else f"rtrim(lower({found}), '.')"
    number = (
        f"list_extract({list(numbers.values())}, list_position([{', '.join(map(literal, numbers))}], {word}))"
    )
    return f"CASE WHEN {found} = '' THEN {text} ELSE replace({text}, {found}, ({number})::VARCHAR) END"


def _integer(text: str) -> str:
    # A cast would round 1.5 to 2: a whole number is one whose fraction is nothing.
    whole = f"try_cast({text} AS DOUBLE) = trunc(try_cast({text} AS DOUBLE))"
    return (
        f"CASE WHEN contains({text}, '.') OR contains({text}, 'e') OR contains({text}, 'E') "
        f"THEN CASE WHEN {whole} THEN try_cast(try_cast({text} AS DOUBLE) AS BIGINT) END "
        f"ELSE try_cast({text} AS BIGINT) END"
    )


def _date(text: str, format: str | None) -> str:
    # An ISO date is never mistaken, so it passes beside the format; a time of day passes only as midnight,
    # which is how workbooks write dates.
    iso = (
        f"CASE WHEN length({text}) <= 10 THEN try_cast({text} AS DATE) "
        f"WHEN regexp_full_match({text}, {literal(_MIDNIGHT)}) THEN try_cast(left({text}, 10) AS DATE) END"
    )
    return iso if format is None else f"coalesce(try_strptime({text}, {literal(format)})::DATE, {iso})"


def _timestamp(clean: str, cast: str, text: str, format: str | None, clock: Clock) -> Cell:
    if format is not None and ("%z" in format or "%Z" in format):
        moment = f"make_timestamp(epoch_us(try_strptime({text}, {literal(format)})))"
        return Cell(clean, cast, moment, f"({clock.to_local(cast)})::DATE")
    formats = literal(format) if format is not None else f"[{', '.join(map(literal, _ISO))}]"
    # What does not follow the format exactly is looked at again, with patience: ISO with fractions, with an
    # offset, without seconds. An offset is a sign after the date, a Z or the name of a zone; a plain cast
    # would drop it in silence.
    offset = (
        f"length({text}) > 10 AND (right({text}, 1) NOT BETWEEN '0' AND '9' "
        f"OR contains({text}[11:], '+') OR contains({text}[11:], '-'))"
    )
    utc, local = (
        f"make_timestamp(epoch_us(try_cast({text} AS TIMESTAMPTZ)))",
        f"try_cast({text} AS TIMESTAMP)",
    )
    value = (
        f"CASE WHEN {cast} IS NOT NULL THEN {clock.to_utc(cast)} WHEN {offset} THEN {_finite(utc)} "
        f"ELSE {clock.to_utc(_finite(local))} END"
    )
    day = (
        f"CASE WHEN {cast} IS NOT NULL THEN {cast}::DATE "
        f"WHEN {offset} THEN ({clock.to_local(_finite(utc))})::DATE ELSE ({_finite(local)})::DATE END"
    )
    return Cell(clean, value, f"try_strptime({text}, {formats})", day)


def _native(column: Column, cell: str, type: str, clock: Clock) -> Cell | None:
    """The SQL for a cell that the file already types (Parquet); None where its text must be read."""
    text = f"_t_{column.name}"
    match column.type, type:
        case ("integer", "BIGINT") | ("number", "BIGINT") | ("boolean", "BOOLEAN"):
            return Cell(cell, f"{text}::{SQL_TYPES[column.type]}", can_fail=False)
        case "integer", "DOUBLE":
            return Cell(cell, f"CASE WHEN {text} = trunc({text}) THEN try_cast({text} AS BIGINT) END")
        case "number", "DOUBLE":
            return Cell(cell, f"CASE WHEN isfinite({text}) THEN {text}::DOUBLE END")
        case "date", "DATE":
            value = f"CASE WHEN isfinite({text}) THEN {text} END"
            return Cell(cell, value, day=value)
        case "date", "TIMESTAMP":
            value = f"CASE WHEN isfinite({text}) AND {text} = {text}::DATE THEN {text}::DATE END"
            return Cell(cell, value, day=value)
        case "timestamp", "DATE" | "TIMESTAMP":
            local = _finite(f"{text}::TIMESTAMP")
            return Cell(cell, clock.to_utc(f"_v_{column.name}"), local, f"_v_{column.name}::DATE")
        case "timestamp", "TIMESTAMPTZ":
            utc, cast = _finite(f"make_timestamp(epoch_us({text}))"), f"_v_{column.name}"
            return Cell(cell, cast, utc, f"({clock.to_local(cast)})::DATE")
        case _:
            return None


def _finite(moment: str) -> str:
    return f"CASE WHEN isfinite({moment}) THEN {moment} END"
