"""The analyst's studio: a definition sketched in a form, written as YAML, checked, tried and kept."""

from __future__ import annotations

import datetime as dt
import errno
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

import yaml

from config import City
from config.loader import read_indicator
from config.models import Feed, Indicator
from config.models.indicator import Period
from config.problems import Problem
from indicators.check import check_one
from indicators.draft import Draft, draft_values
from warehouse.store import Store

What = Literal["count", "share", "sum", "mean", "distinct", "open"]
WHATS: Final = get_args(What)
FILE: Final = "studio.yaml"
"""The file below indicators/ to which the studio adds."""
LAST: Final = 12
LONGEST: Final = 20_000
"""Letters of a text that is looked at."""


class TakenError(ValueError):
    """Somebody put a definition of that id into the folder since it was read."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """What a person chose in the form, as it was typed.

    ``column`` is what is added up, averaged or told apart; ``where`` and ``where_is`` narrow down the rows,
    of a share those that count; ``closes`` ends what is open.
    """

    id: str = ""
    name_vi: str = ""
    name_en: str = ""
    domain: str = ""
    dataset: str = ""
    what: What = "count"
    time: str = ""
    closes: str = ""
    column: str = ""
    where: str = ""
    where_is: str = ""
    unit: str = ""
    direction: str = "none"


@dataclass(frozen=True)
class Examined:
    """A text as the city's checks see it: the definition where it is sound, and what is wrong with it."""

    city: City
    item: Indicator | None
    problems: Sequence[Problem]


def written(city: City, sketch: Sketch) -> str:
    """The definition that a sketch makes, as YAML; what was left out has to be filled in by hand."""
    feed = city.datasets.get(sketch.dataset)
    body: dict[str, Any] = {
        "id": sketch.id.strip(),
        "name": {"vi": sketch.name_vi, "en": sketch.name_en},
        "domain": sketch.domain,
    }
    condition = _condition(feed, sketch)
    if sketch.what == "open":
        body |= {"kind": "stock", "dataset": sketch.dataset, "opens": sketch.time, "closes": sketch.closes}
    else:
        body |= {"dataset": sketch.dataset, "time": sketch.time}
        body["measure"] = {
            "count": "count(*)",
            "share": f"count(*) filter (where {condition or 'true'}) / count(*)",
            "sum": f"sum({sketch.column})",
            "mean": f"avg({sketch.column})",
            "distinct": f"count(distinct {sketch.column})",
        }[sketch.what]
    if condition and sketch.what != "share":
        body["where"] = condition
    body |= {
        "unit": sketch.unit,
        "direction": sketch.direction,
        "levels": list(_levels(city, feed)),
        "periods": ["month", "quarter", "year"],
        "owner": feed.owner.root if feed else "",
        "source": feed.name.root if feed else "",
    }
    return _dumped([body])


def _levels(city: City, feed: Feed | None) -> Sequence[str]:
    """Where the rows say where they lie, the whole city and what is right below it."""
    return city.levels[:2] if feed and feed.area.column else city.levels[:1]


def _condition(feed: Feed | None, sketch: Sketch) -> str:
    if feed is None or not sketch.where:
        return ""
    column = next((c for c in feed.columns if c.name == sketch.where), None)
    if column is None:
        return ""
    if column.type == "boolean":
        return sketch.where if sketch.where_is.strip().lower() in ("", "true") else f"not {sketch.where}"
    if column.type in ("integer", "number"):
        sign = "" if sketch.where_is[:1] in "<>=" else "= "
        return f"{sketch.where} {sign}{sketch.where_is}"
    text = sketch.where_is.replace("'", "''")
    return f"{sketch.where} = '{text}'"


def examine(city: City, text: str) -> Examined:
    """Check a definition as `ioc check` would if it stood in the folder."""
    if len(text) > LONGEST:
        hint = "keep one definition short"
        long = Problem(FILE, 1, "file", f"holds {len(text)} letters, at most {LONGEST} are taken", hint)
        return Examined(city, None, [long])
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / FILE
        file.write_text(text, encoding="utf-8")
        tried, item, problems = read_indicator(file, city)
        if item is not None:
            problems = check_one(tried, item.id)
    told = [Problem(FILE, p.line, p.object, p.message, p.hint) for p in problems]
    return Examined(tried, item if not told else None, told)


def tried(found: Examined, store: Store, now: dt.datetime, area: str) -> tuple[Period, Sequence[Draft]]:
    """The newest values that a sound definition would give, and the period that they are of: its first."""
    item = found.item
    assert item is not None
    period = item.periods[0]
    with store.trial() as cursor:
        return period, draft_values(found.city, item, cursor, now, area, period, LAST)


def saved(city: City, text: str) -> Path:
    """Add a sound definition to the city's folder, whole or not at all.

    Raises OSError if that cannot be, and TakenError when its id stands in the file already.
    """
    file = city.path / "indicators" / FILE
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    told, held = yaml.safe_load(text), yaml.safe_load(before) or []
    [item] = told if isinstance(told, list) else [told]
    if any(one["id"] == item["id"] for one in held):
        raise TakenError(item["id"])
    if not _fits(before, text, [*held, item]):
        # A text may be indented, begin with `---` or be no list: then it is written as the file is.
        text = _dumped([item])
        if not _fits(before, text, [*held, item]):
            raise OSError(errno.EINVAL, f"{file.name} is no plain list")
    unfinished = file.with_suffix(".unfinished")
    unfinished.write_text(_joined(before, text), encoding="utf-8")
    os.replace(unfinished, file)
    return file


def _joined(before: str, text: str) -> str:
    return f"{before.rstrip()}\n\n{text.strip()}\n".lstrip()


def _fits(before: str, text: str, wanted: Sequence[Any]) -> bool:
    """Whether a text, put after what is there, means what it meant alone, and another may follow it."""
    try:
        return bool(yaml.safe_load(_joined(_joined(before, text), "- next")) == [*wanted, "next"])
    except yaml.YAMLError:
        return False


def _dumped(entries: Sequence[Any]) -> str:
    return yaml.safe_dump(entries, allow_unicode=True, sort_keys=False, default_flow_style=None, width=120)
