"""What of a warning may be told to the public, in the words of the Common Alerting Protocol 1.2 (OASIS)."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from config.models.base import LastingDuration, Model, Text

Category = Literal[
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE",
    "Other",
]  # fmt: skip
ResponseType = Literal[
    "Shelter", "Evacuate", "Prepare", "Execute", "Avoid", "Monitor", "Assess", "AllClear", "None"
]
Urgency = Literal["Immediate", "Expected", "Future", "Past", "Unknown"]
Grade = Literal["Extreme", "Severe", "Moderate", "Minor", "Unknown"]
Certainty = Literal["Observed", "Likely", "Possible", "Unlikely", "Unknown"]


class Public(Model):
    """Marks a rule whose warnings a person may release to the public, and says how CAP 1.2 calls them.

    ``event`` is what happens, ``instruction`` what people should do. ``severity`` left out follows the
    rule's: watch is Minor, serious is Severe, critical is Extreme. ``valid``: how long a release holds
    unless its author says otherwise.
    """

    event: Text
    category: tuple[Category, ...] = Field(min_length=1)
    response: tuple[ResponseType, ...] = ()
    urgency: Urgency = "Expected"
    severity: Grade | None = None
    certainty: Certainty = "Observed"
    instruction: Text
    valid: LastingDuration = dt.timedelta(hours=24)


def _name_in_cap(value: str) -> str:
    if re.search(r"[\s,<&]", value) or not value:
        raise ValueError(f"{value!r} cannot name a sender: no blank, comma, < or & is allowed")
    return value


class Publisher(Model):
    """Who warns the public. ``sender`` is a name that no other has, such as an address of e-mail.

    ``status`` is ``Actual`` where the warnings are meant; anything else tells receivers that they are not.
    """

    sender: Annotated[str, AfterValidator(_name_in_cap)]
    name: Text
    status: Literal["Actual", "Exercise", "System", "Test", "Draft"] = "Test"
    web: str | None = None
    contact: Text | None = None
