"""``/reports/<id>/<file>``: a report that was kept; ``/reports/<id>.pdf?area=&lang=&until=`` one of now."""

from __future__ import annotations

import datetime as dt
from typing import cast

from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse

from dashboard.drawing.format import Lang
from dashboard.reports.press import MEDIA, areas_of
from dashboard.running.runtime import Runtime


def register(server: FastAPI, runtime: Runtime) -> None:
    """Add the addresses of reports to a server."""
    city, press = runtime.city, runtime.press

    @server.get("/reports/{report}.{form}")
    def now(request: Request, report: str, form: str) -> Response:
        found = city.reports.get(report)
        if found is None or form not in found.formats:
            return Response(status_code=404)
        asked = request.query_params
        today = runtime.clock().astimezone(city.zone).date()
        try:
            until = dt.date.fromisoformat(asked.get("until") or str(today - dt.timedelta(days=1)))
        except ValueError:
            return Response("until is a day such as 2026-01-31", 400, media_type="text/plain")
        area = asked.get("area") or areas_of(city, found, today)[0]
        lang = cast(Lang, asked.get("lang") or city.head.languages[0])
        if area not in city.areas or lang not in city.head.languages:
            return Response(status_code=404)
        body = press.one(found, area, lang, form, until)
        name = f"{report}-{until}-{area}-{lang}.{form}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(body, media_type=MEDIA[form], headers=headers)

    @server.get("/reports/{report}/{name}")
    def kept(report: str, name: str) -> Response:
        path = press.path(report, name)
        if path is None:
            return Response(status_code=404)
        return FileResponse(path, media_type=MEDIA[path.suffix[1:]], filename=f"{report}-{name}")
