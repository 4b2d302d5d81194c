"""The city's units as tables, so that SQL can place a row in its ward, district and city."""

from __future__ import annotations

import pyarrow as pa

from config.areas import AreaTree
from warehouse.store import Store


def sync_areas(store: Store, tree: AreaTree) -> None:
    """Make tables ``area`` and ``area_path`` equal to the city folder."""
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
        for name, table in (("area", area), ("area_path", path)):
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
