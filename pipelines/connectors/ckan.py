"""``kind: ckan``: a file of a CKAN portal, or the rows of its datastore page by page."""

from __future__ import annotations

import fnmatch
import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from config.models import CkanConnector, Format, Offset
from config.problems import did_you_mean
from pipelines.connectors.answer import Answer
from pipelines.connectors.base import Ask, State
from pipelines.connectors.span import note, remembered
from pipelines.connectors.walk import parameters, walk
from pipelines.connectors.web import Web, small_json
from pipelines.connectors.whole import save
from pipelines.errors import SourceError


class Ckan:
    """Fetches resources and datastore rows by CKAN's action API, version 3."""

    ranged = False

    def fetch(self, ask: Ask) -> State:
        """See ``base.Connector``."""
        source = ask.connector
        assert isinstance(source, CkanConnector)
        if ask.window is not None:
            raise SourceError("CKAN cannot be asked for a span of time", "fetch the feed as a whole")
        with Web(ask, prefix="") as web:
            if source.datastore is not None:
                return note(ask, digest=self._rows(ask, source, web, remembered(ask).get("digest")))
            wanted = _wanted(source, self._resources(source, web))
            known = remembered(ask).get("files") or {}
            files: dict[str, dict[str, Any]] = {}
            for resource in wanted:
                ask.drop.check()
                files[resource["id"]] = self._file(ask, web, resource, known.get(resource["id"]) or {})
        return {**note(ask), "files": files}

    def _file(
        self, ask: Ask, web: Web, resource: Mapping[str, Any], known: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Download one resource unless it is as it was; what to remember of it."""
        stamp = _stamp(resource)
        # A portal that stores a file notes each upload. Of a link elsewhere it knows nothing.
        if resource.get("url_type") == "upload" and known.get("stamp") == stamp:
            return dict(known)
        asked = {"If-None-Match": known.get("etag"), "If-Modified-Since": known.get("modified")}
        with web.ask(resource["url"], headers={k: str(v) for k, v in asked.items() if v}) as answer:
            if answer.unchanged:
                return {**known, "stamp": stamp}
            digest = save(ask, answer, known.get("digest"))
            return {
                "stamp": stamp,
                "etag": answer.headers.get("etag"),
                "modified": answer.headers.get("last-modified"),
                "digest": digest,
            }

    def _resources(self, source: CkanConnector, web: Web) -> list[Mapping[str, Any]]:
        """The one resource that is named, or those of the package."""
        if source.resource is not None:
            return [self._call(source, web, "resource_show", source.resource)]
        found = self._call(source, web, "package_show", source.package or "")
        return list(found.get("resources", []))

    @staticmethod
    def _call(source: CkanConnector, web: Web, action: str, id: str) -> dict[str, Any]:
        with web.ask(_action(source, action), {"id": id}) as answer:
            told = small_json(answer)
        if not isinstance(told, dict) or "success" not in told:
            raise SourceError(f"{answer.url} is not CKAN's action API", "connector.url is the portal's root")
        if not told["success"] or not isinstance(told.get("result"), dict):
            raise SourceError(f"{answer.url} refused: {_error(told)}", "correct the connector")
        result: dict[str, Any] = told["result"]
        return result

    @staticmethod
    def _rows(ask: Ask, source: CkanConnector, web: Web, known: object) -> str:
        question = {"resource_id": source.datastore or "", "sort": source.sort, "include_total": "true"}
        if source.filters:
            question["filters"] = json.dumps(source.filters, ensure_ascii=False)
        if source.fields:
            question["fields"] = ",".join(source.fields)
        pages = Offset(by="offset", size_parameter="limit", size=source.page_size, total="result.total")

        def send(at: str | None, _: str | None) -> AbstractContextManager[Answer]:
            return web.ask(_action(source, "datastore_search"), {**question, **parameters(pages, at)})

        # Where the rows are is CKAN's affair; that the format says the same is the linter's.
        return walk(
            ask.drop, pages, Format(type="json", records="result.records"), send, known, "error.message"
        )


def _action(source: CkanConnector, name: str) -> str:
    return f"{source.url.rstrip('/')}/api/3/action/{name}"


def _wanted(source: CkanConnector, resources: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The newest resource of those that fit, or all of them, the oldest first."""
    if source.resource is not None:
        return resources
    names = [str(resource.get("name") or "") for resource in resources]
    fitting = [
        resource
        for resource, name in zip(resources, names, strict=True)
        if fnmatch.fnmatch(name.lower(), source.name.lower())
    ]
    if not fitting:
        hint = did_you_mean(source.name, names) or "it has no files"
        raise SourceError(f"no file of {source.package} has a name like {source.name!r}", hint)
    fitting.sort(key=lambda resource: (_stamp(resource), resource.get("position") or 0))
    return fitting if source.every else fitting[-1:]


def _stamp(resource: Mapping[str, Any]) -> str:
    """When the content was last changed, as the portal tells it; ISO times sort as text."""
    for name in ("last_modified", "created", "metadata_modified"):
        if resource.get(name):
            return str(resource[name])
    return ""


def _error(told: Mapping[str, Any]) -> str:
    error = told.get("error")
    if isinstance(error, Mapping):
        return str(error.get("message") or error.get("__type") or "it does not say why")
    return str(error or "it does not say why")
