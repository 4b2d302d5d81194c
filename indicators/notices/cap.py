"""Messages to the public in the Common Alerting Protocol, version 1.2 (OASIS Standard, 1 July 2010).

One ``alert`` for each message, one ``info`` in it for each language of the city. Times carry an offset and
never a Z, which the standard's schema does not know.
"""

from __future__ import annotations

import datetime as dt
import json
from functools import cache
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree as ET

from config import City
from indicators.notices.public import Bulletin
from indicators.notices.xml import child, document

NAMESPACE: Final = "urn:oasis:names:tc:emergency:cap:1.2"

_SEVERITY: Final = {"watch": "Minor", "serious": "Severe", "critical": "Extreme"}

Ring = tuple[tuple[float, float], ...]
"""Points of longitude and latitude, the first and the last one the same."""


def alert_xml(city: City, bulletin: Bulletin) -> bytes:
    """The CAP document of a message, in UTF-8. The city must have a publisher."""
    publisher = city.head.publisher
    assert publisher is not None
    zone = city.zone
    alert = ET.Element("alert", {"xmlns": NAMESPACE})
    child(alert, "identifier", bulletin.id)
    child(alert, "sender", publisher.sender)
    child(alert, "sent", _time(bulletin.sent, zone))
    child(alert, "status", publisher.status)
    child(alert, "msgType", bulletin.kind)
    child(alert, "scope", "Public")
    if bulletin.references:
        told = (f"{publisher.sender},{id_},{_time(sent, zone)}" for id_, sent in bulletin.references)
        child(alert, "references", " ".join(told))
    for language in city.head.languages:
        _info(alert, city, bulletin, language)
    return document(alert)


def _info(alert: ET.Element, city: City, bulletin: Bulletin, language: str) -> None:
    publisher, public, release = city.head.publisher, bulletin.public, bulletin.release
    assert publisher is not None
    over = bulletin.kind == "Cancel"
    info = ET.SubElement(alert, "info")
    child(info, "language", language)
    for category in public.category:
        child(info, "category", category)
    child(info, "event", public.event.get(language))
    for response in ("AllClear",) if over else public.response:
        child(info, "responseType", response)
    child(info, "urgency", "Past" if over else public.urgency)
    child(info, "severity", public.severity or _SEVERITY[bulletin.warning.severity])
    child(info, "certainty", public.certainty)
    child(info, "effective", _time(bulletin.sent, city.zone))
    child(info, "onset", _time(bulletin.warning.firing_since, city.zone))
    # What is taken back late still needs a time that lies ahead of its own.
    expires = max(release.expires_at, bulletin.sent + dt.timedelta(hours=1)) if over else release.expires_at
    child(info, "expires", _time(expires, city.zone))
    child(info, "senderName", publisher.name.get(language))
    child(info, "headline", release.headline[language])
    child(info, "description", release.text[language])
    if not over:
        child(info, "instruction", public.instruction.get(language))
    if publisher.web is not None:
        child(info, "web", publisher.web)
    if publisher.contact is not None:
        child(info, "contact", publisher.contact.get(language))
    _area(info, city, bulletin.warning.area, language)


def _area(info: ET.Element, city: City, code: str, language: str) -> None:
    unit = city.areas[code]
    area = ET.SubElement(info, "area")
    child(area, "areaDesc", unit.name(language))
    for ring in boundaries(city.path / "areas").get(code, ()):
        child(area, "polygon", " ".join(f"{lat:.5f},{lon:.5f}" for lon, lat in ring))
    geocode = ET.SubElement(area, "geocode")
    child(geocode, "valueName", f"{city.head.id}:{unit.level}")
    child(geocode, "value", unit.official or unit.code)


def _time(at: dt.datetime, zone: dt.tzinfo) -> str:
    return at.astimezone(zone).isoformat(timespec="seconds")


@cache
def boundaries(folder: Path) -> dict[str, tuple[Ring, ...]]:
    """The outer rings of each unit that a GeoJSON file of the folder draws, by the property ``code``.

    Without such a file an area is told by its name and code alone.
    """
    found: dict[str, tuple[Ring, ...]] = {}
    for file in sorted(folder.glob("*.geojson")):
        for feature in json.loads(file.read_text(encoding="utf-8"))["features"]:
            shape: dict[str, Any] = feature["geometry"]
            parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
            rings = tuple(tuple((point[0], point[1]) for point in part[0]) for part in parts)
            found[str(feature["properties"]["code"])] = rings
    return found
