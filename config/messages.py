"""What pydantic finds, said in the words of the people who write definitions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from config.models import Model
from config.problems import Problem, did_you_mean
from config.where import Keys, written_at
from config.yamlio import Document, Path_

Said = tuple[str, str]
"""A message and a hint."""


def say_all(annotation: Any, error: ValidationError) -> Iterator[tuple[ErrorDetails, Keys, Said]]:
    """Every mistake in a value of this type, with the keys at which it stands and what to say of it."""
    seen: set[Keys] = set()
    for item in error.errors(include_url=False):
        keys, holder = written_at(annotation, item["loc"])
        if _is_echo(item) or (len(keys) < len(item["loc"]) and keys in seen and item["type"] in _SCALARS):
            continue
        seen.add(keys)
        yield item, keys, _say(item, str(keys[-1]) if keys else "", holder)


def problems_of(
    annotation: Any, error: ValidationError, document: Document, place: Path_, object_: str
) -> Iterator[Problem]:
    """Every mistake in a value of this type that stands at ``place`` of a document, with its line."""
    for item, keys, (message, hint) in say_all(annotation, error):
        holder = keys[:-1] if item["type"] in ("missing", "extra_forbidden") else keys
        line = document.line((*place, *(holder if item["type"] == "missing" else keys)))
        yield Problem(document.file, line, ".".join(map(str, (object_, *holder))), message, hint)


_SCALARS = frozenset({"string_type", "int_type", "float_type", "bool_type"})
"""A value that fits no member of a union of scalars is told once, not once for each member."""


def _is_echo(item: ErrorDetails) -> bool:
    """A list counts as too short once its bad entries are taken out: they are told already."""
    return item["type"] == "too_short" and len(item["input"]) >= item["ctx"]["min_length"]


def _say(error: ErrorDetails, name: str, holder: type[Model] | None) -> Said:
    if error["type"] == "extra_forbidden":
        known = {field.alias or key for key, field in holder.model_fields.items()} if holder else ()
        return f"key {name!r} is unknown", did_you_mean(name, known)
    if (speak := _WORDS.get(error["type"])) is not None:
        return speak(error, name)
    message = error["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:], ""


def _missing_key(_: Any, name: str) -> Said:
    return f"key {name!r} is missing", ""


def _missing_tag(error: Any, _: str) -> Said:
    if not isinstance(error["input"], dict):
        return _no_mapping(error, _)
    return f"key {error['ctx']['discriminator']} is missing".replace('"', ""), "it says which kind this is"


def _unknown_tag(error: Any, _: str) -> Said:
    context = error["ctx"]
    return f"{context['tag']!r} is not a kind that exists here", _one_of(
        context["tag"], context["expected_tags"]
    )


def _not_allowed(error: Any, _: str) -> Said:
    return f"{_shown(error)} is not allowed here", _one_of(error["input"], error["ctx"]["expected"])


def _one_of(value: object, expected: str) -> str:
    choices = [choice.strip(" '") for choice in expected.replace(" or ", ",").split(",")]
    return did_you_mean(str(value), choices)


def _not_text(error: Any, _: str) -> Said:
    value = error["input"]
    hint = "" if isinstance(value, (dict, list)) or value is None else f'put it in quotes: "{value}"'
    return f"{_shown(error)} is not text", hint


def _wrong_form(error: Any, _: str) -> Said:
    pattern = error["ctx"]["pattern"]
    if pattern.startswith("^[a-z]"):
        hint = "lower-case letters, digits and _, beginning with a letter"
        return f"{_shown(error)} is not an identifier", hint
    if pattern.startswith("^[A-Z]"):  # what stands there may be the secret itself: it is not told
        hint = "capitals, digits and _, such as HOTLINE_TOKEN; the secret itself stands in the environment"
        return "this is not the name of an environment variable", hint
    if pattern.startswith(r"^\d{4}"):
        return f"{_shown(error)} is not a period", "such as 2024, 2024-Q1, 2024-S1, 2024-06 or 2024-06-01"
    return f"{_shown(error)} is not a cron expression", "write five fields, such as 0 6 * * mon"


def _not(what: str, hint: str = "") -> Callable[[Any, str], Said]:
    return lambda error, _: (f"{_shown(error)} is not {what}", hint)


def _bound(relation: str, limit: str) -> Callable[[Any, str], Said]:
    return lambda error, _: (f"{_shown(error)} is {relation} {error['ctx'][limit]:g}", "")


def _empty(_error: Any, _: str) -> Said:
    return "is empty", "give at least one"


def _long(error: Any, _: str) -> Said:
    return f"{_shown(error)} is too long", f"at most {error['ctx']['max_length']}"


def _shown(error: Any) -> str:
    """The value as its author wrote it, as far as it fits into a line."""
    match error["input"]:
        case None:
            return "nothing"
        case bool() as value:
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str() | int() | float() as value:
            return repr(value)
        case value:
            return str(value)


def _no_mapping(error: Any, _: str) -> Said:
    message = "is empty" if error["input"] is None else f"{_shown(error)} is not a mapping"
    return message, "write {key: value, …}; a text is given per language, as {vi: …, en: …}"


_WORDS: dict[str, Callable[[Any, str], Said]] = {
    "missing": _missing_key,
    "union_tag_not_found": _missing_tag,
    "union_tag_invalid": _unknown_tag,
    "literal_error": _not_allowed,
    "string_type": _not_text,
    "string_pattern_mismatch": _wrong_form,
    "string_too_short": _empty,
    "string_too_long": _long,
    "too_short": _empty,
    "too_long": _long,
    "greater_than_equal": _bound("less than", "ge"),
    "greater_than": _bound("not more than", "gt"),
    "less_than_equal": _bound("more than", "le"),
    "bool_type": _not("true or false"),
    "bool_parsing": _not("true or false"),
    "int_type": _not("a whole number"),
    "int_parsing": _not("a whole number"),
    "int_from_float": _not("a whole number"),
    "float_type": _not("a number"),
    "float_parsing": _not("a number"),
    "finite_number": _not("a number"),
    "date_type": _not("a date", "write it as 2026-01-31"),
    "date_parsing": _not("a date", "write it as 2026-01-31"),
    "date_from_datetime_parsing": _not("a date", "write it as 2026-01-31"),
    "date_from_datetime_inexact": _not("a date", "write it as 2026-01-31"),
    "tuple_type": _not("a list", "write [a, b], or one line for each that begins with -"),
    "dict_type": _no_mapping,
    "model_type": _no_mapping,
    "model_attributes_type": _no_mapping,
}
