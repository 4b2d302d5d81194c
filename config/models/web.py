"""Connectors that ask a web server: one model for each protocol spoken over HTTP."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal

from pydantic import Field, model_validator

from config.models.base import Duration, LastingDuration, Model
from config.models.paging import Paging
from config.models.remote import EnvironmentName, Remote

Value = str | int | float | bool


class Auth(Model):
    """How a request shows who asks. A secret is never written here: a key names the environment variable.

    ``token_env`` is sent as a bearer token, unless ``header`` or ``query`` names the header or the parameter
    that carries it; ``prefix`` stands before it in a header. ``user_env`` and ``password_env`` give basic
    authentication. Nothing of it is sent to another server to which the source may redirect.
    """

    token_env: EnvironmentName | None = None
    header: str | None = None
    prefix: str | None = None
    query: str | None = None
    user_env: EnvironmentName | None = None
    password_env: EnvironmentName | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Auth:
        basic = self.user_env is not None and self.password_env is not None
        if (self.user_env is None) != (self.password_env is None):
            raise ValueError("basic authentication needs both user_env and password_env")
        if basic == (self.token_env is not None):
            raise ValueError("give either token_env, or user_env and password_env")
        if basic and (self.header or self.query or self.prefix):
            raise ValueError("header, query and prefix say where a token goes: drop them")
        if self.query is not None and (self.header is not None or self.prefix is not None):
            raise ValueError("the token goes either into a header or into the query")
        return self


class WebSource(Remote):
    """What every connector has that asks a web server.

    ``headers`` are sent with each request.
    """

    url: str = Field(min_length=1)
    auth: Auth | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class Since(Model):
    """What is asked for is what is new: the span from the last complete fetch until now.

    The first fetch begins on day ``first``. Each later one begins ``overlap`` before the time up to which the
    last one asked, for rows that the source gets late. ``step``: no request asks for a longer span. Times are
    written as the strftime pattern ``format`` says, by the clock of ``zone``.
    """

    first: dt.date
    overlap: Duration = Field(default="1d", validate_default=True)
    step: LastingDuration | None = None
    format: str = "%Y-%m-%dT%H:%M:%SZ"
    zone: Literal["utc", "city"] = "utc"


class HttpConnector(WebSource):
    """One address that answers with a file, or with pages of rows.

    In ``url``, ``params`` and ``body`` stand ``{since}`` (or ``{from}``, which is the same) and ``{to}`` for
    the span of time that ``since`` describes, and ``{page}`` and ``{size}`` for what ``paging`` would put
    into the query. Without ``since`` and ``paging``, a file that has not changed is not sent again where the
    source knows ETag or If-Modified-Since, and not loaded again in any case.
    """

    kind: Literal["http"]
    method: Literal["GET", "POST"] = "GET"
    params: dict[str, Value] = Field(default_factory=dict)
    body: str | None = None
    content_type: str = "application/json"
    since: Since | None = None
    paging: Paging | None = None


class CkanConnector(WebSource):
    """A CKAN portal; ``url`` is its root.

    Give one of ``resource`` (the file of that id), ``package`` (the newest file of that dataset whose name
    fits the pattern ``name``; ``every``: each one that is new or changed, the oldest first) and ``datastore``
    (the rows of that resource, page by page; ``filters`` and ``fields`` choose rows and columns). A sort
    other than by ``_id`` may lose rows when others are deleted or inserted meanwhile.
    """

    kind: Literal["ckan"]
    resource: str | None = None
    package: str | None = None
    name: str = "*"
    every: bool = False
    datastore: str | None = None
    filters: dict[str, Value | tuple[Value, ...]] = Field(default_factory=dict)
    fields: tuple[str, ...] = ()
    sort: str = "_id"
    page_size: int = Field(default=10_000, ge=1, le=32_000)

    @model_validator(mode="after")
    def _one_thing(self) -> CkanConnector:
        if [self.resource, self.package, self.datastore].count(None) != 2:
            raise ValueError("give one of resource, package and datastore")
        return self


class OpenDataSoftConnector(WebSource):
    """A dataset of an OpenDataSoft portal; ``url`` is its root.

    ``api: exports`` takes all rows in one file of ``file`` type, ``records`` takes pages of 100 rows, 10,000
    rows at most, and ``v1`` the search of the older API. ``time`` is the column by which rows are new:
    ``since`` then says how far back each fetch goes. ``where`` and ``select`` are ODSQL (``v1``: ``where`` is
    its query).
    """

    kind: Literal["opendatasoft"]
    dataset: str = Field(min_length=1)
    api: Literal["exports", "records", "v1"] = "exports"
    file: Literal["csv", "json", "jsonl", "parquet"] = "json"
    where: str | None = None
    select: str | None = None
    order_by: str | None = None
    time: str | None = None
    since: Since | None = None

    @model_validator(mode="after")
    def _time_and_since(self) -> OpenDataSoftConnector:
        if (self.time is None) != (self.since is None):
            raise ValueError("time and since go together: the column, and how far back")
        return self


class SdmxConnector(WebSource):
    """A data flow of an SDMX web service; ``url`` is its entry point.

    ``version`` is that of the standard, ``flow_version`` that of the data flow. ``key`` chooses series
    (``M.USD+JPY.EUR.SP00.A``). The first fetch begins with the period ``first``, and each later one
    ``overlap`` before the day of the last one: published figures are revised. ``answer`` is how the service
    is asked to write: ``csv`` is read with the least memory.
    """

    kind: Literal["sdmx"]
    version: Literal["2.1", "3.0"] = "2.1"
    agency: str = Field(min_length=1)
    flow: str = Field(min_length=1)
    flow_version: str | None = None
    key: str | None = None
    first: str | None = Field(default=None, pattern=r"^\d{4}(-(\d{2}(-\d{2})?|Q[1-4]|S[12]))?$")
    frequency: Literal["A", "S", "Q", "M", "D"] = "D"
    overlap: Duration = Field(default="53w", validate_default=True)
    answer: Literal["csv", "json", "xml"] = "xml"


class PrometheusConnector(WebSource):
    """What a Prometheus server has measured; ``url`` is its root.

    ``query`` is asked for each ``step`` from where the last fetch ended, the first time from ``lookback``
    ago, until ``delay`` ago, so that what comes late is there. A request asks for ``points`` steps at most:
    the server refuses more than 11,000.
    """

    kind: Literal["prometheus"]
    query: str = Field(min_length=1)
    step: LastingDuration
    lookback: LastingDuration = Field(default="1d", validate_default=True)
    delay: Duration = Field(default="1m", validate_default=True)
    points: Annotated[int, Field(ge=1, le=11_000)] = 11_000
