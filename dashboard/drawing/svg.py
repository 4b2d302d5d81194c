"""Small pictures as data URIs: sparklines and the drawn part of the wall's charts. Text is never in them."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

from dashboard.drawing.scale import Axis

Points = Sequence[float | None]

WIDTH, HEIGHT = 400, 100
PAD = 6
"""Room around a drawing for round ends of lines; .plot-area img in the style sheet lets it hang over."""


def uri(body: str, width: int = WIDTH, height: int = HEIGHT, pad: int = PAD) -> str:
    """A picture that stretches with its box; strokes keep their width."""
    box = f"viewBox='{-pad} {-pad} {width + 2 * pad} {height + 2 * pad}' preserveAspectRatio='none'"
    text = f"<svg xmlns='http://www.w3.org/2000/svg' {box}>{body}</svg>"
    return "data:image/svg+xml," + quote(text, safe=" ='/:;,()-.")


def place(
    points: Points, scale: Axis, width: int = WIDTH, height: int = HEIGHT
) -> list[tuple[float, float] | None]:
    """Points on the canvas, evenly spaced; a gap stays None."""
    step = width / max(1, len(points) - 1)
    return [
        None if value is None else (round(i * step, 1), round((1 - scale.share(value)) * height, 1))
        for i, value in enumerate(points)
    ]


def path(placed: Sequence[tuple[float, float] | None]) -> str:
    """Path data of a line that breaks at gaps; a point alone becomes a dot."""
    parts: list[str] = []
    pen = False
    for i, point in enumerate(placed):
        if point is None:
            pen = False
            continue
        x, y = point
        parts.append(f"{'L' if pen else 'M'}{x:g} {y:g}")
        if not pen and (i + 1 == len(placed) or placed[i + 1] is None):
            parts.append(f"L{x:g} {y:g}")
        pen = True
    return "".join(parts)


def stroke(data: str, colour: str, width: float, dash: str = "") -> str:
    """A line in a colour; its width is in screen pixels whatever the picture is stretched to."""
    dashed = f" stroke-dasharray='{dash}'" if dash else ""
    return (
        f"<path d='{data}' fill='none' stroke='{colour}' stroke-width='{width:g}' stroke-linecap='round' "
        f"stroke-linejoin='round' vector-effect='non-scaling-stroke'{dashed}/>"
    )


def sparkline(points: Points, colour: str, ghost: str, *, from_zero: bool, width: float = 1.75) -> str:
    """A word-sized line with its last point marked; empty text when there is nothing to draw."""
    known = [p for p in points if p is not None]
    if len(known) < 2:
        return ""
    low, high = min(known), max(known)
    if from_zero:
        low = min(0.0, low)
    room = (high - low) * 0.12 or 1.0
    placed = place(points, Axis(low - (0 if from_zero else room), high + room, ()), 120, 32)
    body = stroke(path(placed), colour, width)
    last = next(p for p in reversed(placed) if p is not None)
    base = stroke(f"M0 {32:g}L120 {32:g}", ghost, 1) if from_zero else ""
    return uri(base + body + stroke(f"M{last[0]:g} {last[1]:g}h0", colour, width * 3.2), 120, 32, 3)
