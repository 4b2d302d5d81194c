"""``feeds/*.yaml``: where rows come from, what they must be, and when they are due."""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from pydantic import Field, model_validator

from config.models.base import Cron, Identifier, LastingDuration, Model, Text
from config.models.connector import Connector, FolderConnector, OwnConnector
from config.models.contract import Bound, CellModes, Check, DriftRule, RejectedShare, VolumeRule
from config.models.delivery import Delivery
from config.models.format import Format
from config.models.mode import Mode, Snapshot, Validity
from config.models.timing import Timing

ColumnType = Literal["text", "integer", "number", "boolean", "date", "timestamp"]
Scalar = str | int | float | bool
NamedBy = Literal["rule", "indicator", "feed", "domain", "programme", "criterion", "group", "owner"]
"""Definitions of the city whose ids a column may hold."""


class Column(Model):
    """One column of the fact table and what a cell of it must be.

    ``title`` is what people call the column and ``labels`` what they call its values, where indicators are
    broken down by it. ``source`` is the header in the file (default: the column's own name); ``parts`` are
    several, whose cells make up the column with a blank between them (year and month), and ``constant``
    stands in every row, whatever the file holds. ``format`` is a strptime pattern for dates and timestamps
    that are not ISO. ``months``: months are words, read as ``%m``: ``english`` (March, Mar., mar), ``roman``
    (III), ``vietnamese`` (tháng ba), or a list of twelve. ``strip`` is a regular expression removed from the
    text before it is read (a unit in the cell, a footnote's mark). Timestamps without an offset are read in
    the city's zone. ``names``: values are ids of the city's own definitions, and people call them as these
    are called. ``min`` and ``max`` are numbers, or for times whole days or times that move with the load:
    ``max: now + 1d`` takes what is dated later for a slip.

    ``on_error`` is what becomes of a row that breaks a rule of the cell (missing, type, pattern, value,
    range): ``reject`` it, ``empty`` the cell, ``flag`` (accept it as it came, and tell it), ``stop`` (refuse
    the file): one word for all rules, or a mapping rule to word, with ``all`` for the others. Left out: what
    the feed says.
    """

    name: Identifier
    title: Text | None = None
    source: str | None = None
    parts: tuple[str, ...] = ()
    constant: Scalar | None = None
    type: ColumnType
    required: bool = False
    format: str | None = None
    months: Literal["english", "roman", "vietnamese"] | tuple[str, ...] | None = None
    strip: str | None = None
    pattern: str | None = None
    values: tuple[Scalar, ...] | None = None
    labels: dict[str, Text] = Field(default_factory=dict)
    names: NamedBy | None = None
    min: Bound | None = None
    max: Bound | None = None
    on_error: CellModes = Field(default_factory=dict)

    @property
    def headers(self) -> tuple[str, ...]:
        """Headers of the file that the column is read from."""
        if self.constant is not None:
            return ()
        return self.parts or (self.source or self.name,)

    @model_validator(mode="after")
    def _one_origin(self) -> Column:
        if sum((self.source is not None, bool(self.parts), self.constant is not None)) > 1:
            raise ValueError("give one of source, parts and constant")
        if isinstance(self.months, tuple) and len(self.months) != 12:
            raise ValueError(f"months lists {len(self.months)} words; give twelve")
        return self


class AreaRule(Model):
    """How a row finds its area.

    ``column`` holds the unit's code (``match: code``) or its name (``match: name``), or ``constant`` gives
    one code for all. ``otherwise`` names columns to ask in turn where ``column`` is empty, such as the
    district of a row without a ward. ``missing: root`` counts a row without area for the whole city only;
    ``missing: reject`` quarantines it, ``missing: stop`` refuses the file. ``on_error`` says the same of a
    row whose unit is unknown, or does not exist on its day; ``root`` then tells the row as well. Left out,
    both follow the feed's ``on_error``. ``codes`` translates the source's spelling to unit codes before
    matching.
    """

    column: Identifier | None = None
    otherwise: tuple[Identifier, ...] = ()
    constant: str | None = None
    match: Literal["code", "name"] = "code"
    codes: dict[str, str] = Field(default_factory=dict)
    missing: Literal["reject", "root", "stop"] | None = None
    on_error: Literal["reject", "root", "stop"] | None = None

    @model_validator(mode="after")
    def _one_source(self) -> AreaRule:
        if (self.column is None) == (self.constant is None):
            raise ValueError("give either column or constant")
        if self.otherwise and self.column is None:
            raise ValueError("otherwise stands in for an empty column: give column, not constant")
        return self


class Feed(Model):
    """One feed: connector, format, schedule, contract and delivery obligation.

    Rows go to the fact table ``dataset`` (default: the feed's id). ``event_time`` is the column that dates
    the row: its area must be valid on that day. ``coverage`` is the area level whose silence for a day
    means that data are missing rather than zero (default: the whole city). ``schedule`` says when it is
    looked for; of feeds that are loaded together, it comes after those named in ``after``.

    ``mode``: ``upsert`` replaces a row with the same ``key`` (by the file with the later name, or the row
    with the greater ``version``); ``append`` keeps every row whose full content is new; ``snapshot`` takes
    a file for the whole state and deletes what it lacks; ``history`` keeps every version of a key. New rows
    whose event is older than the feed's newest by more than ``late`` are counted as late.

    ``on_error`` is what becomes of a row that breaks the contract, where the rule says nothing itself;
    where ``flag`` cannot keep a row (it lacks its key or its event time) it is rejected. ``duplicates``: of
    rows that share their key in one file the ``last`` stands, or the ``first``, and the others are rejected;
    or all of them are (``reject``); or the file is refused (``stop``). ``volume`` bounds the rows of a
    delivery, ``rejected`` the share of rejected ones, ``drift`` says what changed columns mean. What was
    accepted with something emptied or flagged is told for ``keep_flagged``. ``by_hand``: people put its
    deliveries together, where others come from a system.
    """

    id: Identifier
    name: Text
    owner: Text
    note: Text | None = None
    simulated: bool = False
    by_hand: bool = False
    connector: Connector
    format: Format = Format()
    schedule: Cron
    timing: Timing = Timing()
    after: tuple[Identifier, ...] = ()
    watch: bool = True
    dataset: Identifier | None = None
    mode: Mode = "upsert"
    key: tuple[Identifier, ...] = ()
    version: Identifier | None = None
    snapshot: Snapshot | None = None
    valid: Validity | None = None
    late: LastingDuration | None = None
    duplicates: Literal["last", "first", "reject", "stop"] = "last"
    on_error: Literal["reject", "flag", "stop"] = "reject"
    event_time: Identifier
    area: AreaRule
    coverage: Identifier | None = None
    columns: tuple[Column, ...] = Field(min_length=1)
    checks: tuple[Check, ...] = ()
    volume: VolumeRule | None = None
    rejected: RejectedShare | None = None
    drift: DriftRule = DriftRule()
    keep_flagged: LastingDuration = timedelta(days=400)
    delivery: Delivery

    @property
    def table(self) -> str:
        """Name of the dataset the rows go to."""
        return self.dataset or self.id

    @property
    def pattern(self) -> str | None:
        """Glob of the feed's files below the inbox; None for a feed that is fetched."""
        if isinstance(self.connector, FolderConnector | OwnConnector):
            return self.connector.path
        return None

    @property
    def time_columns(self) -> tuple[str, ...]:
        """Every date or timestamp column, each with a ``<name>__day`` beside it in the fact table."""
        return tuple(c.name for c in self.columns if c.type in ("date", "timestamp"))

    @property
    def identity(self) -> tuple[str, ...]:
        """Columns that say which fact a row is; none in mode append, where its whole content does."""
        if self.mode == "append":
            return ()
        return self.key if self.valid is None else (*self.key, self.valid.since)

    @property
    def indispensable(self) -> frozenset[str]:
        """Columns that no row can do without, whether or not they are ``required``."""
        named = {*self.key, *self.identity, self.event_time}
        return frozenset(named | ({self.version} if self.version else set()))

    @model_validator(mode="after")
    def _fits_its_mode(self) -> Feed:
        if self.mode != "append" and not self.key:
            raise ValueError(f"mode {self.mode} needs a key: the columns that identify a row")
        if self.version is not None and self.mode not in ("upsert", "history"):
            raise ValueError(f"version is for modes upsert and history, not for {self.mode}")
        if self.snapshot is not None and self.mode != "snapshot":
            raise ValueError(f"snapshot: {{…}} is for mode snapshot, not for {self.mode}")
        if (self.valid is not None) != (self.mode == "history"):
            wanted = "needs" if self.mode == "history" else "takes no"
            raise ValueError(f"mode {self.mode} {wanted} valid: {{from: …, until: …}}")
        return self
