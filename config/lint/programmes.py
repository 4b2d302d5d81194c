"""What a programme says of levels, indicators, owners, days and the datasets that tell how far it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from config.lint.place import Place
from config.models import JOURNAL_FIELDS, LEDGER_FIELDS, ByIndicator, Criterion, Programme
from config.problems import Problem


def lint_programme(place: Place, programme: Programme) -> Iterator[Problem]:
    """Every broken reference of one programme."""
    yield from place.texts(programme)
    yield from place.serves(programme.serves)
    yield from place.known(("level",), "level", programme.level, place.city.levels)
    yield from _dataset(place, "ledger", programme.ledger, LEDGER_FIELDS)
    if programme.journal is not None:
        yield from _dataset(place, "journal", programme.journal, JOURNAL_FIELDS)
    for group in ("owners", "evidence", "groups", "criteria", "milestones"):
        yield from place.repeated((group,), "id", [one.id for one in getattr(programme, group)])
    entries = [task.id for _, task in programme.tasks] + [one.id for one in programme.milestones]
    for id_ in sorted({id_ for id_ in entries if entries.count(id_) > 1}):
        hint = "the ledger tells them apart by their ids"
        yield place.problem(("criteria",), f"{id_!r} is the id of two tasks or milestones", hint)
    for number, criterion in enumerate(programme.criteria):
        yield from _criterion(place, programme, number, criterion)
    owners = [owner.id for owner in programme.owners]
    for number, milestone in enumerate(programme.milestones):
        yield from place.known(("milestones", number, "owner"), "owner", milestone.owner, owners)


def _criterion(place: Place, programme: Programme, number: int, criterion: Criterion) -> Iterator[Problem]:
    keys = ("criteria", number)
    groups = [group.id for group in programme.groups]
    yield from place.known((*keys, "group"), "group", criterion.group, groups)
    if isinstance(criterion.attained, ByIndicator):
        told = (*keys, "attained", "indicator")
        yield from place.computed(
            told, criterion.attained.indicator, programme.level, criterion.attained.period
        )
        yield from place.known(
            (*keys, "attained", "period"), "period", criterion.attained.period, place.city.periods.ids
        )
    owners = [owner.id for owner in programme.owners]
    proofs = [proof.id for proof in programme.evidence]
    for index, task in enumerate(criterion.tasks):
        here = (*keys, "tasks", index)
        yield from place.known((*here, "owner"), "owner", task.owner, owners)
        yield from place.known((*here, "evidence"), "evidence", task.evidence, proofs)
        if not programme.span.start <= programme.due(task) <= programme.span.until:
            hint = f"the programme runs from {programme.span.start} to {programme.span.until}"
            yield place.problem((*here, "due"), f"task {task.id!r} is due outside of the programme", hint)


def _dataset(place: Place, key: str, name: str, fields: Mapping[str, str]) -> Iterator[Problem]:
    """Problems unless a dataset exists and has these columns, of these types."""
    feed = place.city.datasets.get(name)
    if feed is None:
        yield from place.known((key,), "dataset", name, place.city.datasets)
        return
    types = {column.name: column.type for column in feed.columns}
    lacking = [f"{field} ({type_})" for field, type_ in fields.items() if field not in types]
    if lacking:
        what = f"dataset {name!r} lacks columns that it needs for that"
        yield place.problem((key,), what, "add " + ", ".join(lacking))
    for field, type_ in fields.items():
        if types.get(field, type_) != type_:
            what = f"column {field!r} of {name!r} is of type {types[field]}"
            yield place.problem((key,), what, f"make it {type_}")
