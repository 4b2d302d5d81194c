"""A delivery to the reference city's hotline feed, as the hotline's own system would write it."""

from __future__ import annotations

import csv
import datetime as dt
import os
from itertools import count
from pathlib import Path

from config import City

FEED = "hotline_requests"
INDICATOR = "hotline_received"
_numbers = count(1)


def deliver_tickets(
    city: City, inbox: Path, tickets: int, received: dt.datetime, within: str | None = None
) -> Path:
    """Drop one CSV with so many new open requests received at ``received`` (with offset) in one ward.

    ``within``: the area that holds the ward.
    """
    feed = city.feeds[FEED]
    local = received.astimezone(city.zone)
    wards = city.areas.at(city.levels[-1], local.date())
    ward = next(ward for ward in wards if within is None or within in city.areas.path(ward.code).values())
    folder = inbox / Path(feed.pattern or "").parent
    folder.mkdir(parents=True, exist_ok=True)
    number = next(_numbers)
    target = folder / f"measured-{os.getpid()}-{number}.csv"
    written = target.with_suffix(".part")
    with written.open("w", encoding=feed.format.encoding, newline="") as stream:
        writer = csv.writer(stream, delimiter=feed.format.delimiter)
        writer.writerow([column.source or column.name for column in feed.columns])
        for ticket in range(tickets):
            cells = {
                "ticket_id": f"1022-{local:%y%m%d}-{(number * tickets + ticket) % 100_000:05d}Z",
                "received_at": f"{local:%d/%m/%Y %H:%M}",
                "due_at": f"{local + dt.timedelta(days=3):%d/%m/%Y %H:%M}",
                "status": "new",
                "category": "noise",
                "channel": "phone",
                "agency": ward.name(city.head.languages[0]),
                "ward_code": ward.official or ward.code,
            }
            writer.writerow([cells.get(column.name, "") for column in feed.columns])
    written.rename(target)
    return target
