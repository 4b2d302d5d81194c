"""The catalogue of open data in DCAT 3 (W3C Recommendation of 22 August 2024), as JSON-LD."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any, Final

from config import City
from config.models import OpenDataset, Rhythm, Text
from dashboard.drawing.format import Lang, local
from dashboard.i18n import words_in
from dashboard.standing import is_simulated
from warehouse.open_values import Reach

_CONTEXT: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "vcard": "http://www.w3.org/2006/vcard/ns#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FREQUENCY: Final = "http://publications.europa.eu/resource/authority/frequency/"
_LANGUAGE: Final = "http://publications.europa.eu/resource/authority/language/"
_LANGUAGES: Final = {"vi": "VIE", "en": "ENG"}
_MEDIA: Final = "https://www.iana.org/assignments/media-types/"
_RHYTHM: Final[Mapping[Rhythm, str]] = {
    "hourly": "HOURLY",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "annual": "ANNUAL",
}
_DISTRIBUTIONS: Final = (("csv", "text/csv"), ("json", "application/json"))


def catalogue(city: City, site: str, reach: Mapping[str, Reach], version: int) -> dict[str, Any]:
    """The catalogue with every dataset; ``site`` is where its addresses begin, ``reach`` tells of indicators,
    ``version`` is the number of the state of the data.
    """
    publishing = city.head.open_data
    assert publishing is not None
    address = f"{site}/open/catalog.jsonld"
    newest = max((one.known_from for one in reach.values()), default=None)
    return {
        "@context": _CONTEXT,
        "@id": address,
        "@type": "dcat:Catalog",
        "dcterms:title": _texts(publishing.title),
        "dcterms:description": _texts(publishing.description),
        "dcterms:publisher": _publisher(city, site),
        "dcterms:license": {"@id": publishing.licence.url},
        "dcterms:language": [{"@id": _LANGUAGE + _LANGUAGES[code]} for code in city.head.languages],
        "dcterms:issued": _date(publishing.issued),
        **({"dcterms:modified": _moment(newest)} if newest is not None else {}),
        "dcat:version": str(version),
        "foaf:homepage": {"@id": f"{site}/{city.head.languages[0]}/open"},
        "dcat:dataset": [
            _dataset(city, site, one, [reach[id_] for id_ in one.indicators if id_ in reach], version)
            for one in city.open_datasets.values()
        ],
    }


def _dataset(
    city: City, site: str, dataset: OpenDataset, reach: Sequence[Reach], version: int
) -> dict[str, Any]:
    publishing = city.head.open_data
    assert publishing is not None
    indicators = [city.indicators[id_] for id_ in dataset.indicators if id_ in city.indicators]
    domains = {one.domain for one in indicators}
    words = [domain.name for domain in city.head.domains if domain.id in domains]
    told: dict[str, Any] = {
        "@id": f"{site}/open/catalog.jsonld#{dataset.id}",
        "@type": "dcat:Dataset",
        "dcterms:identifier": dataset.id,
        "dcterms:title": _texts(dataset.title),
        "dcterms:description": _texts(dataset.description),
        "dcterms:publisher": _publisher(city, site),
        "dcterms:license": {"@id": publishing.licence.url},
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": _texts(publishing.contact.name),
            "vcard:hasEmail": {"@id": f"mailto:{publishing.contact.email}"},
        },
        "dcat:keyword": [text for word in (*words, *dataset.keywords) for text in _texts(word)],
        "dcterms:accrualPeriodicity": {"@id": _FREQUENCY + _RHYTHM[dataset.update]},
        "dcterms:issued": _date(dataset.issued),
        "dcterms:language": [{"@id": _LANGUAGE + _LANGUAGES[code]} for code in city.head.languages],
        "dcterms:spatial": {"@type": "dcterms:Location", "rdfs:label": _texts(city.head.name)},
        "dcat:version": str(version),
        "dcat:landingPage": {"@id": f"{site}/{city.head.languages[0]}/open#{dataset.id}"},
        "dcat:distribution": [_distribution(city, site, dataset, *kind) for kind in _DISTRIBUTIONS],
    }
    if reach:
        told["dcterms:modified"] = _moment(max(one.known_from for one in reach))
        told["dcterms:temporal"] = {
            "@type": "dcterms:PeriodOfTime",
            "dcat:startDate": _date(min(one.first for one in reach).date()),
            "dcat:endDate": _date(_last_day(city, max(one.data_through for one in reach))),
        }
    if any(is_simulated(city, one) for one in indicators):
        told["dcterms:accessRights"] = {
            "@type": "dcterms:RightsStatement",
            "rdfs:label": [_said(code) for code in city.head.languages],
        }
    return told


def _said(language: Lang) -> dict[str, str]:
    words = words_in(language)
    return {"@language": language, "@value": words("open.simulated_rights")}


def _distribution(city: City, site: str, dataset: OpenDataset, form: str, media: str) -> dict[str, Any]:
    publishing = city.head.open_data
    assert publishing is not None
    address = f"{site}/open/{dataset.id}.{form}"
    return {
        "@id": address,
        "@type": "dcat:Distribution",
        "dcterms:title": form.upper(),
        "dcat:accessURL": {"@id": address},
        "dcat:downloadURL": {"@id": address},
        "dcat:mediaType": {"@id": _MEDIA + media},
        "dcterms:license": {"@id": publishing.licence.url},
    }


def _publisher(city: City, site: str) -> dict[str, Any]:
    name = city.head.centre or city.head.name
    return {"@id": f"{site}/#publisher", "@type": "foaf:Organization", "foaf:name": _texts(name)}


def _texts(text: Text) -> list[dict[str, str]]:
    return [{"@language": language, "@value": value} for language, value in text.root.items()]


def _date(day: dt.date) -> dict[str, str]:
    return {"@type": "xsd:date", "@value": day.isoformat()}


def _moment(at: dt.datetime) -> dict[str, str]:
    return {"@type": "xsd:dateTime", "@value": at.replace(tzinfo=dt.UTC).isoformat(timespec="seconds")}


def _last_day(city: City, data_through: dt.datetime) -> dt.date:
    """The last day of which there are data: those that reach midnight do not reach the new day."""
    return (local(data_through, city.zone) - dt.timedelta.resolution).date()
