"""References between the definitions of a city folder: every name that one uses must be defined by another.

What needs knowledge of SQL, formulas or schedules is checked where that knowledge lives (``pipelines.check``,
``indicators.check``).
"""

from __future__ import annotations

from collections.abc import Iterator

from config.city import City
from config.lint.feeds import lint_datasets, lint_feed, lint_order
from config.lint.identities import lint_identity
from config.lint.indicators import lint_indicator
from config.lint.layers import lint_layer
from config.lint.opendata import lint_open_dataset
from config.lint.place import Place
from config.lint.programmes import lint_programme
from config.lint.recipients import lint_recipient, whole
from config.lint.reports import lint_report
from config.lint.rules import lint_rule
from config.lint.screens import lint_screen
from config.lint.systems import lint_system
from config.models import PERIODS, Indicator
from config.problems import Problem


def lint_alone(city: City, indicator: Indicator) -> list[Problem]:
    """Every broken reference of one indicator of the folder; what else the folder holds is not looked at."""
    return sorted(lint_indicator(Place(city, "indicator", indicator.id), indicator))


def lint(city: City) -> list[Problem]:
    """Every broken reference of the folder."""
    problems = [*_head(Place(city, "city", city.head.id)), *lint_datasets(city), *lint_order(city)]
    for feed in city.feeds.values():
        problems += lint_feed(Place(city, "feed", feed.id), feed)
    for indicator in city.indicators.values():
        problems += lint_indicator(Place(city, "indicator", indicator.id), indicator)
    for identity in city.identities.values():
        problems += lint_identity(Place(city, "identity", identity.id), identity)
    for layer in city.layers.values():
        problems += lint_layer(Place(city, "layer", layer.id), layer)
    for programme in city.programmes.values():
        problems += lint_programme(Place(city, "programme", programme.id), programme)
    for recipient in city.recipients.values():
        problems += lint_recipient(Place(city, "recipient", recipient.id), recipient)
    for rule in city.rules.values():
        problems += lint_rule(Place(city, "rule", rule.id), rule)
    for system in city.systems.values():
        problems += lint_system(Place(city, "system", system.id), system)
    for dataset in city.open_datasets.values():
        problems += lint_open_dataset(Place(city, "open dataset", dataset.id), dataset)
    for report in city.reports.values():
        problems += lint_report(Place(city, "report", report.id), report)
    for screen in city.screens.values():
        problems += lint_screen(Place(city, "screen", screen.id), screen)
    return problems


def _head(place: Place) -> Iterator[Problem]:
    head = place.city.head
    yield from place.texts(head)
    for group in ("levels", "groups", "domains", "layer_groups", "units", "reporting"):
        ids = [item.id for item in getattr(head, group)]
        yield from place.repeated((group,), "id", ids)
    for number, domain in enumerate(head.domains):
        if domain.group is not None:
            yield from place.known(
                ("domains", number, "group"), "group", domain.group, [group.id for group in head.groups]
            )
        elif head.groups:
            hint = "name one of " + ", ".join(group.id for group in head.groups)
            yield place.problem(("domains", number), f"domain {domain.id!r} belongs to no group", hint)
    for key in ("review_to", "escalate_to"):
        yield from whole(place, ("obligations", key), getattr(head.obligations, key))
    yield from whole(place, ("directives", "follow"), head.directives.follow)
    for number, item in enumerate(head.breaks):
        for index, level in enumerate(item.levels):
            yield from place.known(("breaks", number, "levels", index), "level", level, place.city.levels)
    for number, own in enumerate(head.reporting):
        if own.id in PERIODS:
            hint = "give it another id such as reporting_month"
            yield place.problem(("reporting", number, "id"), f"{own.id!r} is a period already", hint)
