"""What anybody may read without a name: the warnings released to the public, as Atom and CAP.

``/public/warnings.atom?lang=en`` lists them (RFC 4287), ``/public/warnings/<id>.cap.xml`` is one of them.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from email.utils import format_datetime
from typing import Final
from xml.etree import ElementTree as ET

from fastapi import FastAPI, Request, Response

from config import City
from dashboard.drawing.format import Lang
from dashboard.i18n import words_in
from dashboard.running.runtime import Runtime
from indicators.notices.cap import alert_xml
from indicators.notices.public import Bulletin, bulletins, current
from indicators.notices.xml import child, document

REMEMBERED: Final = dt.timedelta(days=1)
"""How long a warning that is over stays in the list, so that whoever looks once a day hears of its end."""

_ATOM: Final = "http://www.w3.org/2005/Atom"
_FRESH: Final = 60
"""Seconds for which anybody between may answer in our place."""


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the public addresses to a server."""
    city = runtime.city

    @server.get("/public/warnings.atom")
    def feed(request: Request, lang: str = "") -> Response:
        language = lang if lang in city.head.languages else city.head.languages[0]
        now = runtime.clock()
        found = current(bulletins(city, runtime.state), now, REMEMBERED)
        body = atom(city, found, language, runtime.site.rstrip("/"), now)
        return _answer(request, body, "application/atom+xml", language, _updated(city, found, now))

    @server.get("/public/warnings/{identifier}.cap.xml")
    def message(request: Request, identifier: str) -> Response:
        found = next((item for item in bulletins(city, runtime.state) if item.id == identifier), None)
        if found is None or city.head.publisher is None:
            return Response(status_code=404)
        languages = ", ".join(city.head.languages)
        return _answer(request, alert_xml(city, found), "application/cap+xml", languages, found.sent)


def atom(city: City, found: list[Bulletin], language: Lang, site: str, now: dt.datetime) -> bytes:
    """The list of messages as an Atom feed, newest first."""
    words = words_in(language)
    publisher = city.head.publisher
    address = f"{site}/public/warnings.atom"
    feed = ET.Element("feed", {"xmlns": _ATOM, "xml:lang": language})
    child(feed, "id", address)
    child(feed, "title", words("public.title", city=city.head.name.get(language)))
    child(feed, "updated", _updated(city, found, now).isoformat(timespec="seconds"))
    author = ET.SubElement(feed, "author")
    child(author, "name", (publisher.name if publisher else city.head.centre or city.head.name).get(language))
    ET.SubElement(
        feed, "link", {"rel": "self", "type": "application/atom+xml", "href": f"{address}?lang={language}"}
    )
    for other in city.head.languages:
        if other != language:
            link = {"rel": "alternate", "type": "application/atom+xml", "hreflang": other}
            ET.SubElement(feed, "link", link | {"href": f"{address}?lang={other}"})
    if publisher is not None and publisher.status != "Actual":
        child(feed, "subtitle", words("public.not_meant"))
    for item in found:
        _entry(feed, item, language, site)
    return document(feed)


def _entry(feed: ET.Element, item: Bulletin, language: Lang, site: str) -> None:
    words = words_in(language)
    address = f"{site}/public/warnings/{item.id}.cap.xml"
    headline = item.release.headline[language]
    entry = ET.SubElement(feed, "entry")
    child(entry, "id", address)
    child(entry, "title", words("public.withdrawn", headline=headline) if item.kind == "Cancel" else headline)
    child(entry, "updated", item.sent.isoformat(timespec="seconds"))
    child(entry, "published", item.sent.isoformat(timespec="seconds"))
    ET.SubElement(entry, "link", {"rel": "alternate", "type": "application/cap+xml", "href": address})
    ET.SubElement(entry, "category", {"term": item.kind, "label": item.public.event.get(language)})
    child(entry, "summary", item.release.text[language])


def _updated(city: City, found: list[Bulletin], now: dt.datetime) -> dt.datetime:
    """When the list last changed; an empty one is as new as the day."""
    if found:
        return max(item.sent for item in found)
    return now.astimezone(city.zone).replace(hour=0, minute=0, second=0, microsecond=0).astimezone(dt.UTC)


def _answer(request: Request, body: bytes, kind: str, language: str, changed: dt.datetime) -> Response:
    etag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {
        "ETag": etag,
        "Last-Modified": format_datetime(changed.astimezone(dt.UTC), usegmt=True),
        "Cache-Control": f"public, max-age={_FRESH}",
        "Content-Language": language,
    }
    if request.headers.get("if-none-match") == etag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=f"{kind}; charset=utf-8", headers=headers)
