"""The city's units as tables, so that SQL can place a row in its ward, district and city."""

from __future__ import annotations

import datetime as dt

import pyarrow as pa

from config.areas import AreaTree
from warehouse.store import Store


def sync_areas(store: Store, tree: AreaTree) -> None:
    """Make the tables of areas, their sizes, paths, changes, recasts and heirs equal to the city folder."""
    units = tree.all()
    columns = (
        "code",
        "official",
        "level",
        "parent",
        "name_vi",
        "name_en",
        "valid_from",
        "valid_to",
        "population",
        "km2",
    )
    area = pa.table({name: [getattr(unit, name) for unit in units] for name in columns}, schema=_AREA)
    area = area.set_column(1, "official", pa.array([unit.official or unit.code for unit in units]))
    steps = [(u.code, level, ancestor) for u in units for level, ancestor in tree.path(u.code).items()]
    path = pa.table(
        dict(zip(("code", "level", "ancestor"), map(list, zip(*steps, strict=True)), strict=True))
    )
    with store.write() as cursor:
        tables = {
            "area": area,
            "area_size": _sizes(tree),
            "area_path": path,
            "area_change": _changes(tree),
            "area_recast": _recasts(tree),
            "area_heir": _heirs(tree),
        }
        for name, table in tables.items():
            cursor.register("incoming", table)
            cursor.execute(f"DELETE FROM {name}")
            cursor.execute(f"INSERT INTO {name} SELECT * FROM incoming")
            cursor.unregister("incoming")


_AREA = pa.schema(
    [
        *((name, pa.string()) for name in ("code", "official", "level", "parent", "name_vi", "name_en")),
        ("valid_from", pa.date32()),
        ("valid_to", pa.date32()),
        ("population", pa.int64()),
        ("km2", pa.float64()),
    ]
)

_SIZE = pa.schema(
    [
        ("code", pa.string()),
        ("since", pa.date32()),
        ("until", pa.date32()),
        ("population", pa.int64()),
        ("km2", pa.float64()),
    ]
)


def _sizes(tree: AreaTree) -> pa.Table:
    rows = []
    for unit in tree.all():
        sizes = tree.sizes(unit.code)
        ends = [*(size.since for size in sizes[1:]), dt.date.max]
        rows += [(unit.code, s.since, end, s.people, s.km2) for s, end in zip(sizes, ends, strict=True)]
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=_SIZE)


_CHANGE = pa.schema(
    [
        ("source", pa.string()),
        ("target", pa.string()),
        ("date", pa.date32()),
        ("share", pa.float64()),
        ("kind", pa.string()),
        ("decision", pa.string()),
    ]
)


def _changes(tree: AreaTree) -> pa.Table:
    columns = {name: [getattr(change, name) for change in tree.changes] for name in _CHANGE.names}
    return pa.table(columns, schema=_CHANGE)


def _recasts(tree: AreaTree) -> pa.Table:
    """Every unit on the boundaries before the first reform, and on those from each reform on."""
    first = [dt.date.min] if tree.reforms else []
    rows = [
        (on, tree[p.unit].level, p.unit, p.target, p.since, p.until, p.share, p.exact)
        for on in (*first, *tree.reforms)
        for p in tree.recast(on).pieces
    ]
    return pa.table([list(column) for column in zip(*rows, strict=True)] or [[]] * 8, schema=_RECAST)


def _heirs(tree: AreaTree) -> pa.Table:
    columns = {name: [getattr(heir, name) for heir in tree.heirs] for name in _HEIR.names}
    return pa.table(columns, schema=_HEIR)


_HEIR = pa.schema(
    [("unit", pa.string()), ("since", pa.date32()), ("until", pa.date32()), ("heir", pa.string())]
)

_RECAST = pa.schema(
    [
        ("boundaries", pa.date32()),
        *((name, pa.string()) for name in ("level", "unit", "target")),
        ("since", pa.date32()),
        ("until", pa.date32()),
        ("share", pa.float64()),
        ("exact", pa.bool_()),
    ]
)
