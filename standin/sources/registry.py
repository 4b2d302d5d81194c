"""A register of procedures: which there are, since when online, and which were retired."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from standin.models import Registry
from standin.noise import Floats, Ints, Noise
from standin.sources.base import World, dates
from standin.timeline import DAY, NEVER, day_number, month_days, month_of

_REPLACED_FOR = 240  # months after the register is complete


@dataclass(frozen=True, slots=True)
class Catalogue:
    """One entry per procedure; ``since`` and ``retired`` are day numbers, NEVER for what does not happen.

    ``weight`` is a procedure's part of the dossiers, in any unit.
    """

    code: NDArray[np.str_]
    name: NDArray[np.str_]
    field: NDArray[np.str_]
    service: NDArray[np.str_]
    level: NDArray[np.str_]
    since: Ints
    retired: Ints
    days: Ints
    weight: Floats


def catalogue(spec: Registry, noise: Noise) -> Catalogue:
    """All procedures of the register and beside it, the same for every run of one seed."""
    wanted = [(level, True) for level, count in spec.totals.items() for _ in range(count)]
    online = len(wanted)
    levels = list(spec.totals)
    wanted += [(levels[k % len(levels)], False) for k in range(spec.retired)]
    wanted += [("none", False)] * spec.offline
    serial = np.arange(len(wanted), dtype=np.int64)
    fields = _spread(spec, noise, len(wanted))
    chosen = [spec.fields[f] for f in fields]

    first, last = day_number(spec.since), day_number(spec.reached)
    grown = (noise.uniform("since", serial) ** 0.8 * (last - first)).astype(np.int64) + first
    retired = np.full(len(wanted), NEVER, dtype=np.int64)
    gone = slice(online, online + spec.retired)
    life = (last - grown[gone]) * noise.uniform("retired", serial[gone])
    retired[gone] = grown[gone] + life.astype(np.int64)
    since = grown.copy()
    since[online + spec.retired :] = NEVER

    u_level, u_days = noise.uniform("level", serial), noise.uniform("days", serial)
    level = np.array([f.levels[int(u * len(f.levels))] for f, u in zip(chosen, u_level, strict=True)])
    days = np.array(
        [f.days[0] + int(u * (f.days[1] - f.days[0] + 1)) for f, u in zip(chosen, u_days, strict=True)],
        dtype=np.int64,
    )
    # few procedures make most of the dossiers
    share = np.array([f.volume / (f.share * len(wanted)) for f in chosen])
    weight = share * np.exp(1.1 * noise.normal("weight", serial))
    weight[gone] = 0.0

    swapped, swap_day = _replacements(spec, noise, online)
    pick = np.concatenate([serial, swapped])
    retired[swapped] = swap_day
    weight = np.concatenate([weight, np.zeros(len(swapped))])
    names = _names(spec, fields)
    names = np.array([*names, *(f"{names[i]} (sửa đổi)" for i in swapped)])
    service = np.array([w[0] for w in wanted])
    return Catalogue(
        code=np.array([f"{spec.id}.{n + 1:04d}" for n in range(len(pick))]),
        name=names,
        field=fields[pick],
        service=service[pick],
        level=level[pick],
        since=np.concatenate([since, swap_day]),
        retired=np.concatenate([retired, np.full(len(swapped), NEVER, dtype=np.int64)]),
        days=days[pick],
        weight=weight,
    )


class RegistrySource:
    """Generator of kind ``registry``: always the whole register as it stands."""

    def __init__(self, feed: str, spec: Registry, world: World) -> None:
        self.catalogue = catalogue(spec, Noise(world.seed, feed))

    def first(self, history: int) -> int:
        """The first file of the history holds everything before it."""
        return history

    def cut(self, start: int, end: int, *, since: int, live: bool) -> pa.Table:  # noqa: ARG002 always the whole
        """See Generator."""
        c, today = self.catalogue, end // DAY
        rows = np.flatnonzero(c.since < today)
        rows = rows[np.argsort(c.since[rows], kind="stable")]
        gone = c.retired[rows] < today
        return pa.table(
            {
                "procedure_code": pa.array(c.code[rows]),
                "name": pa.array(c.name[rows]),
                "field": pa.array(c.field[rows]),
                "service_level": pa.array(c.service[rows]),
                "online_since": dates(c.since[rows]),
                "retired_on": dates(np.where(gone, c.retired[rows], 0), ~gone),
            }
        )


def _spread(spec: Registry, noise: Noise, count: int) -> NDArray[np.str_]:
    """A field for each entry, by share, in an order without pattern."""
    share = np.cumsum([f.share for f in spec.fields.values()])
    place = (np.arange(count) + 0.5) / count * share[-1]
    fields = np.array(list(spec.fields))[np.searchsorted(share, place)]
    return np.asarray(fields[np.argsort(noise.uniform("field", np.arange(count, dtype=np.int64)))])


def _names(spec: Registry, fields: NDArray[np.str_]) -> NDArray[np.str_]:
    """Action and subject; a field with more entries than combinations numbers the later ones."""
    pairs = {f: [f"{a} {s}" for a, s in product(spec.actions, w.subjects)] for f, w in spec.fields.items()}
    seen: dict[str, int] = dict.fromkeys(spec.fields, 0)
    names = []
    for field in fields:
        turn, place = divmod(seen[field], len(pairs[field]))
        names.append(pairs[field][place] + (f" ({turn + 1})" if turn else ""))
        seen[field] += 1
    return np.array(names)


def _replacements(spec: Registry, noise: Noise, online: int) -> tuple[Ints, Ints]:
    """Which entries are replaced after the register is complete, and on which day."""
    count = min(spec.replaced_monthly * _REPLACED_FOR, online)
    turn = np.arange(count, dtype=np.int64)
    entry = np.argsort(noise.uniform("replaced", np.arange(online, dtype=np.int64)))[:count]
    first = month_of(day_number(spec.reached)) + 1
    months = first + turn // max(spec.replaced_monthly, 1)
    start = np.array([month_days(int(m))[0] for m in months], dtype=np.int64)
    return entry.astype(np.int64), start + (noise.uniform("replaced on", turn) * 28).astype(np.int64)
