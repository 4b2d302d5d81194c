"""Plotly figures as plain dicts: they cost microseconds, and every label comes written from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from dashboard.drawing.scale import Axis, axis, decimals_for, spread_labels
from dashboard.drawing.theme import FONT, Theme, tokens

Figure = dict[str, Any]

CONFIG: dict[str, Any] = {
    "displayModeBar": False,
    "responsive": True,
    "scrollZoom": False,
    "doubleClick": False,
}


@dataclass(frozen=True)
class Line:
    """One series over the places of a chart. ``values`` has None at gaps, ``texts`` the written values.

    Places that are ``estimated`` (empty: none) are drawn dashed or hatched.
    """

    name: str
    values: Sequence[float | None]
    texts: Sequence[str]
    ghost: bool = False
    dashed: bool = False
    estimated: Sequence[bool] = ()


@dataclass(frozen=True)
class Cut:
    """A break in the series; ``at`` counts places from the left: 2.5 is between third and fourth."""

    at: float
    label: str


@dataclass(frozen=True)
class Chart:
    """A chart before it is drawn: places along the bottom with short and full names, lines, and the unit.

    ``partial`` says that the last place belongs to a period that still runs: it is drawn hollow. ``least`` is
    the smallest step that y is told in. ``marker`` is the place of a milestone's day, on the target's line.
    ``beside`` are values that the y axis must hold as well.
    """

    starts: Sequence[str]
    labels: Sequence[str]
    titles: Sequence[str]
    lines: Sequence[Line]
    bars: bool = False
    from_zero: bool = False
    partial: bool = False
    unit: str = ""
    least: float = 0.0
    targets: Sequence[float | None] = field(default_factory=tuple)
    target_name: str = ""
    target_shape: Literal["hv", "linear"] = "hv"
    marker: int | None = None
    cuts: Sequence[Cut] = field(default_factory=tuple)
    beside: Sequence[float] = field(default_factory=tuple)

    @property
    def scale(self) -> Axis:
        """The y axis that holds every line and the target."""
        known = [v for line in self.lines for v in line.values if v is not None]
        known += [*(t for t in self.targets if t is not None), *self.beside]
        return axis(known, from_zero=self.from_zero or self.bars, least=self.least)


def tick_texts(scale: Axis, lang_number: Any) -> list[str]:
    """The ticks as written numbers; ``lang_number`` takes a value and its decimals."""
    decimals = decimals_for(scale.ticks)
    return [lang_number(t, decimals) for t in scale.ticks]


def plotly(chart: Chart, ticks: Sequence[str], theme: Theme = "light", height: int = 240) -> Figure:
    """The figure of a chart. Partial last points are hollow and reached by a dotted line."""
    colours = tokens(theme)
    scale = chart.scale
    data: list[Figure] = []
    strong = [line for line in chart.lines if not line.ghost]
    for line in chart.lines:
        colour = colours["series-ghost"] if line.ghost else colours[f"series-{strong.index(line) + 1}"]
        data += (
            _bars(chart, line, colours)
            if chart.bars and not line.ghost
            else _line(chart, line, colour, colours)
        )
    if any(t is not None for t in chart.targets):
        data.append(
            {
                "type": "scatter",
                "mode": "lines",
                "name": chart.target_name,
                "x": list(chart.starts),
                "y": list(chart.targets),
                "line": {
                    "color": colours["ink-3"],
                    "width": 1.5,
                    "dash": "5px,4px",
                    "shape": "hvh" if chart.bars and chart.target_shape == "hv" else chart.target_shape,
                },
                "hoverinfo": "skip",
            }
        )
    data += _milestone(chart, colours)
    shown = spread_labels(len(chart.labels), 6)
    return {
        "data": data,
        "layout": {
            "height": height,
            "margin": {"l": 8, "r": _right(chart), "t": 10, "b": 24},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "font": {"family": FONT, "size": 12, "color": colours["ink-3"]},
            "showlegend": False,
            **_cuts(chart, colours),
            "hovermode": "x unified" if len(chart.lines) > 1 else "closest",
            "hoverdistance": 60,
            "hoverlabel": {
                "bgcolor": colours["surface"],
                "bordercolor": colours["line-strong"],
                "font": {"family": FONT, "size": 13, "color": colours["ink"]},
                "align": "left",
            },
            "bargap": 0.28,
            "dragmode": False,
            "xaxis": {
                "type": "category",
                "tickmode": "array",
                "tickvals": [chart.starts[i] for i in shown],
                "ticktext": [chart.labels[i] for i in shown],
                "tickangle": "auto",
                "autotickangles": [0, 35, 90],  # labels that would run into each other on a phone lean
                "automargin": True,
                "showgrid": False,
                "zeroline": False,
                "linecolor": colours["line-strong"],
                "ticks": "outside",
                "tickcolor": colours["line-strong"],
                "ticklen": 4,
                "fixedrange": True,
            },
            "yaxis": {
                "range": [scale.low, scale.high],
                "tickmode": "array",
                "tickvals": list(scale.ticks),
                "ticktext": list(ticks),
                "gridcolor": colours["line"],
                "zeroline": False,
                "automargin": True,
                "fixedrange": True,
            },
        },
    }


def _right(chart: Chart) -> int:
    """Room for the half of the last label that hangs over the end of the axis, in pixels."""
    return max(28, 4 * len(chart.labels[-1])) if chart.labels else 28


def _cuts(chart: Chart, colours: dict[str, str]) -> Figure:
    """Breaks as upright dashed lines. One alone is named by the legend; of several each has its label, on the
    side that has more room.
    """
    middle = (len(chart.starts) - 1) / 2
    return {
        "shapes": [
            {
                "type": "line", "xref": "x", "yref": "paper", "x0": cut.at, "x1": cut.at, "y0": 0, "y1": 1,
                "line": {"color": colours["ink-3"], "width": 1.5, "dash": "2px,3px"},
            }
            for cut in chart.cuts
        ],
        "annotations": [
            {
                "xref": "x", "yref": "paper", "x": cut.at, "y": 1 - 0.09 * (number % 3), "text": cut.label,
                "showarrow": False, "yanchor": "top", "xanchor": "left" if cut.at < middle else "right",
                "font": {"size": 11, "color": colours["ink-2"]}, "bgcolor": colours["surface"],
            }
            for number, cut in enumerate(chart.cuts if len(chart.cuts) > 1 else ())
        ],
    }  # fmt: skip


def _milestone(chart: Chart, colours: dict[str, str]) -> list[Figure]:
    """The day of a milestone, as a diamond on the line of its value."""
    if chart.marker is None:
        return []
    return [
        {
            "type": "scatter",
            "mode": "markers",
            "x": [chart.starts[chart.marker]],
            "y": [chart.targets[chart.marker]],
            "marker": {
                "symbol": "diamond",
                "size": 12,
                "color": colours["surface"],
                "line": {"color": colours["ink-2"], "width": 2},
            },
            "cliponaxis": False,
            "hoverinfo": "text",
            "hovertext": [chart.target_name],
            "hovertemplate": "%{hovertext}<extra></extra>",
        }
    ]


def _hover(chart: Chart, line: Line) -> dict[str, Any]:
    several = len(chart.lines) > 1
    rows = [
        f"{line.name}: <b>{text}</b>" if several else f"{title}<br><b>{text}</b>"
        for title, text in zip(chart.titles, line.texts, strict=True)
    ]
    return {"hovertext": rows, "hovertemplate": "%{hovertext}<extra></extra>"}


def _line(chart: Chart, line: Line, colour: str, colours: dict[str, str]) -> list[Figure]:
    whole = list(line.values)
    dotted: list[Figure] = []
    running = chart.partial and not line.ghost and len(whole) > 1 and whole[-1] is not None
    if running:
        dotted = [
            {
                "type": "scatter",
                "mode": "lines+markers",
                "x": list(chart.starts[-2:]),
                "y": whole[-2:],
                "line": {"color": colour, "width": 1.5, "dash": "2px,3px"},
                "marker": {
                    "size": [0, 8],
                    "color": colours["surface"],
                    "line": {"color": colour, "width": [0, 2]},
                },
                "hoverinfo": "skip",
            }
        ]
        whole[-1] = None
    guessed: list[Figure] = []
    if any(line.estimated):
        near = _beside(line.estimated)
        guessed = [
            {
                "type": "scatter",
                "mode": "lines",
                "x": list(chart.starts),
                "y": [v if n else None for v, n in zip(whole, near, strict=True)],
                "connectgaps": False,
                "cliponaxis": False,
                "line": {"color": colour, "width": 1.75, "dash": "5px,4px"},
                **_hover(chart, line),
            }
        ]
        whole = [None if e else v for v, e in zip(whole, line.estimated, strict=True)]
    trace: Figure = {
        "type": "scatter",
        "mode": "lines",
        "name": line.name,
        "x": list(chart.starts),
        "y": whole,
        "connectgaps": False,
        "cliponaxis": False,
        "line": {
            "color": colour,
            "width": 1.5 if line.ghost else 2.25,
            **({"dash": "4px,3px"} if line.dashed else {}),
        },
        **_hover(chart, line),
    }
    if running:
        # The hollow point must answer to the pointer as well: an invisible marker carries its words.
        dotted[0] |= {"hoverinfo": "text", **_hover_last(chart, line)}
    return [*guessed, trace, *dotted]


def _beside(flags: Sequence[bool]) -> list[bool]:
    """The flagged places and those next to them, so that a line over them meets the rest."""
    return [any(flags[max(i - 1, 0) : i + 2]) for i in range(len(flags))]


def _hover_last(chart: Chart, line: Line) -> dict[str, Any]:
    rows = _hover(chart, line)["hovertext"]
    return {"hovertext": ["", rows[-1]], "hovertemplate": "%{hovertext}<extra></extra>"}


def _bars(chart: Chart, line: Line, colours: dict[str, str]) -> list[Figure]:
    last = len(line.values) - 1
    return [
        {
            "type": "bar",
            "name": line.name,
            "x": list(chart.starts),
            "y": list(line.values),
            "marker": {
                "color": [
                    colours["accent-soft"] if chart.partial and i == last else colours["bar"]
                    for i in range(last + 1)
                ],
                **(
                    {"pattern": {"shape": ["/" if e else "" for e in line.estimated]}}
                    if any(line.estimated)
                    else {}
                ),
                "line": {
                    "color": colours["bar"],
                    "width": [1.5 if chart.partial and i == last else 0 for i in range(last + 1)],
                },
            },
            **_hover(chart, line),
        }
    ]
