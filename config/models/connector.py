"""Where a feed's bytes come from: one model for each kind of connector."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import Field, Tag

from config.models.base import Model, tag_or
from config.models.mqtt import MqttConnector
from config.models.plugin import PluginConnector
from config.models.sftp import SftpConnector
from config.models.sql import SqlConnector
from config.models.web import (
    CkanConnector,
    HttpConnector,
    OpenDataSoftConnector,
    PrometheusConnector,
    SdmxConnector,
)

WARNING_FIELDS: Final = (
    "warning",
    "rule",
    "indicator",
    "feed",
    "domain",
    "area",
    "severity",
    "kind",
    "since",
    "opened_at",
    "told_at",
    "acknowledged_at",
    "ended_at",
    "resolution",
    "outcome",
    "escalated",
)
"""What the program says of each of its warnings, in the files that it drops for ``kind: warnings``."""


DELIVERY_FIELDS: Final = (
    "feed",
    "agency",
    "automatic",
    "due_at",
    "deadline",
    "delivered_at",
    "state",
    "late_hours",
    "received",
    "accepted",
    "completeness",
    "reminders",
    "told_at",
)
"""What the program says of each delivery that was due, in files that it drops for ``kind: deliveries``."""


DIRECTIVE_FIELDS: Final = (
    "directive",
    "unit",
    "area",
    "domain",
    "indicator",
    "warning",
    "task",
    "priority",
    "issued_at",
    "first_due_at",
    "due_at",
    "state",
    "progress",
    "extended",
    "reported_at",
    "unreported_since",
    "answered_at",
    "overdue_since",
    "closed_at",
    "result",
    "days_late",
    "told_at",
)
"""What the program says of each directive, in the files that it drops for ``kind: directives``."""


OPEN_FIELDS: Final = ("day", "dataset", "title", "published_on", "downloads", "csv", "json", "on_time")
"""What the program says of each open dataset on each day, in files that it drops for ``kind: open_data``."""


LAYER_FIELDS: Final = (
    "layer",
    "title",
    "event",
    "noted_on",
    "layer_group",
    "scale",
    "kind",
    "owner",
    "features",
    "data_at",
    "up_to_date",
    "removed_on",
)
"""What the program says of each map layer, in the files that it drops for ``kind: layers``."""


class FolderConnector(Model):
    """Files that a department drops into a folder of the inbox. ``path`` is a glob below the inbox."""

    kind: Literal["folder"] = "folder"
    path: str = Field(min_length=1)


class WarningsConnector(Model):
    """The program's own warnings: those that changed are dropped into a folder of the inbox as JSON lines."""

    kind: Literal["warnings"]
    path: str = Field(min_length=1)


class DeliveriesConnector(Model):
    """The program's own account of what agencies owed: each due delivery of each feed, in time, late or
    missing. What changed is dropped into a folder of the inbox as JSON lines.
    """

    kind: Literal["deliveries"]
    path: str = Field(min_length=1)


class DirectivesConnector(Model):
    """The program's own directives: those that changed, and each day those that are open, are dropped into a
    folder of the inbox as JSON lines.
    """

    kind: Literal["directives"]
    path: str = Field(min_length=1)


class OpenDataConnector(Model):
    """The program's own account of its open data: each dataset on each day, how often it was taken and
    whether its figures were as new as promised. What changed is dropped into a folder of the inbox as JSON
    lines.
    """

    kind: Literal["open_data"]
    path: str = Field(min_length=1)


class LayersConnector(Model):
    """The program's own register of map layers: when each was registered, and what it holds on each day. Both
    are dropped into a folder of the inbox as JSON lines, once a day.
    """

    kind: Literal["layers"]
    path: str = Field(min_length=1)


OwnConnector = (
    WarningsConnector | DeliveriesConnector | DirectivesConnector | OpenDataConnector | LayersConnector
)
"""Feeds of what the program itself knows: nobody owes them."""

Connector = Annotated[
    Annotated[FolderConnector, Tag("folder")]
    | Annotated[WarningsConnector, Tag("warnings")]
    | Annotated[DeliveriesConnector, Tag("deliveries")]
    | Annotated[DirectivesConnector, Tag("directives")]
    | Annotated[OpenDataConnector, Tag("open_data")]
    | Annotated[LayersConnector, Tag("layers")]
    | Annotated[SqlConnector, Tag("sql")]
    | Annotated[SftpConnector, Tag("sftp")]
    | Annotated[MqttConnector, Tag("mqtt")]
    | Annotated[HttpConnector, Tag("http")]
    | Annotated[CkanConnector, Tag("ckan")]
    | Annotated[OpenDataSoftConnector, Tag("opendatasoft")]
    | Annotated[SdmxConnector, Tag("sdmx")]
    | Annotated[PrometheusConnector, Tag("prometheus")]
    | Annotated[PluginConnector, Tag("plugin")],
    tag_or("kind", "folder"),
]
