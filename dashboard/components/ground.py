"""The city as it lies: its boundaries, or a mark in the middle of each unit, and layers over them.

It is SVG that a page's script (95-map.js) pans and zooms. Points are one path for a layer and state, strokes
without length that round ends make dots of the same size at every zoom: six thousand cost as much as one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from config.models import Area
from dashboard.components.base import dashed, icon
from dashboard.components.tilemap import Shading
from dashboard.context import ScreenContext
from dashboard.maps.geometry import Frame, Line, Shape, boundaries

PIXELS = 700
"""Width, in pixels, for which texts are sized until the script knows the real one."""


_MANY = 300
"""Points from which on they are drawn smaller."""


@dataclass(frozen=True)
class Overlay:
    """A layer over a map: how it is marked (0, 1, …), where its points are and which of them are in trouble,
    and what it draws besides.
    """

    id: str
    mark: int
    points: Line
    trouble: np.ndarray[Any, np.dtype[np.bool_]]
    shapes: Sequence[Shape] = ()


def ground(ctx: ScreenContext, shaded: Shading, overlays: Sequence[Overlay]) -> Component | None:
    """The map; None where nothing of the units' whereabouts is known."""
    outlines = boundaries(ctx.city, shaded.places)
    centres = {a.code: centre for a in shaded.places if (centre := _centre(a, outlines)) is not None}
    rings = [ring for shape in outlines.values() for ring in shape.rings]
    known = [*rings, *([np.array(list(centres.values()))] if centres else [])]
    if not known:
        return None
    frame = Frame.around(np.vstack(known), 0.02 if rings else 0.08)
    below = " is-below" if not rings else ""
    parts = [
        _group("areas", "".join(_area(ctx, shaded, frame, a, outlines, centres) for a in shaded.places)),
        *(_overlay(frame, overlay) for overlay in overlays),
        _group(
            "labels" + below, "".join(_label(ctx, shaded, frame, a, centres) for a in _by_size(shaded.places))
        ),
    ]
    step_y = frame.height / (frame.north - frame.south)
    given = {
        "viewBox": f"0 0 {frame.width:g} {frame.height:.0f}",
        "style": f"--px:{frame.width / PIXELS:.2f}",
        "aria-label": ctx.words("map.ground"),
        # Where the top left corner lies, and units for a degree: by these the script finds places.
        "data-frame": f"{frame.west:.5f} {frame.north:.5f} {frame.scale:.3f} {step_y:.3f}",
        "data-home": " ".join(f"{part:g}" for part in _home(frame, centres)),
        "data-layers": " ".join(o.id for o in overlays),
    }
    attributes = " ".join(f'{name}="{escape(text)}"' for name, text in given.items())
    view = f'<g class="ground-view">{"".join(parts)}</g>'
    svg = f'<svg class="ground" tabindex="0" role="group" {attributes}>{_HATCH}{view}</svg>'
    return html.Div(
        [
            html.Div(className="ground-sheet", **dashed(data_html=svg)),
            html.Div(className="ground-tip", role="status"),
            _buttons(ctx),
        ],
        className="ground-box",
    )


_HATCH = (
    '<defs><pattern id="ground-hatch" width="8" height="8" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(-45)"><path d="M0 0H8" class="ground-hatch"/></pattern></defs>'
)


def _home(frame: Frame, centres: dict[str, tuple[float, float]]) -> list[float]:
    """Left, top, width and height of where most units lie: an island far out must not make the rest small."""
    placed = frame.xy(np.array(list(centres.values())))
    apart = np.hypot(*(placed - np.median(placed, axis=0)).T)
    near = placed[apart <= 2.5 * np.quantile(apart, 0.8)] if len(placed) > 4 else placed
    low, high = near.min(axis=0), near.max(axis=0)
    room = np.maximum((high - low) * 0.1, frame.width / 40)
    return [round(float(part), 1) for part in (*(low - room), *(high - low + 2 * room))]


def _group(name: str, inner: str) -> str:
    return f'<g class="ground-{name}">{inner}</g>'


def _centre(area: Area, outlines: dict[str, Shape]) -> tuple[float, float] | None:
    if area.lat is not None and area.lon is not None:
        return area.lon, area.lat
    if area.code not in outlines:
        return None
    largest = max(outlines[area.code].rings, key=len)
    return float(largest[:, 0].mean()), float(largest[:, 1].mean())


def _area(
    ctx: ScreenContext,
    shaded: Shading,
    frame: Frame,
    area: Area,
    outlines: dict[str, Shape],
    centres: dict[str, tuple[float, float]],
) -> str:
    look = shaded.look(ctx, area)
    if (shape := outlines.get(area.code)) is not None:
        drawn, kind = "".join(frame.line(ring, closed=True) for ring in shape.rings), "outline"
    elif area.code in centres:
        drawn, kind = frame.dots(np.array([centres[area.code]])), "spot"
    else:
        return ""
    way = escape(ctx.value_href(shaded.indicator.id, area.code, shaded.period))
    rim = f'<path class="ground-rim" d="{drawn}"/>' if kind == "spot" else ""
    return (
        f'<a href="{way}" class="ground-{kind} {look.colour}" aria-label="{escape(look.said)}">'
        f'<title>{escape(look.said, quote=False)}</title>{rim}<path d="{drawn}"/></a>'
    )


def _by_size(areas: Sequence[Area]) -> list[Area]:
    """The greatest first: where names would overlap, its name stays."""
    return sorted(areas, key=lambda a: -(a.population or 0))


def _label(
    ctx: ScreenContext, shaded: Shading, frame: Frame, area: Area, centres: dict[str, tuple[float, float]]
) -> str:
    if area.code not in centres:
        return ""
    [[x, y]] = frame.xy(np.array([centres[area.code]])).tolist()
    name = escape(ctx.area_name(area, short=True), quote=False)
    value = escape(shaded.look(ctx, area).text, quote=False)
    return (
        f'<g class="ground-label" data-xy="{x:g} {y:g}" transform="translate({x:g} {y:g})">'
        f'<text><tspan x="0">{name}</tspan>'
        f'<tspan x="0" dy="1.15em" class="ground-value">{value}</tspan></text></g>'
    )


def _overlay(frame: Frame, overlay: Overlay) -> str:
    rings = "".join(frame.line(r, closed=True) for shape in overlay.shapes for r in shape.rings)
    lines = "".join(frame.line(line) for shape in overlay.shapes for line in shape.lines)
    calm = frame.dots(overlay.points[~overlay.trouble])
    bad = frame.dots(overlay.points[overlay.trouble])
    drawn = [
        f'<path class="ground-zone" d="{rings}"/>' if rings else "",
        f'<path class="ground-line" d="{lines}"/>' if lines else "",
        f'<path class="ground-case" d="{calm}{bad}"/><path class="ground-dots" d="{calm}"/>'
        if calm or bad
        else "",
        f'<path class="ground-bad" d="{bad}"/>' if bad else "",
    ]
    many = " is-many" if len(overlay.points) > _MANY else ""
    return f'<g class="ground-layer lay-{overlay.mark}{many}" aria-hidden="true">{"".join(drawn)}</g>'


def _buttons(ctx: ScreenContext) -> Component:
    signs = (("in", "+"), ("out", "−"), ("fit", ""))
    buttons = [
        html.Button(
            sign or icon("bullseye"),
            type="button",
            className="ground-button",
            title=ctx.words.of("zoom", deed),
            **dashed(data_ground=deed, aria_label=ctx.words.of("zoom", deed)),
        )
        for deed, sign in signs
    ]
    return html.Div(buttons, className="ground-buttons")
