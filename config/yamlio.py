"""YAML with the line of every key kept, since an error without a line is half an error."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

from config.problems import Problem

Path_ = tuple[Hashable, ...]


@dataclass(frozen=True)
class Document:
    """A parsed YAML file: its plain data and the 1-based line of every path into it."""

    file: str
    data: Any
    lines: dict[Path_, int] = field(default_factory=dict)

    def line(self, path: Path_) -> int:
        """Line of ``path``, or of the nearest part of it that stands in the file."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path, 1)


class _UnreadableError(Exception):
    """A value that YAML's grammar allows and its meaning does not."""

    def __init__(self, line: int, message: str, hint: str) -> None:
        super().__init__(message)
        self.line, self.hint = line, hint


_UNPRINTABLE: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x80-\x84\x86-\x9f\ufffe\uffff]")
"""What YAML allows in no file."""


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's idea of a boolean: `on`, `yes` and `no` are words."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, regexp) for tag, regexp in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
for _first in "tTfF":
    _Loader.yaml_implicit_resolvers.setdefault(_first, []).append(
        ("tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"))
    )


def read_yaml(path: Path, name: str) -> tuple[Document | None, list[Problem]]:
    """Read one file, called ``name`` in problems; bad syntax and repeated keys come back as such."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        return None, [Problem(name, 1, "file", f"is not UTF-8 at byte {error.start}", "save it as UTF-8")]
    except OSError as error:
        return None, [Problem(name, 1, "file", f"cannot be read: {error.strerror}", "")]
    if unprintable := _UNPRINTABLE.search(text):
        line = text.count("\n", 0, unprintable.start()) + 1
        what = f"holds the control character {unprintable[0]!r}"
        return None, [Problem(name, line, "file", what, "take it out")]
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        problems: list[Problem] = []
        lines: dict[Path_, int] = {}
        if node is not None:
            _walk(loader, node, (), lines, problems, name)
        data = None if node is None else loader.construct_document(node)
    except _UnreadableError as error:
        return None, [Problem(name, error.line, "file", str(error), error.hint)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line if mark else 0
        message, hint = f"is not YAML: {error.problem}", "check indentation, colons and quotes"
        if re.match(r" *\t", text.splitlines()[line] if line < len(text.splitlines()) else ""):
            message, hint = "is indented with a tab", "YAML wants spaces"
        return None, [Problem(name, line + 1, "file", message, hint)]
    finally:
        loader.dispose()
    return Document(name, data, lines), problems


def _walk(
    loader: _Loader,
    node: yaml.Node,
    path: Path_,
    lines: dict[Path_, int],
    problems: list[Problem],
    name: str,
    above: tuple[yaml.Node, ...] = (),
) -> None:
    lines[path] = node.start_mark.line + 1
    if any(node is other for other in above):
        raise _UnreadableError(node.start_mark.line + 1, "holds itself by an alias", "write it out")
    above = (*above, node)
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = _scalar(loader, key_node)
            if not isinstance(key, Hashable):
                raise _UnreadableError(line, "has a list or mapping for a key", "put a name before the colon")
            if (*path, key) in lines:
                where = ".".join(map(str, (*path, key)))
                problems.append(
                    Problem(name, line, where, "is given twice in one mapping", "keep one of them")
                )
            _walk(loader, value_node, (*path, key), lines, problems, name, above)
            lines[(*path, key)] = line
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(loader, item, (*path, index), lines, problems, name, above)
    elif isinstance(node, yaml.ScalarNode):
        _scalar(loader, node)


def _scalar(loader: _Loader, node: yaml.Node) -> Any:
    """What a node stands for. Raises _UnreadableError where it has the form of something that it is not."""
    try:
        return loader.construct_object(node, deep=True)
    except ValueError as error:
        line = node.start_mark.line + 1
        raise _UnreadableError(
            line, f"{node.value!r} does not exist: {error}", "dates are 2026-01-31"
        ) from error
