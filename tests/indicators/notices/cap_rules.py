"""What the schema and the text of CAP 1.2 ask of a message, written down here from the standard.

Section 3.2 (elements, their order, number and values) and 3.3.2 (times) of the OASIS Standard of 1 July 2010.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

NAMESPACE = "{urn:oasis:names:tc:emergency:cap:1.2}"
ONE, MAYBE, MANY, SOME = (1, 1), (0, 1), (0, 10**6), (1, 10**6)

ALERT = {
    "identifier": ONE, "sender": ONE, "sent": ONE, "status": ONE, "msgType": ONE, "source": MAYBE,
    "scope": ONE, "restriction": MAYBE, "addresses": MAYBE, "code": MANY, "note": MAYBE, "references": MAYBE,
    "incidents": MAYBE, "info": MANY,
}  # fmt: skip
INFO = {
    "language": MAYBE, "category": SOME, "event": ONE, "responseType": MANY, "urgency": ONE, "severity": ONE,
    "certainty": ONE, "audience": MAYBE, "eventCode": MANY, "effective": MAYBE, "onset": MAYBE,
    "expires": MAYBE, "senderName": MAYBE, "headline": MAYBE, "description": MAYBE, "instruction": MAYBE,
    "web": MAYBE, "contact": MAYBE, "parameter": MANY, "resource": MANY, "area": MANY,
}  # fmt: skip
AREA = {
    "areaDesc": ONE, "polygon": MANY, "circle": MANY, "geocode": MANY, "altitude": MAYBE, "ceiling": MAYBE,
}  # fmt: skip
GEOCODE = {"valueName": ONE, "value": ONE}
VALUES = {
    "status": "Actual Exercise System Test Draft",
    "msgType": "Alert Update Cancel Ack Error",
    "scope": "Public Restricted Private",
    "category": "Geo Met Safety Security Rescue Fire Health Env Transport Infra CBRNE Other",
    "responseType": "Shelter Evacuate Prepare Execute Avoid Monitor Assess AllClear None",
    "urgency": "Immediate Expected Future Past Unknown",
    "severity": "Extreme Severe Moderate Minor Unknown",
    "certainty": "Observed Likely Possible Unlikely Unknown",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d")
TIMES = ("sent", "effective", "onset", "expires")


def broken(document: bytes) -> list[str]:
    """Every rule that a document breaks."""
    root = ET.fromstring(document)
    return list(_alert(root)) if root.tag == NAMESPACE + "alert" else [f"root is {root.tag}"]


def _alert(alert: ET.Element) -> Iterator[str]:
    yield from _shape(alert, ALERT)
    for name in ("identifier", "sender"):
        if re.search(r"[\s,<&]", _text(alert, name)):
            yield f"{name} holds a blank, comma, < or &"
    kind, references = _text(alert, "msgType"), _text(alert, "references")
    if kind in ("Update", "Cancel", "Ack", "Error") and not references:
        yield f"{kind} refers to nothing"
    for reference in references.split():
        parts = reference.split(",")
        if len(parts) != 3 or not TIME.fullmatch(parts[2]):
            yield f"reference {reference} is not sender,identifier,sent"
    languages = [_text(info, "language") for info in alert.iterfind(NAMESPACE + "info")]
    if len(set(languages)) < len(languages):
        yield "a language is told twice"
    for info in alert.iterfind(NAMESPACE + "info"):
        yield from _info(info)


def _info(info: ET.Element) -> Iterator[str]:
    yield from _shape(info, INFO)
    effective, expires = (_text(info, name) for name in ("effective", "expires"))
    if effective and expires and dt.datetime.fromisoformat(expires) <= dt.datetime.fromisoformat(effective):
        yield "expires before it is effective"
    if not re.fullmatch(r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*", _text(info, "language")):
        yield "language is no tag of RFC 3066"
    for area in info.iterfind(NAMESPACE + "area"):
        yield from _shape(area, AREA)
        for polygon in area.iterfind(NAMESPACE + "polygon"):
            points = [tuple(map(float, point.split(","))) for point in (polygon.text or "").split()]
            if len(points) < 4 or points[0] != points[-1]:
                yield "polygon is not closed or has fewer than four points"
            if any(not (-90 <= lat <= 90 and -180 <= lon <= 180) for lat, lon in points):
                yield "polygon leaves the earth"
        for geocode in area.iterfind(NAMESPACE + "geocode"):
            yield from _shape(geocode, GEOCODE)


def _shape(element: ET.Element, rules: dict[str, tuple[int, int]]) -> Iterator[str]:
    """Order, number and values of what stands in an element."""
    names = [child.tag.removeprefix(NAMESPACE) for child in element]
    order = list(rules)
    if unknown := [name for name in names if name not in rules]:
        yield f"unknown: {unknown}"
        return
    if [order.index(name) for name in names] != sorted(order.index(name) for name in names):
        yield f"out of order: {names}"
    for name, (least, most) in rules.items():
        if not least <= names.count(name) <= most:
            yield f"{name} stands {names.count(name)} times"
    for child in element:
        name, text = child.tag.removeprefix(NAMESPACE), (child.text or "").strip()
        if not len(child) and not text:
            yield f"{name} is empty"
        if name in VALUES and text not in VALUES[name].split():
            yield f"{name} is {text!r}"
        if name in TIMES and not TIME.fullmatch(text):
            yield f"{name} is no time: {text!r}"


def _text(element: ET.Element, name: str) -> str:
    return element.findtext(NAMESPACE + name, default="")
