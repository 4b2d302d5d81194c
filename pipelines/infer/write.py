"""A draft as YAML in the order in which a person would write it, each guess with its evidence behind it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from config import City
from pipelines.infer.columns import Guess
from pipelines.infer.draft import Draft


def write(draft: Draft, city: City) -> str:
    """The definition as text."""
    return "\n".join(_lines(draft, city)) + "\n"


def _lines(draft: Draft, city: City) -> Iterator[str]:
    yield f"# A first definition for {draft.file}, by ioc feed infer; looked at: {draft.table.looked_at}."
    yield "# Read the comments, change what is wrong, then: ioc feed try THIS FILE"
    yield f"id: {draft.id}"
    called = draft.id.replace("_", " ").capitalize()
    yield f"name: {_flow(dict.fromkeys(city.head.languages, called))} # what people call it"
    yield f"owner: {_flow(dict.fromkeys(city.head.languages, '?'))} # who delivers it: no file says that"
    yield f"connector: {_flow({'path': f'{draft.id}/*'})} # below the inbox, where it is dropped"
    yield from _format(draft)
    cadence = draft.cadence
    yield f'schedule: "{cadence.schedule}" # its rows are dated {cadence.word}'
    yield from _identity(draft)
    yield from _area(draft, city)
    yield f"columns:{_comment(draft.remark)}"
    for guess in draft.columns:
        yield from _column(guess)
    owed = _flow({"every": cadence.every, "grace": cadence.grace})
    yield f"delivery: {owed} # what the agency owes: a guess from the dates"


def _format(draft: Draft) -> Iterator[str]:
    said = dict(draft.table.format)
    notes = dict(draft.table.notes)
    marks = draft.marks
    if draft.table.format["type"] not in ("json", "jsonl", "parquet"):
        if marks.decimal != ".":
            said["decimal"] = marks.decimal
        if marks.thousands:
            said["thousands"] = marks.thousands.replace(" ", " \u00a0\u202f")
        if marks.note:
            notes["decimal"] = marks.note
            said.setdefault("decimal", marks.decimal)
    if draft.nulls:
        said["nulls"] = ["", *draft.nulls]
        notes["nulls"] = "cells that stand for nothing"
    if draft.spoken is not None:
        said[draft.spoken.where] = draft.spoken.pattern
    layout = draft.layout
    notes |= layout.notes
    if layout.fill_down:
        said["fill_down"] = list(layout.fill_down)
    if layout.leave_out:
        said["leave_out"] = dict(layout.leave_out)
    if not notes and not draft.wide:
        yield f"format: {_flow(said)}"
        return
    yield "format:"
    for key, value in said.items():
        yield f"  {key}: {_flow(value)}{_comment(notes.get(key, ''))}"
    if (wide := draft.wide) is not None:
        yield f"  unpivot: # {len(wide.columns)} headers are periods: {wide.columns[0]} … {wide.columns[-1]}"
        yield f"    keep: {_flow(list(wide.keep))}"
        if wide.drop:
            yield f"    drop: {_flow(list(wide.drop))} # nothing stands in them"
        if wide.pattern is not None:
            yield f"    pattern: {_flow(wide.pattern)}"
        else:
            yield f"    name: {wide.names[0]}"
        yield f"    value: {wide.value}"


def _identity(draft: Draft) -> Iterator[str]:
    key = draft.key
    if key is None:
        same = f"; {draft.same:,} rows are like others and count once" if draft.same else ""
        yield f"mode: append # no few columns tell its rows apart: what is new is kept{same}"
    else:
        if key.repeated:
            note = f"{key.repeated:,} rows repeat it: of these the last one is kept"
        else:
            note = f"no two rows share it, in {draft.table.looked_at}"
        yield f"key: {_flow(list(key.columns))} # {note}"
    times = [
        guess.name
        for guess in draft.columns
        if guess.type in ("date", "timestamp") and guess is not draft.event
    ]
    others = f"the others: {', '.join(times)}" if times else ""
    gaps = (
        ""
        if draft.event.full
        else f"{draft.event.rows - draft.event.filled:,} rows have none and are rejected"
    )
    yield f"event_time: {draft.event.name}{_comment('; '.join(filter(None, (gaps, others))))}"


def _area(draft: Draft, city: City) -> Iterator[str]:
    area, root = draft.area, city.areas.root
    if area is not None and area.share >= 0.5:
        rule: dict[str, Any] = {"column": area.column.name}
        if area.match == "name":
            rule["match"] = "name"
        if not area.column.full:
            rule["missing"] = "root"
        note = f"{area.share:.1%} of its cells are {area.match}s of units"
        if area.unknown:
            note += f", not: {', '.join(map(repr, area.unknown))}"
        if draft.outside:
            note += f"; in {draft.outside:,} rows the unit does not exist on that day"
        yield f"area: {_flow(rule)} # {note}"
        return
    note = "no column holds codes or names of units: all rows count for the whole city"
    if area is not None:
        share = f"{area.share:.1%} of {area.column.name} are {area.match}s of units"
        note = f"all rows count for the whole city; {share}"
    yield f"area: {_flow({'constant': root.official or root.code})} # {note}"


def _column(guess: Guess) -> Iterator[str]:
    said: dict[str, Any] = {"name": guess.name}
    if guess.parts:
        said["parts"] = guess.parts
    elif guess.constant is None and guess.source != guess.name:
        said["source"] = guess.source
    for key in ("constant", "type", "format", "months", "strip", "values"):
        if (value := getattr(guess, key)) is not None:
            said[key] = value
    empty = guess.rows - guess.filled
    notes = [f"{empty:,} of {guess.rows:,} empty"] if empty else []
    yield f"  - {_flow(said)}{_comment('; '.join([*notes, *guess.notes]))}"


def _comment(note: str) -> str:
    return f" # {' '.join(note.split())}" if note else ""


def _flow(value: str | Sequence[Any] | Mapping[str, Any]) -> str:
    """A value as it stands behind a key, on one line."""
    text = yaml.safe_dump([value], default_flow_style=True, allow_unicode=True, width=10**9, sort_keys=False)
    return text.strip().removeprefix("[").removesuffix("]")
