"""Read a city folder: every file is read, every problem is kept, and only a clean folder becomes a City."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError

from config.areas import AreaTree
from config.changes import read_changes
from config.city import City, Place
from config.lint import lint, lint_alone
from config.messages import problems_of
from config.models import (
    CityModel,
    Derived,
    Feed,
    Identity,
    Indicator,
    Layer,
    OpenDataset,
    Programme,
    Recipient,
    Report,
    Rule,
    Screen,
    System,
)
from config.populations import read_populations
from config.problems import CityError, Problem, did_you_mean
from config.units import read_units
from config.yamlio import Document, Path_, read_yaml

D = TypeVar("D")

KINDS: dict[str, Any] = {
    "feed": Feed,
    "indicator": Indicator,
    "identity": Identity,
    "layer": Layer,
    "programme": Programme,
    "open dataset": OpenDataset,
    "recipient": Recipient,
    "report": Report,
    "rule": Rule,
    "screen": Screen,
    "system": System,
}
FOLDERS = {
    "feed": "feeds",
    "indicator": "indicators",
    "identity": "identities",
    "programme": "programmes",
    "report": "reports",
    "rule": "rules",
    "screen": "screens",
}
FILES = {
    "layer": "layers.yaml",
    "open dataset": "opendata.yaml",
    "recipient": "recipients.yaml",
    "system": "systems.yaml",
}
"""What one file holds; everything else has a folder."""
KNOWN_ENTRIES = frozenset(
    {"city.yaml", "standin.yaml", "standin", "areas", "layers", *FOLDERS.values(), *FILES.values()}
)
CITIES = Path(__file__).parent / "cities"
REFERENCE_CITY = CITIES / (CITIES / "reference.txt").read_text(encoding="utf-8").strip()
"""The city that is meant where none is named."""


def load_city(path: Path) -> City:
    """Load and check the city folder at ``path``.

    Raises CityError with every problem of the folder: syntax, shape and references between its definitions.
    """
    city, problems = read_city(path)
    if city is None or problems:
        raise CityError(problems)
    return city


def read_city(path: Path) -> tuple[City | None, list[Problem]]:
    """The sound definitions of the folder, and every problem with the others.

    There is no city without a sound ``city.yaml``. This is for those who go on to look for more problems;
    everyone else wants `load_city`.
    """
    problems: list[Problem] = []
    places: dict[tuple[str, str], Place] = {}
    head = _read_head(path, problems, places)
    problems += _strangers(path)
    found = {kind: _read_kind(path, kind, problems, places) for kind in KINDS}
    if head is None:
        return None, problems
    areas = _read_areas(path, [level.id for level in head.levels], problems, places)
    city = City(
        path,
        head,
        areas,
        found["feed"],
        found["indicator"],
        found["rule"],
        found["screen"],
        places,
        found["identity"],
        found["recipient"],
        found["system"],
        found["layer"],
        found["programme"],
        found["open dataset"],
        found["report"],
    )
    wrong = lint(city)
    return _sound(city, wrong), problems + wrong


def read_feed(path: Path, city: City) -> tuple[City, Feed | None, list[Problem]]:
    """The one feed of a file that is no part of the folder, in the city as if it were.

    It stands in for a feed of the city with its id. Gives the city with it, the feed (None: it is unsound)
    and every problem of its shape and references.
    """
    feed, places, problems = _read_one("feed", path)
    if feed is None:
        return city, None, problems
    tried = replace(city, feeds={**city.feeds, feed.id: feed}, places={**city.places, **places})
    own = [problem for problem in lint(tried) if problem.file == str(path)]
    return tried, None if own else feed, own


def read_indicator(path: Path, city: City) -> tuple[City, Indicator | None, list[Problem]]:
    """The one indicator of a file that is no part of the folder, in the city as if it were.

    An id that the city has already is a problem. Gives the city with it, the indicator (None: it is unsound)
    and every problem of its shape and references.
    """
    item, places, problems = _read_one("indicator", path)
    if item is None:
        return city, None, problems
    if item.id in city.indicators:
        file, line = city.locate("indicator", item.id)
        hint = f"it stands in {file}:{line}; choose another"
        return city, None, [Problem(str(path), 1, f"indicator {item.id}", "id is used already", hint)]
    indicators = {**city.indicators, item.id: item}
    tried = replace(city, indicators=indicators, places={**city.places, **places})
    own = lint_alone(tried, item)
    return tried, None if own else item, own


def _read_one(kind: str, path: Path) -> tuple[Any, dict[tuple[str, str], Place], list[Problem]]:
    """The only definition of a file, where it stands, and what is wrong with it; None where anything is."""
    document, problems = read_yaml(path, str(path))
    places: dict[tuple[str, str], Place] = {}
    found: dict[str, Any] = {}
    if document is not None and document.data is not None:
        _read_entries(kind, document, problems, places, found)
    if not problems and len(found) != 1:
        hint = f"write one {kind} into it, and the others into files of their own"
        problems.append(Problem(str(path), 1, "file", f"holds {len(found)} {kind}s", hint))
    if problems:
        return None, places, sorted(problems)
    [one] = found.values()
    return one, places, []


def _sound(city: City, wrong: Sequence[Problem]) -> City:
    """Without the definitions that have a problem, and without indicators over data of such a feed."""
    unsound = {problem.object.split(".")[0] for problem in wrong}

    def keep(kind: str, found: Mapping[str, D]) -> dict[str, D]:
        return {id_: item for id_, item in found.items() if f"{kind} {id_}" not in unsound}

    feeds = keep("feed", city.feeds)
    tables = {feed.table for feed in feeds.values()}
    return replace(
        city,
        feeds=feeds,
        indicators={
            id_: item
            for id_, item in keep("indicator", city.indicators).items()
            if isinstance(item, Derived) or item.dataset in tables
        },
        identities=keep("identity", city.identities),
        layers=keep("layer", city.layers),
        programmes=keep("programme", city.programmes),
        recipients=keep("recipient", city.recipients),
        rules=keep("rule", city.rules),
        screens=keep("screen", city.screens),
        open_datasets=keep("open dataset", city.open_datasets),
        reports=keep("report", city.reports),
    )


def _strangers(path: Path) -> list[Problem]:
    """Entries that nothing reads: a misspelt folder would be passed over in silence."""
    entries = sorted(path.iterdir()) if path.is_dir() else []
    return [
        Problem(
            entry.name, 1, "folder", "is not part of a city folder", did_you_mean(entry.name, KNOWN_ENTRIES)
        )
        for entry in entries
        if entry.name not in KNOWN_ENTRIES and not entry.name.startswith((".", "README"))
    ]


def _read_head(path: Path, problems: list[Problem], places: dict[tuple[str, str], Place]) -> CityModel | None:
    file = path / "city.yaml"
    if not file.is_file():
        hint = "a city is a folder with city.yaml, areas/units.csv, feeds/, indicators/, rules/ and screens/"
        problems.append(Problem(str(file), 1, "city", "there is no such file", hint))
        return None
    document, found = read_yaml(file, _name(path, file))
    problems += found
    if document is None:
        return None
    head: CityModel | None = _validate(CityModel, document, (), "city", document.data, problems)
    if head is not None:
        places["city", head.id] = (document, ())
    return head


def _read_kind(
    path: Path, kind: str, problems: list[Problem], places: dict[tuple[str, str], Place]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for file in sorted(path.glob(FILES.get(kind) or f"{FOLDERS[kind]}/*.y*ml")):
        document, syntax = read_yaml(file, _name(path, file))
        problems += syntax
        if document is None or document.data is None:
            continue
        _read_entries(kind, document, problems, places, found)
    return found


def _read_entries(
    kind: str,
    document: Document,
    problems: list[Problem],
    places: dict[tuple[str, str], Place],
    found: dict[str, Any],
) -> None:
    listed = isinstance(document.data, list)
    for number, entry in enumerate(document.data if listed else [document.data], start=1):
        place: Path_ = (number - 1,) if listed else ()
        id_ = entry.get("id") if isinstance(entry, dict) else None
        object_ = f"{kind} {id_ or f'number {number}'}"
        model = _validate(KINDS[kind], document, place, object_, entry, problems)
        if model is None:
            # Still a name that others may refer to: one mistake must not be reported as ten.
            if isinstance(id_, str):
                places.setdefault((kind, id_), (document, place))
            continue
        if (kind, model.id) in places:
            other, other_path = places[kind, model.id]
            hint = f"first in {other.file}:{other.line(other_path)}"
            line = document.line((*place, "id"))
            problems.append(Problem(document.file, line, object_, "id is used twice", hint))
            continue
        places[kind, model.id] = (document, place)
        found[model.id] = model


def _read_areas(
    path: Path, levels: list[str], problems: list[Problem], places: dict[tuple[str, str], Place]
) -> AreaTree:
    file = path / "areas" / "units.csv"
    units, document, found = read_units(file, _name(path, file), levels)
    problems += found
    places.update({("area", str(*place)): (document, place) for place in document.lines})
    file = path / "areas" / "changes.csv"
    codes = {str(*place) for place in document.lines}
    changes, wrong = read_changes(file, _name(path, file), units, codes)
    problems += wrong
    file = path / "areas" / "populations.csv"
    populations, wrong = read_populations(file, _name(path, file), units, codes)
    problems += wrong
    return AreaTree(units, levels, changes, populations)


def _validate(
    annotation: Any, document: Document, place: Path_, object_: str, entry: Any, problems: list[Problem]
) -> Any:
    try:
        return _adapter(annotation).validate_python(entry)
    except ValidationError as error:
        problems += problems_of(annotation, error, document, place, object_)
        return None


@cache
def _adapter(annotation: Any) -> TypeAdapter[Any]:
    return TypeAdapter(annotation)


def _name(root: Path, file: Path) -> str:
    return file.relative_to(root).as_posix()
