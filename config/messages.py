"""What pydantic finds, said in the words of the people who write definitions."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import cache
from typing import Any

from config.models import Model
from config.problems import did_you_mean

Keys = tuple[Hashable, ...]
Said = tuple[str, str]
"""A message and a hint."""


def say(error: Any, keys: Keys) -> Said:
    """Message and hint for one entry of ``ValidationError.errors()`` about the value at ``keys``."""
    speak = _WORDS.get(error["type"])
    if speak is not None:
        return speak(error, str(keys[-1]) if keys else "")
    message = str(error["msg"]).removeprefix("Value error, ")
    return message[0].lower() + message[1:], ""


def _unknown_key(_: Any, name: str) -> Said:
    return f"key {name!r} is unknown", did_you_mean(name, _known_keys(), listing=False)


@cache
def _known_keys(model: type[Model] = Model) -> frozenset[str]:
    """Every key that some model knows: near enough for a suggestion after a slip of the pen."""
    own = {field.alias or name for name, field in model.model_fields.items()}
    return frozenset(own.union(*(_known_keys(sub) for sub in model.__subclasses__())))


def _missing_key(_: Any, name: str) -> Said:
    return f"key {name!r} is missing", ""


def _missing_tag(error: Any, _: str) -> Said:
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
    if error["ctx"]["pattern"].startswith("^[a-z]"):
        hint = "lower-case letters, digits and _, beginning with a letter"
        return f"{_shown(error)} is not an identifier", hint
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


_MAPPING = "write {key: value, …}; a text is given per language, as {vi: …, en: …}"
_WORDS: dict[str, Callable[[Any, str], Said]] = {
    "extra_forbidden": _unknown_key,
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
    "date_type": _not("a date", "write it as 2026-01-31"),
    "date_parsing": _not("a date", "write it as 2026-01-31"),
    "date_from_datetime_parsing": _not("a date", "write it as 2026-01-31"),
    "date_from_datetime_inexact": _not("a date", "write it as 2026-01-31"),
    "tuple_type": _not("a list", "write [a, b], or one line for each that begins with -"),
    "dict_type": _not("a mapping", _MAPPING),
    "model_type": _not("a mapping", _MAPPING),
    "model_attributes_type": _not("a mapping", _MAPPING),
}
