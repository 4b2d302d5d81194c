"""From a pydantic error's location to the keys that an author wrote.

Pydantic also names the members of unions on the way; followed along the types, they are told from keys.
"""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, RootModel

from config.models import Model

Keys = tuple[str | int, ...]


def written_at(annotation: Any, location: Keys) -> tuple[Keys, type[Model] | None]:
    """The keys in the file that ``location`` stands for, and the model that holds the last of them."""
    keys: list[str | int] = []
    holder: type[Model] | None = None
    here = _plain(annotation)
    for part in location:
        if get_origin(here) in (Union, types.UnionType):
            here = next((m for m in _members(here) if part in _tags(m)), None)
            continue
        keys.append(part)
        holder = here if isinstance(here, type) and issubclass(here, Model) else holder
        here = _plain(_below(here, part))
    if isinstance(here, type) and issubclass(here, Model):
        holder = here
    return tuple(keys), holder


def _below(annotation: Any, part: str | int) -> Any:
    """Type of what stands at ``part`` below a value of this type; None when nothing is known of it."""
    if isinstance(annotation, type) and issubclass(annotation, RootModel):
        return _below(annotation.model_fields["root"].annotation, part)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        fields = {field.alias or name: field.annotation for name, field in annotation.model_fields.items()}
        return fields.get(str(part))
    arguments = get_args(annotation)
    if get_origin(annotation) is tuple:
        return arguments[0]
    return arguments[1] if get_origin(annotation) is dict else None


def _plain(annotation: Any) -> Any:
    """Without metadata and without "or None"."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        return _plain(members[0]) if len(members) == 1 else annotation
    return annotation


def _members(union: Any) -> Iterator[Any]:
    yield from (_plain(member) for member in get_args(union))


def _tags(member: Any) -> tuple[Any, ...]:
    """How pydantic names a member of a union: by the literal that tells models apart, or by its type."""
    if isinstance(member, type) and issubclass(member, Model):
        for name in ("kind", "type"):
            if name in member.model_fields and get_origin(member.model_fields[name].annotation) is Literal:
                return get_args(member.model_fields[name].annotation)
    return (getattr(member, "__name__", None),)
