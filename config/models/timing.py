"""When exactly a feed is looked for, how often again, and how long that may take."""

from __future__ import annotations

from pydantic import Field, model_validator

from config.models.base import Duration, LastingDuration, Model


class Retries(Model):
    """What is done about a fault that passes (no connection, a time-out, an answer 5xx or 429).

    It is tried again after `first`, then after twice as long each time, at most `longest`, and given up
    after so many `times` until the schedule says so again. A source that names a time itself is given it.
    """

    times: int = Field(default=6, ge=0, le=100)
    first: LastingDuration = Field(default="1m", validate_default=True)
    longest: LastingDuration = Field(default="1h", validate_default=True)

    @model_validator(mode="after")
    def _growing(self) -> Retries:
        if self.longest < self.first:
            raise ValueError("longest is shorter than first: pauses grow")
        return self


class Timing(Model):
    """`jitter`: each time of the schedule is put off by chance, up to so long, so that many feeds do not ask
    one source in the same second. `misfire_grace`: a time that was missed is made up for if it is no longer
    ago (default: however long ago). `coalesce`: several missed times are made up for once. `load_limit`: a
    file, or a batch of small ones, whose load takes longer is stopped and rolled back.
    """

    jitter: Duration = Field(default="0s", validate_default=True)
    misfire_grace: LastingDuration | None = None
    coalesce: bool = True
    load_limit: LastingDuration = Field(default="1h", validate_default=True)
    retries: Retries = Retries()
