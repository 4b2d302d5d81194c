"""How far a change reaches: which periods of a formula it stirs up, and which values those look at."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import partial, reduce
from operator import or_

from config.models.indicator import Period
from config.periods import Periods
from indicators.dirty import Days, Spans
from indicators.formula import reach
from indicators.plan import FormulaStep
from indicators.sql import anchor
from indicators.sql.prelude import Moment, listing


def dirty_after(
    step: FormulaStep, dirty_inputs: Mapping[str, Spans], moment: Moment, last_day: dt.date | None
) -> Spans:
    """The periods of a formula that may have changed.

    These are the ones in which dirty periods of its inputs can show, and those that have begun since
    ``last_day`` (None: none has), in which old values may show that before lay in the future.
    """
    periods, kinds = moment.calendar.periods, step.shape.periods
    days = Days() if last_day is None else Days.between(last_day, moment.today)
    found = Spans.touched(periods, kinds, days, moment.wall)
    for input_, dirty in dirty_inputs.items():
        mine = dirty.of(kinds)
        found |= mine.shifted(partial(_reach_of, step, input_, periods), moment.wall)
        found |= anchor.stirred(step, input_, mine, moment.wall)
    return found


def looked_at(limits: Mapping[FormulaStep, Spans], pending: Mapping[str, Spans | None]) -> str:
    """Table ``looked_at``: what the given periods of some formulas are made of, read once for all.

    ``pending`` are the indicators of which some periods (None: all) were made anew and still are set aside:
    these are read from there.
    """
    every = [needed(step, input_, dirty) for step, dirty in limits.items() for input_ in step.inputs]
    inputs = sorted({input_ for step in limits for input_ in step.inputs})
    stands = f"FROM indicator_value WHERE indicator IN {listing(inputs)} AND {reduce(or_, every).sql()}"
    anew: dict[Spans | None, list[str]] = {}
    for input_ in inputs:
        if input_ in pending:
            anew.setdefault(pending[input_], []).append(input_)
    for spans, those in anew.items():
        stands += (
            f"\n    AND NOT (indicator IN {listing(those)}{'' if spans is None else f' AND {spans.sql()}'})"
        )
    if anew:
        stands += f"\nUNION ALL\nFROM fresh WHERE indicator IN {listing(inputs)}"
    return f"CREATE OR REPLACE TEMP TABLE looked_at AS\n{stands}"


def needed(step: FormulaStep, input_: str, dirty: Spans) -> Spans:
    """The periods of an input that ``dirty`` periods of a formula look at."""
    back = dirty.shifted(lambda kind: [-far for far in reach(step.series, input_, kind, dirty.periods)])
    return anchor.needed(step, input_, back)


def _reach_of(step: FormulaStep, input_: str, periods: Periods, kind: Period) -> Iterable[int]:
    return reach(step.series, input_, kind, periods)
