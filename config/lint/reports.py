"""What a report says of areas, recipients and the indicators on its panels."""

from __future__ import annotations

from collections.abc import Iterator

from config.lint.place import Place
from config.lint.screens import lint_panel
from config.models import Report
from config.problems import Problem


def lint_report(place: Place, report: Report) -> Iterator[Problem]:
    """Every broken reference of one report."""
    city = place.city
    yield from place.texts(report)
    level = report.level
    if report.level is not None:
        yield from place.known(("level",), "level", report.level, city.levels)
    elif report.area is not None:
        yield from place.known(("area",), "area", report.area, place.named("area"))
        level = city.areas[report.area].level if report.area in city.areas else None
    for number, language in enumerate(report.languages):
        yield from place.known(("languages", number), "language", language, city.head.languages)
    for number, name in enumerate(report.recipients):
        yield from place.known(("recipients", number), "recipient", name, place.named("recipient"))
    for index, panel in enumerate(report.panels):
        yield from lint_panel(place, ("panels", index), panel, level)
