"""Work on the tasks of a programme: where each one stands, what was reported, how months were scored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from config.models import Programme
from standin.models import ProgrammeWork, Source
from standin.noise import Floats, Ints, Noise
from standin.places import Places
from standin.sources.base import World, dates, slowed, texts, times
from standin.timeline import DAY, HOUR, NEVER, date_of, day_number, month_of, month_start

_REPORTS = 4
"""Reports on the way between the beginning and the end of a task."""
_STATUS = ("waiting", "running", "done")
_STUCK = 4.0
"""How much longer a task takes that is stuck."""
_NOTICE = 30
"""Days before the due date at which a task is on the list of what comes next."""


@dataclass(frozen=True)
class Entries:
    """One entry for each task and area, and one of the whole city for each milestone.

    ``steps`` are local seconds: when it was begun, the reports on the way, done, proved; NEVER for what does
    not come. ``reached`` is the progress (per cent) that each of these told.
    """

    text: Mapping[str, NDArray[np.str_]]
    points: Floats
    assigned: Ints
    due: Ints
    steps: Ints
    reached: Ints

    @property
    def done(self) -> Ints:
        """When each entry is done."""
        return np.asarray(self.steps[:, _REPORTS + 1])

    def status(self, rows: Ints, at: Ints) -> Ints:
        """The position in ``_STATUS`` of each row at a moment."""
        return np.asarray((self.steps[rows, 0] < at).astype(np.int64) + (self.done[rows] < at))


def entries(
    programmes: Mapping[str, Programme], spec: ProgrammeWork, feed: str, world: World, noise: Noise
) -> Entries:
    """Every entry with its whole life, the same for every run of one seed."""
    parts = [_listed(programmes[name], world) for name in spec.programmes]
    text = {key: np.concatenate([part[0][key] for part in parts]) for key in parts[0][0]}
    points, due, unit, begun = (np.concatenate(column) for column in zip(*(p[1] for p in parts), strict=True))
    serial = np.arange(len(due), dtype=np.int64)
    assigned = begun + (noise.uniform("assigned", unit) * 12).astype(np.int64)
    lead = 50 + (noise.uniform("lead", serial) * 130).astype(np.int64)
    start = np.maximum(assigned + 3, due - lead)
    places = Places(world.tree, world.tree.levels[1], spec.character, noise)
    share = slowed(world, feed, noise, spec.pace, places, start, serial, unit)
    stuck = spec.stuck * places.pace[unit] ** 5
    share = np.where(noise.uniform("stuck", serial) < stuck, share * _STUCK, share)
    days = np.maximum(3, np.rint((due - start) * share)).astype(np.int64)
    at = 7 * HOUR + (noise.uniform("hour", serial) * 10 * HOUR).astype(np.int64)
    way = np.arange(1, _REPORTS + 1) + 0.6 * (_table(noise, "report", serial, _REPORTS) - 0.5)
    way = way / (_REPORTS + 1)
    ends = (start + days) * DAY + at
    steps = np.empty((len(due), _REPORTS + 3), dtype=np.int64)
    steps[:, 0] = start * DAY + at
    on_the_way = start[:, None] + np.ceil(days[:, None] * way).astype(np.int64)
    steps[:, 1:-2] = on_the_way * DAY + at[:, None]
    steps[:, -2] = ends
    waits = (1 - np.log(noise.uniform("proof", serial)) * spec.proof_days).astype(np.int64)
    steps[:, -1] = np.where(noise.uniform("proved", serial) < spec.proved, ends + waits * DAY, NEVER)
    reached = np.zeros(steps.shape, dtype=np.int64)
    reached[:, 1:-2] = np.clip(5 * np.rint(20 * way), 5, 95).astype(np.int64)
    reached[:, -2:] = 100
    return Entries(text, points, assigned, due, steps, reached)


def _table(noise: Noise, stream: str, serial: Ints, width: int) -> Floats:
    """A draw for each row and column."""
    return noise.uniform(stream, serial[:, None], np.arange(width, dtype=np.int64)[None, :])


def _listed(programme: Programme, world: World) -> tuple[dict[str, NDArray[np.str_]], tuple[Ints, ...]]:
    """The texts of a programme's entries; their points, due days, units' positions and first days."""
    units = world.tree.at(programme.level, programme.span.start)
    position = {unit.code: n for n, unit in enumerate(world.tree.at(world.tree.levels[1]))}
    root = world.tree.root
    tasks = programme.tasks
    owners = {owner.id: owner.name.root["vi"] for owner in programme.owners}
    told = [("task", t.id, c.id, c.group, t.owner, c.weight / len(c.tasks)) for c, t in tasks]
    due = [day_number(programme.due(t)) for _, t in tasks]
    marks = [("milestone", m.id, "", "", m.owner, 0.0) for m in programme.milestones]
    due += [day_number(m.date) for m in programme.milestones]
    rows = [
        (*one, day, position.get(unit.code, 0), unit)
        for one, day in zip(told, due, strict=False)
        for unit in units
    ]
    rows += [(*one, day, 0, root) for one, day in zip(marks, due[len(told) :], strict=True)]
    kinds, names, criteria, groups, owner, points, days, place, area = zip(*rows, strict=True)
    codes = [unit.official or unit.code for unit in area]
    text = {
        "entry_id": [f"{code}.{name}" for code, name in zip(codes, names, strict=True)],
        "programme": [programme.id] * len(rows),
        "kind": kinds,
        "task": names,
        "criterion": criteria,
        "criterion_group": groups,
        "owner": owner,
        "unit": [
            owners[one] if unit is root else f"{owners[one]} – {unit.name_vi}"
            for one, unit in zip(owner, area, strict=True)
        ],
        "area_code": codes,
    }
    first = np.full(len(rows), day_number(programme.span.start), dtype=np.int64)
    numbers = np.array(points), np.array(days, dtype=np.int64), np.array(place, dtype=np.int64), first
    return {key: np.array(values) for key, values in text.items()}, numbers


class ProgrammeSource:
    """Generator of kind ``programme``: its ``part`` says what of the work is told."""

    def __init__(
        self, feed: str, spec: ProgrammeWork, world: World, programmes: Mapping[str, Programme]
    ) -> None:
        self.spec = spec
        self.entries = entries(programmes, spec, feed, world, Noise(world.seed, feed))
        self.links = np.char.add(spec.link, np.char.replace(self.entries.text["entry_id"], ".", "/"))

    def first(self, history: int) -> int:
        """There is nothing to tell before the first task is given."""
        return max(history, month_start(month_of(int(self.entries.assigned.min()))) * DAY)

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 a change is a change
        """See Generator. The first file of the history holds every task as it then stands."""
        e = self.entries
        given = e.assigned * DAY
        changed = ((e.steps >= start) & (e.steps < end)).any(axis=1) | (given >= start)
        rows = np.flatnonzero((changed | (start <= since)) & (given < end))
        at = np.full(rows.shape, end, dtype=np.int64)
        done, proved = e.done[rows], e.steps[rows, -1]
        return pa.table(
            {
                **{name: pa.array(values[rows]) for name, values in e.text.items()},
                "points": pa.array(np.round(e.points[rows], 4)),
                "assigned_on": dates(e.assigned[rows]),
                "due_on": dates(e.due[rows]),
                "notice_on": dates(e.due[rows] - _NOTICE),
                "started_on": dates(e.steps[rows, 0] // DAY, e.steps[rows, 0] >= end),
                "done_on": dates(np.minimum(done, end) // DAY, done >= end),
                "retired_on": pa.nulls(len(rows), pa.date32()),
                "status": texts(_STATUS, e.status(rows, at)),
                "progress": pa.array(np.where(e.steps[rows] < end, e.reached[rows], 0).max(axis=1)),
                "evidence": pa.array(self.links[rows], mask=proved >= end),
                "evidence_on": dates(np.minimum(proved, end) // DAY, proved >= end),
                "updated_at": times(
                    np.maximum(given[rows], np.where(e.steps[rows] < end, e.steps[rows], 0).max(axis=1))
                ),
            }
        )


class JournalSource(ProgrammeSource):
    """The reports about the same tasks, one by one."""

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 told once
        """See Generator."""
        e = self.entries
        row, step = np.nonzero((e.steps >= start) & (e.steps < end))
        at = e.steps[row, step]
        late = (at >= (e.due[row] + 1) * DAY) & (step <= _REPORTS)
        note = np.where(late, len(self.spec.notes) - 1, step)
        return pa.table(
            {
                "note_id": pa.array(np.char.add(np.char.add(e.text["entry_id"][row], "."), step.astype(str))),
                **{
                    name: pa.array(e.text[name][row])
                    for name in ("entry_id", "programme", "area_code", "unit")
                },
                "noted_at": times(at),
                "status": texts(_STATUS, e.status(row, at + 1)),
                "progress": pa.array(e.reached[row, step]),
                "note": texts(list(self.spec.notes), note),
            }
        )


class ScoreSource(ProgrammeSource):
    """The same tasks scored at the end of each month: a row for each criterion and area."""

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 told once
        """See Generator. A month is told on the third day of the next."""
        first = month_of(int(self.entries.assigned.min()))
        months = range(max(first, month_of(start // DAY) - 1), month_of((end - 1) // DAY))
        told = [m for m in months if start <= (month_start(m + 1) + 2) * DAY < end]
        return pa.concat_tables([self._month(m) for m in told] or [self._month(first).slice(0, 0)])

    def _month(self, month: int) -> pa.Table:
        e, last = self.entries, month_start(month + 1) - 1
        tasks = np.flatnonzero(e.text["kind"] == "task")
        keys, place = np.unique(
            np.char.add(np.char.add(e.text["criterion"][tasks], "|"), e.text["area_code"][tasks]),
            return_inverse=True,
        )
        one = np.zeros(len(keys), dtype=np.int64)
        one[place] = tasks
        over, ripe = e.done[tasks] < (last + 1) * DAY, e.due[tasks] <= last
        points = e.points[tasks]

        def total(weights: Floats) -> Floats:
            return np.round(np.bincount(place, weights), 4)

        def count(chosen: NDArray[np.bool_]) -> Ints:
            return np.bincount(place, chosen).astype(np.int64)

        count_all, count_done = count(np.ones(len(tasks), dtype=np.bool_)), count(over)
        names: Sequence[str] = ("programme", "criterion", "criterion_group", "area_code")
        return pa.table(
            {
                **{name: pa.array(e.text[name][one]) for name in names},
                "month": pa.array([date_of(month_start(month))] * len(keys)),
                "scored_on": pa.array([date_of(last)] * len(keys)),
                "tasks": pa.array(count_all),
                "tasks_done": pa.array(count_done),
                "points": pa.array(total(points * over)),
                "points_planned": pa.array(total(points * ripe)),
                "points_whole": pa.array(total(points)),
                "attained": pa.array(count_done == count_all),
            }
        )


_PARTS: dict[str, type[ProgrammeSource]] = {
    "tasks": ProgrammeSource,
    "journal": JournalSource,
    "scores": ScoreSource,
}


def programme_source(
    name: str, sources: Mapping[str, Source], world: World, programmes: Mapping[str, Programme]
) -> ProgrammeSource:
    """The generator of source ``name``; raises KeyError where it names no work."""
    spec = sources[name]
    assert isinstance(spec, ProgrammeWork)
    work = spec.work_of or name
    whole = sources[work]
    assert isinstance(whole, ProgrammeWork)
    return _PARTS[spec.part](work, whole, world, programmes)
