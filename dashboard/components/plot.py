"""The wall's charts: drawn lines behind HTML labels, so that letters scale with the wall."""

from __future__ import annotations

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from dashboard.drawing.figures import Chart
from dashboard.drawing.scale import Axis, spread_labels
from dashboard.drawing.svg import HEIGHT, WIDTH, path, place, stroke, uri
from dashboard.drawing.theme import Theme, tokens


def plot(chart: Chart, ticks: Sequence[str], theme: Theme, class_name: str = "plot") -> Component:
    """A chart that fills its box, whatever the box's shape."""
    scale = chart.scale
    shown = spread_labels(len(chart.labels), 6)
    last = max(1, len(chart.labels) - 1)
    half = 50 / len(chart.labels) if chart.bars and chart.labels else 0
    y_labels = [
        html.Span(text, style={"bottom": f"{scale.share(tick) * 100:.1f}%"})
        for tick, text in zip(scale.ticks, ticks, strict=True)
    ]
    x_labels = [
        html.Span(
            chart.labels[i],
            style={"left": f"{half + i / last * (100 - 2 * half):.1f}%"},
            className=_edge(i, last, half),
        )
        for i in shown
    ]
    picture = html.Img(src=_drawing(chart, scale, theme), alt="")
    # The widest tick, set invisibly, gives the column of ticks its width.
    widest = html.Span(max(ticks, key=len, default=""), className="plot-room")
    return html.Div(
        [
            html.Div([widest, *y_labels], className="plot-y"),
            html.Div(picture, className="plot-area"),
            html.Div(x_labels, className="plot-x"),
        ],
        className=class_name,
    )


def _edge(index: int, last: int, half: float) -> str:
    if half:
        return ""
    return "at-end" if index == last else "at-start" if index == 0 else ""


def _drawing(chart: Chart, scale: Axis, theme: Theme) -> str:
    colours = tokens(theme)
    parts = [stroke(f"M0 {(1 - scale.share(t)) * HEIGHT:g}H{WIDTH}", colours["line"], 1) for t in scale.ticks]
    strong = [line for line in chart.lines if not line.ghost]
    for line in sorted(chart.lines, key=lambda entry: not entry.ghost):
        if chart.bars and not line.ghost:
            parts.append(_bars(line.values, scale, colours["bar"], chart.partial))
            continue
        colour = colours["series-ghost"] if line.ghost else colours[f"series-{strong.index(line) + 1}"]
        placed = place(line.values, scale)
        running = chart.partial and not line.ghost and len(placed) > 1
        parts.append(stroke(path(placed[:-1] if running else placed), colour, 2 if line.ghost else 3.5))
        ends = [p for p in placed[-2:] if p is not None]
        if running and placed[-1] is not None and len(ends) == 2:
            parts.append(stroke(path(ends), colour, 2.5, "1 6"))
        if ends and not line.ghost:
            x, y = ends[-1]
            parts.append(stroke(f"M{x:g} {y:g}h0", colour, 12))
            if running and placed[-1] is not None:
                parts.append(stroke(f"M{x:g} {y:g}h0", colours["surface"], 6))
    due = place(chart.targets, scale)
    parts.append(stroke(path(due), colours["ink-3"], 2, "8 7"))
    if chart.marker is not None and (at := due[chart.marker]) is not None:
        parts.append(stroke(f"M{at[0]:g} {at[1]:g}h0", colours["ink-2"], 12))
        parts.append(stroke(f"M{at[0]:g} {at[1]:g}h0", colours["surface"], 6))
    step = WIDTH / len(chart.starts) if chart.bars else WIDTH / max(1, len(chart.starts) - 1)
    for cut in chart.cuts:
        x = (cut.at + (0.5 if chart.bars else 0)) * step
        parts.append(stroke(f"M{x:.1f} 0V{HEIGHT}", colours["ink-2"], 2, "3 6"))
    return uri("".join(parts))


def _bars(values: Sequence[float | None], scale: Axis, colour: str, partial: bool) -> str:
    step = WIDTH / max(1, len(values))
    base = (1 - scale.share(0)) * HEIGHT
    parts = []
    for i, value in enumerate(values):
        if value is None:
            continue
        top = (1 - scale.share(value)) * HEIGHT
        y, height = min(top, base), abs(base - top)
        faint = " fill-opacity='.45'" if partial and i == len(values) - 1 else ""
        parts.append(
            f"<rect x='{(i + 0.15) * step:.1f}' y='{y:.1f}' width='{step * 0.7:.1f}' "
            f"height='{height:.1f}' fill='{colour}'{faint}/>"
        )
    return "".join(parts)
