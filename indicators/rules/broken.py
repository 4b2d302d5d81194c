"""Which rule it was that broke: one must not keep all others from being judged."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class RuleError(Exception):
    """Judging a rule broke; the cause is the error itself."""

    def __init__(self, rule: str, cause: Exception) -> None:
        super().__init__(f"rule {rule}: {type(cause).__name__}: {cause}")
        self.rule = rule
        self.cause = cause


@contextlib.contextmanager
def about(rule: str) -> Iterator[None]:
    """Whatever breaks in the block is told with the rule that it is about. Raises RuleError."""
    try:
        yield
    except RuleError:
        raise
    except Exception as error:
        raise RuleError(rule, error) from error
