"""Work on the tasks of programmes: all tasks of the definitions in all areas, one story in three feeds."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from standin.build import Departments

Read = Callable[[str], pd.DataFrame]


def test_there_is_an_entry_for_each_task_and_area_and_for_each_milestone(
    latest: Read, departments: Departments
) -> None:
    city = departments.city
    wanted = {
        f"{area.official or area.code}.{task.id}"
        for programme in city.programmes.values()
        for area in city.areas.at(programme.level, programme.span.start)
        for _, task in programme.tasks
    }
    wanted |= {
        f"{city.areas.root.code}.{milestone.id}"
        for programme in city.programmes.values()
        for milestone in programme.milestones
    }
    rows = latest("programme_tasks")
    assert set(rows.entry_id) == wanted
    assert len(rows) == len(wanted)
    due = {t.id: p.due(t) for p in city.programmes.values() for _, t in p.tasks}
    tasks = rows[rows.kind == "task"]
    assert (tasks.due_on.dt.date == tasks.task.map(due)).all()


def test_what_is_told_of_a_task_fits_together(latest: Read) -> None:
    rows = latest("programme_tasks")
    assert (rows.done_on.isna() | (rows.done_on >= rows.started_on)).all()
    assert (rows.evidence_on.isna() | (rows.evidence_on > rows.done_on)).all()
    assert ((rows.progress == 100) == rows.done_on.notna()).all()
    assert ((rows.status == "done") == rows.done_on.notna()).all()
    assert ((rows.status == "waiting") == rows.started_on.isna()).all()
    assert (rows.evidence.isna() == rows.evidence_on.isna()).all()


def test_districts_differ_and_some_tasks_are_late(latest: Read) -> None:
    rows = latest("programme_tasks")
    rows = rows[rows.kind == "task"]
    due = rows[rows.due_on < "2026-11-20"]
    overdue = due.groupby("area_code").done_on.apply(lambda done: done.isna().sum())
    assert overdue.max() >= 2 * max(1, overdue.median())
    assert 0.02 < overdue.sum() / len(due) < 0.1


def test_the_journal_ends_where_the_tasks_stand(latest: Read) -> None:
    journal, rows = latest("programme_journal"), latest("programme_tasks").set_index("entry_id")
    last = journal.sort_values(["noted_at", "progress"]).groupby("entry_id").tail(1).set_index("entry_id")
    there = rows.loc[last.index]
    assert (last.progress == there.progress).all()
    assert (last.status == there.status).all()
    assert (last.noted_at.dt.floor("min") == there.updated_at).all()


def test_months_are_scored_from_the_same_tasks(latest: Read) -> None:
    scores, rows = latest("programme_scores"), latest("programme_tasks")
    rows = rows[rows.kind == "task"]
    key = ["programme", "criterion", "area_code"]
    day = scores.scored_on.max()
    told = scores[scores.scored_on == day].set_index(key).sort_index()
    made = rows.assign(
        over=rows.done_on <= day,
        got=rows.points.where(rows.done_on <= day, 0),
        planned=rows.points.where(rows.due_on <= day, 0),
    ).groupby(key)
    assert (told.tasks == made.size()).all()
    assert (told.tasks_done == made.over.sum()).all()
    for column, source in (("points", "got"), ("points_planned", "planned"), ("points_whole", "points")):
        assert (told[column] - made[source].sum()).abs().max() < 0.001


def test_a_span_in_which_nothing_happened_is_told_as_nothing(departments: Departments) -> None:
    for name in ("programme_tasks", "programme_journal", "programme_scores"):
        source = departments._generators[name]
        night = source.first(0) + 40 * 86_400 + 3 * 3600
        assert len(source.cut(night, night + 60, since=source.first(0), live=True)) == 0
