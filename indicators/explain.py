"""How one indicator is computed: what it leans on, its plan and its SQL, as text."""

from __future__ import annotations

import datetime as dt

from config import City
from config.models import Area
from indicators.cost import cost_lines, cost_of
from indicators.formula import parse_references
from indicators.plan import Balance, Coverage, Cube, FormulaStep, Plan, ReportedRead, Step, tree
from indicators.planner import make_plan
from indicators.sql.balance import balance
from indicators.sql.coverage import frame
from indicators.sql.cube import cube
from indicators.sql.formula import formula_values
from indicators.sql.prelude import Moment
from indicators.sql.reported import reported_values
from indicators.sql.scan import presence_rows, scan_rows
from indicators.sql.values import measured, standing, values
from warehouse.store import Cursor

_MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def explain(city: City, indicator: str, now: dt.datetime = _MOMENT, cursor: Cursor | None = None) -> str:
    """Dependencies, cost, plan and SQL of an indicator, as for a first computation at ``now``.

    What it costs is told of the warehouse that ``cursor`` reads. Raises KeyError for an unknown indicator.
    """
    plan = make_plan(city)
    step = plan.step_of(indicator)
    name = city.indicators[indicator].name.get(city.head.languages[0])
    parts = [
        f"{indicator}: {name}",
        *dependencies(plan, indicator),
        *_identities(city, indicator),
        *(["", "Cost", *cost_lines(cost_of(cursor, plan, indicator))] if cursor is not None else []),
        "",
        "Plan",
        *tree(step, indicator),
        "",
        "SQL",
    ]
    return (
        "\n".join(parts)
        + "\n"
        + ";\n\n".join(statements(city, step, indicator, Moment.of(city, now)))
        + ";\n"
    )


def _identities(city: City, indicator: str) -> list[str]:
    """The identities that an indicator is held to, if there are any."""
    named = [id_ for id_, item in city.identities.items() if indicator in parse_references(item.claim)]
    return [f"held to: {', '.join(named)}"] if named else []


def dependencies(plan: Plan, indicator: str) -> list[str]:
    """Lines that say what an indicator is made of and what is made of it."""
    step = plan.step_of(indicator)
    above = [after.indicator for after in plan.formulas if indicator in after.inputs]
    match step:
        case FormulaStep():
            made_of = list(step.inputs)
        case Cube():
            made_of = [f"dataset {step.scan.dataset.name} by {step.scan.time}"]
        case Balance():
            made_of = [f"dataset {step.opens.dataset.name} by {step.opens.time} and {step.closes.time}"]
        case ReportedRead():
            made_of = [f"dataset {step.dataset.name} by {step.time}"]
    return [f"made of: {', '.join(made_of)}", f"part of: {', '.join(above) or 'nothing else'}"]


def statements(city: City, step: Step, indicator: str, moment: Moment) -> list[str]:
    """The SQL that gives one indicator's values, in the order in which it runs."""
    macros = moment.calendar.macros.rstrip().rstrip(";")
    match step:
        case Cube():
            (value,) = (value for value in step.values if value.indicator == indicator)
            base, made = f"frame__{step.coverage.name}", f"made__{step.name}"
            return [
                *_presence(step.coverage, moment, city.areas.root),
                f"CREATE TABLE {step.scan.table} AS\n{scan_rows(step.scan, moment)}",
                macros,
                f"CREATE TABLE {base} AS\n{frame([step.coverage], moment)}",
                f"CREATE TABLE {made} AS\n{cube(step, moment, base, city.areas.root)}",
                values([measured(value, step)], made),
            ]
        case Balance():
            (stock,) = (value for value in step.values if value.indicator == indicator)
            base, made = f"frame__{step.coverage.name}", f"made__{step.name}"
            return [
                *_presence(step.coverage, moment, city.areas.root),
                *(f"CREATE TABLE {s.table} AS\n{scan_rows(s, moment)}" for s in (step.opens, step.closes)),
                macros,
                f"CREATE TABLE {base} AS\n{frame([step.coverage], moment)}",
                f"CREATE TABLE {made} AS\n{balance(step, moment, base)}",
                values([standing(stock, step)], made),
            ]
        case ReportedRead():
            return [macros, reported_values(step, moment)]
        case FormulaStep():
            return [
                macros,
                formula_values([step], moment, city.levels),
            ]


def _presence(coverage: Coverage, moment: Moment, root: Area) -> list[str]:
    dataset = coverage.dataset
    made = [f"CREATE TABLE {dataset.presence} AS\n{presence_rows(dataset, moment, root)}"]
    if coverage.hourly:
        rows = presence_rows(dataset, moment, root, hourly=True)
        made.append(f"CREATE TABLE {dataset.presence_by_hour} AS\n{rows}")
    return made
