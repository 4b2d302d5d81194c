"""The definition reference as Markdown, told by the models themselves so that it cannot drift from them."""

from __future__ import annotations

import datetime as dt
import re
import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from config.models import (
    Area,
    AreaChange,
    AreaFigures,
    CityModel,
    Feed,
    Identity,
    Indicator,
    Layer,
    Model,
    OpenDataset,
    Programme,
    Recipient,
    Report,
    Rule,
    Screen,
    System,
    Text,
)

_FILES: tuple[tuple[str, Any], ...] = (
    ("city.yaml", CityModel),
    ("areas/units.csv", Area),
    ("areas/changes.csv", AreaChange),
    ("areas/populations.csv", AreaFigures),
    ("feeds/*.yaml", Feed),
    ("indicators/*.yaml", Indicator),
    ("identities/*.yaml", Identity),
    ("layers.yaml", Layer),
    ("programmes/*.yaml", Programme),
    ("opendata.yaml", OpenDataset),
    ("recipients.yaml", Recipient),
    ("reports/*.yaml", Report),
    ("rules/*.yaml", Rule),
    ("screens/*.yaml", Screen),
    ("systems.yaml", System),
)
_WORDS: dict[Any, str] = {
    Any: "anything",
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    dt.date: "date",
    dt.timedelta: "duration",
    Text: "text per language",
    type(None): "nothing",
}


def render() -> str:
    """One section for each file of a city folder, one table for each model in it."""
    parts: list[str] = []
    told: set[type[Model]] = set()
    for name, annotation in _FILES:
        parts.append(f"## {name}\n")
        for model in _models(annotation):
            if model not in told:
                told.add(model)
                parts.append(_section(model))
    return "\n".join(parts)


def _models(annotation: Any) -> Iterator[type[Model]]:
    """The models that an annotation names and, depth first, those that their fields name."""
    if isinstance(annotation, type) and issubclass(annotation, Model):
        if (base := _shared_base(annotation)) is not None:
            yield from _models(base)
        yield annotation
        for field in annotation.model_fields.values():
            yield from _models(field.annotation)
    for argument in get_args(annotation):
        yield from _models(argument)


def _shared_base(model: type[Model]) -> type[Model] | None:
    """The public model that ``model`` extends; a private one only lends its fields."""
    base = model.__bases__[0]
    is_shared = issubclass(base, Model) and base is not Model and not base.__name__.startswith("_")
    return base if is_shared else None


def _section(model: type[Model]) -> str:
    base = _shared_base(model)
    doc = " ".join(re.sub(r"-\n\s+", "-", model.__doc__ or "").split()).replace("``", "`")
    lines = [f"### {model.__name__}\n", doc + "\n"]
    if base is not None:
        lines.append(f"Every key of [{base.__name__}](#{base.__name__.lower()}), and:\n")
    inherited = set(base.model_fields) if base is not None else set()
    rows = [_row(name, field) for name, field in model.model_fields.items() if name not in inherited]
    if rows:
        lines += ["| key | value | when left out |", "|---|---|---|", *rows, ""]
    return "\n".join(lines)


def _row(name: str, field: FieldInfo) -> str:
    if field.is_required():
        default = "**required**"
    else:
        default = _default(field.get_default(call_default_factory=True))
    return f"| `{field.alias or name}` | {_type(field.annotation, field.metadata)} | {default} |"


def _default(value: Any) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return str(value).lower()
        case BaseModel():
            return "its defaults"
        case tuple() | dict():
            return ", ".join(f"`{item}`" if item else "empty" for item in value) or "none"
        case "":
            return "empty"
    return f"`{value}`"


def _type(annotation: Any, metadata: list[Any]) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0], list(arguments[1:]))
    if origin is Literal:
        return _either(f"`{value}`" for value in arguments)
    if origin in (Union, types.UnionType):
        return _either(_type(part, metadata) for part in arguments if part is not type(None))
    if origin is tuple:
        at_least = next((f", at least {m.min_length}" for m in metadata if isinstance(m, MinLen)), "")
        return f"list of {_type(arguments[0], [])}{at_least}"
    if origin is dict:
        return f"mapping of {_type(arguments[0], [])} to {_type(arguments[1], [])}"
    if "period" in metadata:
        return "period"
    if "share" in metadata:
        return "share, such as `50 %`"
    if annotation in _WORDS:
        return _pattern(metadata) or _WORDS[annotation] + _bounds(metadata)
    return f"[{annotation.__name__}](#{annotation.__name__.lower()})"


def _either(parts: Iterator[str]) -> str:
    return " or ".join(dict.fromkeys(parts))


def _pattern(metadata: list[Any]) -> str:
    """Name of the kinds of text that have a form of their own."""
    forms = [str(form) for item in metadata if (form := getattr(item, "pattern", None))]
    if not forms:
        return ""
    kinds = {"^[a-z]": "identifier", "^[A-Z]": "name of an environment variable", "^\\S": "cron"}
    return next((name for start, name in kinds.items() if forms[0].startswith(start)), "")


def _bounds(metadata: list[Any]) -> str:
    signs: list[str] = []
    for item in metadata:
        match item:
            case Ge(ge=bound):
                signs.append(f"≥ {bound}")
            case Gt(gt=bound):
                signs.append(f"> {bound}")
            case Le(le=bound):
                signs.append(f"≤ {bound}")
    return " " + " and ".join(signs) if signs else ""
