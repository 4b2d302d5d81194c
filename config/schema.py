"""JSON Schemas of a city folder's files, for editors that complete and check while one types."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from config.models import (
    CityModel,
    Feed,
    Identity,
    Indicator,
    Layer,
    OpenDataset,
    Programme,
    Recipient,
    Report,
    Rule,
    Screen,
    System,
)

FOLDER = Path(__file__).parent / "schema"

_FILES: dict[str, TypeAdapter[Any]] = {
    "city": TypeAdapter(CityModel),
    "feeds": TypeAdapter(list[Feed] | Feed),
    "indicators": TypeAdapter(list[Indicator] | Indicator),
    "identities": TypeAdapter(list[Identity] | Identity),
    "layers": TypeAdapter(list[Layer]),
    "programmes": TypeAdapter(list[Programme] | Programme),
    "opendata": TypeAdapter(list[OpenDataset]),
    "recipients": TypeAdapter(list[Recipient] | Recipient),
    "reports": TypeAdapter(list[Report] | Report),
    "rules": TypeAdapter(list[Rule] | Rule),
    "screens": TypeAdapter(list[Screen] | Screen),
    "systems": TypeAdapter(list[System]),
}


def schemas() -> dict[str, dict[str, Any]]:
    """The schema of each kind of file of a city folder."""
    return {
        name: {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **adapter.json_schema(),
            "title": f"Toàn Cảnh: {name}",
        }
        for name, adapter in _FILES.items()
    }


def files(folder: Path = FOLDER) -> dict[Path, str]:
    """The text of each schema file below ``folder``."""
    return {
        folder / f"{name}.json": json.dumps(schema, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        for name, schema in schemas().items()
    }
