"""What databases say when they refuse: passing or final, with what to do, and without secrets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import quote_plus

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from config.problems import did_you_mean
from pipelines.errors import PassingFault, SourceError

_FINAL: Final[Sequence[tuple[str, str]]] = (
    # When a connection fails, drivers give no code: only words.
    (
        r"password authentication failed|no password supplied|access denied|login failed"
        r"|role .* does not exist",
        "correct the user and the password in the environment variables that connector names",
    ),
    (r"no pg_hba\.conf entry|not allowed to connect", "have the database let this machine and user in"),
    (r"database .* does not exist|unknown database", "correct the database's name in the URL"),
    (
        r"does not support SSL|SSL was required|certificate verify failed|SSL error",
        "settle with the database's owner whether TLS is used, and set sslmode in the URL to match",
    ),
    (r"not a database|unable to open database file", "correct the path in the URL"),
    (r"could not parse|invalid .*connection option|unknown host option", "correct the database URL"),
)
_BY_CODE: Final = {
    "42501": "have the owner grant SELECT to this user",
    "25006": "connector.query may only read",
    "42601": "correct connector.query; it is one SELECT",
}
_PASSING: Final = ("08", "40", "53", "55", "57", "58")
"""Classes of SQLSTATE that time mends: connection, conflict, resources, locks, the operator, the system."""
_TIMEOUT: Final = "57014"


def told(error: DBAPIError, secret: str | None) -> PassingFault | SourceError:
    """The fault of a driver in words. ``secret`` is never part of them."""
    code = getattr(error.orig, "sqlstate", None)
    text = _hidden(_first(error), secret)
    if code == _TIMEOUT:
        return PassingFault(
            "the database did not answer within the time limit", "raise connector.time_limit, or add an index"
        )
    if code:
        if code.startswith(_PASSING):
            return PassingFault(f"the database refused for now: {text}")
        return SourceError(f"the database refused: {text}", _BY_CODE.get(code, _hint(error)))
    for pattern, hint in _FINAL:
        if re.search(pattern, text, re.IGNORECASE):
            return SourceError(f"the database refused: {text}", hint)
    if isinstance(error, (OperationalError, InterfaceError)) or error.connection_invalidated:
        if re.search("no such (table|column)|syntax error", text):  # how SQLite names them
            return SourceError(f"the database refused: {text}", "correct connector.table or connector.query")
        return PassingFault(f"the database cannot be reached: {text}")
    return SourceError(f"the database refused: {text}", "correct connector.table or connector.query")


def missing_table(inspector: sa.Inspector, name: str, schema: str | None) -> SourceError:
    """There is no such table; which one may be meant."""
    known = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
    where = f" in schema {schema!r}" if schema else ""
    return SourceError(f"there is no table {name!r}{where}", did_you_mean(name, known))


def missing_column(name: str, known: Sequence[str]) -> SourceError:
    """There is no such column to read by; which one may be meant."""
    return SourceError(f"there is no column {name!r} for connector.cursor", did_you_mean(name, known))


def _first(error: DBAPIError) -> str:
    """What the driver said, without the statement and its values."""
    lines = [line.strip() for line in str(error.orig).splitlines()]
    text = next((line for line in lines if line), type(error.orig).__name__)
    return text.removeprefix("connection failed: ")[:300]


def _hint(error: DBAPIError) -> str:
    found = re.search(r"^HINT:\s*(.+)$", str(error.orig), re.MULTILINE)
    return found[1] if found else "correct connector.table or connector.query"


def _hidden(text: str, secret: str | None) -> str:
    for form in {secret, quote_plus(secret)} if secret else ():
        text = text.replace(form, "***")
    return text
