"""``reports/*.yaml``: what is put together on a schedule, kept as files and sent to those who read it."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from config.models.base import Cron, Identifier, Model, Text
from config.models.screen import Panel

ReportFormat = Literal["xlsx", "pdf"]


class Report(Model):
    """Figures of an ``area``, or of each area of a ``level``, as of the time of ``cadence``.

    Each panel tells of its newest whole period. ``formats``: workbooks hold numbers to go on with, PDF is to
    be read and printed. ``languages`` left out is the city's first. ``recipients`` are sent a link. With
    ``review`` it tells as well what the leaders' meeting looks at: what changed in the span before it.
    """

    id: Identifier
    title: Text
    note: Text | None = None
    area: str | None = None
    level: Identifier | None = None
    cadence: Cron
    formats: tuple[ReportFormat, ...] = Field(default=("xlsx", "pdf"), min_length=1)
    languages: tuple[Literal["vi", "en"], ...] = ()
    recipients: tuple[Identifier, ...] = ()
    panels: tuple[Panel, ...] = ()
    review: bool = False

    @model_validator(mode="after")
    def _one_place(self) -> Report:
        if (self.area is None) == (self.level is None):
            raise ValueError("give either area, or the level of which each area gets a report of its own")
        if not self.panels and not self.review:
            raise ValueError("give panels, or review: true for the pack of the leaders' meeting")
        return self
