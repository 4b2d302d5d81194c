"""Turn what nobody computes with in the browser into plain HTML.

Dash keeps an entry for every component of a page and looks all of them over at each change: a wall of
3,600 nodes took 15 s of script, as HTML 1 s. A part of a tree that holds only HTML and links is therefore
sent as one component whose content is HTML in ``data-html``, and assets/89-static.js puts it in place.
What no component draws (SVG, fields to search with) gives its own HTML as ``data-html``.
Charts and forms stay components.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from html import escape
from typing import Any, Final

from dash import html
from dash.development.base_component import Component

_HTML: Final = html.Div()._namespace
_VOID: Final = frozenset({"br", "img", "hr"})
_NAMES: Final = {"className": "class", "tabIndex": "tabindex", "htmlFor": "for", "colSpan": "colspan"}


def compact(component: Component) -> Component:
    """The same part of a page with every largest static part below it as HTML."""
    properties = _properties(component)
    children = properties.pop("children", None)
    if _static(children):
        inner = markup(children)
        if not _is_html(component) or not inner:
            return component
        return _made(component, {**properties, "data-html": inner})
    kept = [compact(c) if isinstance(c, Component) else c for c in _listed(children)]
    return _made(component, {**properties, "children": kept})


def _made(like: Component, properties: dict[str, Any]) -> Component:
    """A component of the same kind with other properties."""
    kind: Callable[..., Component] = type(like)
    return kind(**properties)


def markup(node: Any) -> str:
    """HTML of a static part; texts and attributes are escaped."""
    if node is None:
        return ""
    if isinstance(node, list | tuple):
        return "".join(markup(entry) for entry in node)
    if not isinstance(node, Component):
        return escape(str(node), quote=False)
    properties = _properties(node)
    children = properties.pop("children", None)
    drawn = properties.pop("data-html", None)
    tag = "a" if node._type == "Link" else node._type.lower()
    attributes = "".join(_attribute(name, entry) for name, entry in properties.items())
    if tag in _VOID:
        return f"<{tag}{attributes}>"
    return f"<{tag}{attributes}>{markup(children) if drawn is None else drawn}</{tag}>"


def _attribute(name: str, entry: Any) -> str:
    if entry is None or entry is False:
        return ""
    if entry is True:
        return f" {name}"
    text = _style(entry) if name == "style" else str(entry)
    return f' {_NAMES.get(name, name)}="{escape(text)}"'


def _style(rules: Mapping[str, Any]) -> str:
    """``{"gridRow": 2, "--at": "5%"}`` → ``grid-row:2;--at:5%``."""
    return ";".join(
        f"{name if name.startswith('--') else re.sub('[A-Z]', lambda m: '-' + m[0].lower(), name)}:{entry}"
        for name, entry in rules.items()
    )


def _static(node: Any) -> bool:
    """Whether a part holds nothing that Dash must know: only HTML, links and text."""
    if isinstance(node, list | tuple):
        return all(_static(entry) for entry in node)
    if not isinstance(node, Component):
        return True
    known = _is_html(node) or node._type == "Link"
    return (
        known and not isinstance(getattr(node, "id", None), dict) and _static(getattr(node, "children", None))
    )


def _is_html(component: Component) -> bool:
    return bool(component._namespace == _HTML)


def _properties(component: Component) -> dict[str, Any]:
    """What ``to_plotly_json`` gives as ``props``, in its order and in a quarter of the time."""
    held, free = vars(component), tuple(component._valid_wildcard_attributes)
    named = {name: held[name] for name in component._prop_names if name in held}
    return named | {name: entry for name, entry in held.items() if name.startswith(free)}


def _listed(children: Any) -> Iterable[Any]:
    return children if isinstance(children, list | tuple) else [children]
