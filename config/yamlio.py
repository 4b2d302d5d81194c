"""YAML with the line of every key kept, since an error without a line is half an error."""

from __future__ import annotations

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

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
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        problems: list[Problem] = []
        lines: dict[Path_, int] = {}
        if node is not None:
            _walk(loader, node, (), lines, problems, name)
        data = None if node is None else loader.construct_document(node)
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
    loader: _Loader, node: yaml.Node, path: Path_, lines: dict[Path_, int], problems: list[Problem], name: str
) -> None:
    lines[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key_node, value_node in node.value:
            key = loader.construct_object(key_node, deep=True)
            line = key_node.start_mark.line + 1
            if (*path, key) in lines:
                where = ".".join(map(str, (*path, key)))
                problems.append(
                    Problem(name, line, where, "is given twice in one mapping", "keep one of them")
                )
            _walk(loader, value_node, (*path, key), lines, problems, name)
            lines[(*path, key)] = line
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(loader, item, (*path, index), lines, problems, name)
