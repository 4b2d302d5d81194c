"""``connector: {kind: sql}``: rows of a table or a query, whole or by a growing column."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, field_validator, model_validator

from config.models.base import Model, parse_duration
from config.models.remote import EnvironmentName, Remote


def _overlap(value: object) -> object:
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    return parse_duration(value)


Overlap = Annotated[timedelta | int, BeforeValidator(_overlap, json_schema_input_type=str | int)]
"""How far back to read again: a duration for times, a whole number for numbers."""


class Cursor(Model):
    """A column that grows, by which only what is new is read.

    It must grow with each change of a row that is to be seen, such as the time of its last change, and should
    have an index. Rows from ``overlap`` before the greatest value that was seen are read again: a row is seen
    only once its transaction is committed, and until then others with greater values may have been. So give
    more than the longest transaction of those who write.
    """

    column: str = Field(min_length=1)
    overlap: Overlap


class SqlConnector(Remote):
    """Rows of a database, by a SQLAlchemy URL, in a transaction that only reads.

    The URL stands in the environment variable ``url_env``; or ``url`` gives it without a password, and
    ``password_env`` names the variable that holds that. Either a ``table`` (``schema.table``) or a ``query``,
    one SELECT. With a ``cursor`` what is new is read, in files of ``rows_per_file``; without one everything
    is read each time, in one file.
    """

    kind: Literal["sql"]
    url_env: EnvironmentName | None = None
    url: str | None = None
    password_env: EnvironmentName | None = None
    table: str | None = Field(default=None, min_length=1)
    query: str | None = Field(default=None, min_length=1)
    cursor: Cursor | None = None
    rows_per_file: int = Field(default=500_000, ge=1000)

    @field_validator("url")
    @classmethod
    def _without_secret(cls, url: str | None) -> str | None:
        if url is not None and urlsplit(url).password is not None:
            raise ValueError("a password does not belong here; name its environment variable in password_env")
        return url

    @model_validator(mode="after")
    def _one_of_each(self) -> SqlConnector:
        if (self.url_env is None) == (self.url is None):
            raise ValueError("give either url_env or url")
        if self.password_env is not None and self.url is None:
            raise ValueError("password_env goes with url; url_env holds the password too")
        if (self.table is None) == (self.query is None):
            raise ValueError("give either table or query")
        return self
