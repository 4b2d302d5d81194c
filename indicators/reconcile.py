"""Identities kept true to the values: each refresh checks those whose figures moved, and no others.

Table ``reconciliation`` has a row for every area and period that an identity was looked at. ``since`` is when
it was first found broken; it stays until the identity holds again, also while a figure is missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Final

from indicators.claims import IdentityCheck
from indicators.dirty import Spans
from indicators.sql.identity import dirty_identity, identity_rows
from indicators.sql.prelude import Moment
from warehouse.store import Cursor
from warehouse.syntax import literal

_KEY: Final = "identities"
_KEYS: Final = "identity, area, period, start"
_COLUMNS: Final = "identity, level, area, period, start, left_value, right_value, gap, allowed, holds"


class Reconciliation:
    """Checks the identities of a city inside the transaction of a refresh."""

    def __init__(self, cursor: Cursor, checks: Sequence[IdentityCheck], levels: tuple[str, ...]) -> None:
        self.cursor = cursor
        self.checks = {check.identity: check for check in checks}
        self.levels = levels

    def follow(self, moment: Moment, dirty: Mapping[str, Spans], whole: AbstractSet[str], anew: bool) -> int:
        """Check what changed and return how many outcomes differ from before.

        ``dirty`` are the changed periods by indicator; those in ``whole`` were made
        anew. ``anew`` says that nothing checked before can be relied on. An identity whose own claim changed
        starts without a past.
        """
        held = self._held()
        current = {id_: check.fingerprint for id_, check in self.checks.items()}
        changed = {id_ for id_, print_ in current.items() if held.get(id_) != print_}
        gone = set(held) - set(current)
        if changed or gone:
            self._forget(changed | gone)
            self._keep(current)
        rows: list[str] = []
        scopes: list[str] = []
        for id_, check in self.checks.items():
            if anew or id_ in changed or not whole.isdisjoint(check.inputs):
                rows.append(identity_rows(check, moment, self.levels))
                scopes.append(f"identity = {literal(id_)}")
                continue
            moved = {input_: dirty[input_] for input_ in check.inputs if input_ in dirty}
            if not moved:
                continue
            limit = dirty_identity(check, moved, moment, self.levels)
            if limit:
                rows.append(identity_rows(check, moment, self.levels, limit))
                scopes.append(f"identity = {literal(id_)} AND {limit.sql()}")
        return self._store(rows, scopes, moment) if rows else len(gone)

    def _store(self, rows: Sequence[str], scopes: Sequence[str], moment: Moment) -> int:
        run = self.cursor.execute
        # Written out, not made by an empty CREATE TABLE AS: see publish.FRESH.
        run(
            "CREATE OR REPLACE TEMP TABLE checked (identity VARCHAR, level VARCHAR, area VARCHAR,"
            " period VARCHAR, start TIMESTAMP, left_value DOUBLE, right_value DOUBLE, gap DOUBLE,"
            " allowed DOUBLE, holds BOOLEAN, checked_at TIMESTAMP, since TIMESTAMP)"
        )
        for query in rows:
            run(f"INSERT INTO checked ({_COLUMNS})\nSELECT {_COLUMNS} FROM (\n{query}\n)")
        inside = " OR ".join(f"({scope})" for scope in scopes)
        run(f"CREATE OR REPLACE TEMP TABLE checked_before AS FROM reconciliation WHERE {inside}")
        run(f"DELETE FROM reconciliation WHERE {inside}")
        run(
            f"INSERT INTO reconciliation\nSELECT {_prefixed('c')}, {moment.timestamp} AS checked_at,\n"
            f"    CASE WHEN c.holds THEN NULL WHEN NOT c.holds THEN coalesce(b.since, {moment.timestamp})"
            f" ELSE b.since END AS since\n"
            f"FROM checked c LEFT JOIN checked_before b USING ({_KEYS})"
        )
        # what was broken and has lost all its figures is still not mended
        run(
            "INSERT INTO reconciliation\n"
            "SELECT b.identity, b.level, b.area, b.period, b.start, NULL, NULL, NULL, NULL, NULL,"
            f" {moment.timestamp}, b.since\n"
            f"FROM checked_before b ANTI JOIN checked USING ({_KEYS}) WHERE b.since IS NOT NULL"
        )
        row = run(
            f"SELECT count(*) FROM checked c FULL JOIN checked_before b USING ({_KEYS})"
            " WHERE (c.level, c.left_value, c.right_value, c.holds)"
            " IS DISTINCT FROM (b.level, b.left_value, b.right_value, b.holds)"
        ).fetchone()
        return int(row[0]) if row else 0

    def _held(self) -> dict[str, str]:
        row = self.cursor.execute("SELECT value FROM meta WHERE key = ?", [_KEY]).fetchone()
        return dict(json.loads(row[0])) if row else {}

    def _keep(self, fingerprints: Mapping[str, str]) -> None:
        text = json.dumps(fingerprints, ensure_ascii=False, sort_keys=True)
        self.cursor.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", [_KEY, text])

    def _forget(self, identities: set[str]) -> None:
        listed = ", ".join(map(literal, sorted(identities)))
        self.cursor.execute(f"DELETE FROM reconciliation WHERE identity IN ({listed})")


def _prefixed(table: str) -> str:
    return ", ".join(f"{table}.{column}" for column in _COLUMNS.split(", "))
