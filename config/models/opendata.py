"""``opendata.yaml``: what is published for anybody to take, and the ``open_data`` of ``city.yaml``."""

from __future__ import annotations

import datetime as dt
from typing import Literal

from pydantic import Field

from config.models.base import Identifier, LastingDuration, Model, Text
from config.models.indicator import Period

Rhythm = Literal["hourly", "daily", "weekly", "monthly", "quarterly", "annual"]


class Licence(Model):
    """What those who take the data may do with them; ``url`` is where the whole text stands."""

    name: Text
    url: str = Field(pattern=r"^https?://")


class Contact(Model):
    """Whom to ask about the data."""

    name: Text
    email: str = Field(pattern=r"^[^@\s]+@[^@\s]+$")


class OpenPublishing(Model):
    """The catalogue of open data as a whole. Without it nothing is published.

    Its publisher is the city's ``centre``.
    """

    title: Text
    description: Text
    licence: Licence
    contact: Contact
    issued: dt.date


class OpenDataset(Model):
    """Figures that anybody may take: values of ``indicators`` by area and period, never a row behind them.

    ``levels`` narrows the areas, ``periods`` the kinds of period. What rests on fewer than ``least`` rows is
    left empty, so that nobody can be recognised; and where it is the only one within its unit above, which
    less the others would give it away, so is the next smallest. Who publishes days as well as months, or
    wards as well as districts, gives away by sums what is left empty. ``update`` is the rhythm that is
    promised; figures that reach back no further than ``fresh`` are on time.
    """

    id: Identifier
    title: Text
    description: Text
    indicators: tuple[Identifier, ...] = Field(min_length=1)
    levels: tuple[Identifier, ...] | None = None
    periods: tuple[Period, ...] | None = None
    least: int = Field(default=0, ge=0)
    keywords: tuple[Text, ...] = ()
    update: Rhythm
    fresh: LastingDuration
    issued: dt.date
