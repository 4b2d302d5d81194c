"""The arithmetic under the screens: axes, steps of a map, Vietnamese order, static HTML, rows of the wall."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from itertools import pairwise

import pytest
from dash import dcc, html
from hypothesis import given
from hypothesis import strategies as st

from config.models import Tiles, Trend
from dashboard.components.matrix import WALL_ROWS, matrix
from dashboard.components.tilemap import shade, steps
from dashboard.components.value import delta_line
from dashboard.context import ScreenContext
from dashboard.drawing.collate import sort_key
from dashboard.drawing.compact import compact, markup
from dashboard.drawing.scale import axis, decimals_for, spread_labels
from dashboard.drawing.svg import path, place, sparkline
from dashboard.screens.wall import rows_of
from dashboard.standing import stand

numbers = st.lists(st.floats(-1e9, 1e9, allow_nan=False).map(lambda x: round(x, 3)), min_size=1, max_size=40)


@given(numbers, st.booleans())
def test_an_axis_holds_every_value_between_round_ticks(values: list[float], from_zero: bool) -> None:
    scale = axis(values, from_zero=from_zero)
    room = (scale.high - scale.low) * 1e-6
    assert scale.low - room <= min(values)
    assert max(values) <= scale.high + room
    assert 2 <= len(scale.ticks) <= 8
    assert not from_zero or scale.low <= 0 <= scale.high
    assert all(0 <= scale.share(v) <= 1 for v in values)


def test_ticks_are_round_and_told_apart() -> None:
    assert axis([3, 97], from_zero=True).ticks == (0, 25, 50, 75, 100)
    assert axis([91.2, 94.8], from_zero=False).ticks == (91, 92, 93, 94, 95)
    assert decimals_for((0.0, 0.25, 0.5)) == 2
    assert decimals_for((0.0, 50.0)) == 0


@given(st.integers(1, 400), st.integers(2, 12))
def test_labels_are_few_and_the_last_is_among_them(count: int, most: int) -> None:
    chosen = spread_labels(count, most)
    assert len(chosen) <= most
    assert chosen[-1] == count - 1
    assert len({b - a for a, b in pairwise(chosen)}) <= 1


@given(st.lists(st.floats(0, 100), max_size=30))
def test_steps_of_a_map_grow_and_leave_none_empty(values: list[float]) -> None:
    limits = steps(values)
    assert limits == sorted(set(limits))
    edges = [float("-inf"), *limits, float("inf")]
    for low, high in pairwise(edges):
        assert not values or any(low <= v < high for v in values)


def test_vietnamese_order() -> None:
    names = ["Quận 10", "Nồng độ NO₂", "Quận 2", "Đa Kao", "Dĩ An", "Ân", "An", "Ăn", "mạ", "má", "mà", "ma"]
    expected = [
        "An",
        "Ăn",
        "Ân",
        "Dĩ An",
        "Đa Kao",
        "ma",
        "mà",
        "má",
        "mạ",
        "Nồng độ NO₂",
        "Quận 2",
        "Quận 10",
    ]
    assert sorted(names, key=sort_key) == expected


def test_a_line_breaks_at_gaps_and_a_point_alone_is_a_dot() -> None:
    scale = axis([0, 10], from_zero=True)
    assert path(place([0, None, 10, 10], scale, 30, 10)) == "M0 10L0 10M20 0L30 0"
    assert sparkline([None, 3, None], "#000000", "#cccccc", from_zero=True) == ""


def test_static_parts_become_html_and_the_rest_stays_components() -> None:
    graph = dcc.Graph(figure={})
    field = html.Div(id={"type": "handle-said", "warning": 1})
    tree = html.Div([html.P(["a & b", html.B("<c>")], className="x"), html.Section([graph, "text"]), field])
    small = compact(tree)
    first, second, third = small.children
    assert getattr(first, "data-html") == "a &amp; b<b>&lt;c&gt;</b>"
    assert first.className == "x"
    assert second.children == [graph, "text"]
    assert third.id == {"type": "handle-said", "warning": 1}


def test_markup_of_links_styles_and_switches() -> None:
    link = dcc.Link(html.Br(), href='/vi?a=1&b="')
    assert markup(link) == '<a href="/vi?a=1&amp;b=&quot;"><br></a>'
    assert markup(html.Details("x", open=True, hidden=False, className=None)) == "<details open>x</details>"
    assert markup(html.Div(style={"gridRow": 2, "--at": "5%"})) == '<div style="grid-row:2;--at:5%"></div>'
    assert markup([None, "x", 3]) == "x3"


def test_heights_of_the_walls_rows() -> None:
    tiles = Tiles(type="tiles", indicators=("a",), period="day")
    half = Trend(type="trend", indicators=("a",), period="day", width=6)
    assert rows_of([tiles, half, half]) == "auto minmax(0, 1fr)"
    assert rows_of([half, half, half]) == "minmax(0, 1fr) minmax(0, 1fr)"
    assert rows_of([tiles]) == "minmax(0, 1fr)"


def test_shades_run_from_pale_to_deep_however_few_steps_there_are() -> None:
    assert [shade(i, 4) for i in range(5)] == [1, 2, 3, 4, 5]
    assert [shade(i, 1) for i in range(2)] == [1, 5]
    assert shade(0, 0) == 1
    assert steps([0, 0, 0, 0, 0, 0, 0, 0, 1, 2]) == [1]
    assert steps([4, 4, 4]) == []


def test_no_tick_tells_half_a_case() -> None:
    assert axis([0, 1, 2], from_zero=True, least=1).ticks == (0, 1, 2)
    assert axis([0, 0], from_zero=True, least=1).ticks == (0, 1)


@pytest.mark.parametrize(("kind", "tables"), [("wall", 2), ("area", 1)])
def test_a_long_table_stands_on_the_wall_in_two_halves(
    context: Callable[..., ScreenContext], kind: str, tables: int
) -> None:
    ctx = context(kind)
    root = ctx.city.areas.root.code
    drawn = matrix(ctx, root, ["hotline_on_time", "dossiers_on_time"], ctx.city.levels[1], "month")
    bodies = [part for part in drawn._traverse() if isinstance(part, html.Tbody)]
    rows = [len(body.children) for body in bodies]
    assert len(rows) == tables
    assert sum(rows) == len(ctx.city.areas.at(ctx.city.levels[1], ctx.today)) > WALL_ROWS
    assert max(rows) - min(rows) <= 1


@pytest.mark.parametrize(("before", "told"), [(300.0, "cả ngày trước: 300"), (900.0, "+33,3%")])
def test_a_value_many_times_the_one_before_is_told_beside_it(
    context: Callable[..., ScreenContext], before: float, told: str
) -> None:
    ctx = context()
    root, day = ctx.city.areas.root.code, ctx.today - dt.timedelta(days=2)
    indicator = ctx.city.indicators["dossiers_received"]
    earlier, value = (ctx.reader.series([indicator.id], root, "day", 2, day))[indicator.id]
    values = [earlier._replace(value=before), value._replace(value=1200.0)]
    line = delta_line(ctx, stand(ctx, indicator, values, root, frozenset()))
    assert told in str(line)
