"""Rules that can never work are told to their author, with the line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from config import City
from indicators.rules.check import check

if TYPE_CHECKING:
    from tests.indicators.rules.conftest import World


def test_the_reference_city_has_no_such_problem(reference_city: City) -> None:
    assert check(reference_city) == []


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        (
            {"message": {"vi": "{vlaue}", "en": "{area}"}},
            "rule {}.message.vi: placeholder 'vlaue' is unknown (did you mean value?)",
        ),
        (
            {"message": {"vi": "{area", "en": "{area}"}},
            "rule {}.message.vi: cannot be read: expected '}}' before end of string"
            " (write {{{{ and }}}} for braces that are meant as such)",
        ),
        (
            {"partial": True, "when": {"type": "change", "against": "previous", "above": 1}},
            "rule {}.partial: compares a running period with a whole one, which is always behind"
            " (leave out partial, or use a threshold)",
        ),
        (
            {"indicator": "pm25", "period": "month", "when": {"type": "target_gap", "above": 1}},
            "rule {}.when: no target of 'pm25' is for district and month"
            " (widen the levels or periods of a target)",
        ),
        (
            {"no_data": {"after": "12h"}},
            "rule {}.no_data.after: is missed before the next day can be there (give at least 1d)",
        ),
        (
            {"settle": "2d", "no_data": {"after": "36h"}},
            "rule {}.no_data.after: is missed before the next day can be there (give at least 3d)",
        ),
        (
            {"period": "month", "no_data": {"after": "7d"}},
            "rule {}.no_data.after: is missed before the next month can be there (give at least 28d)",
        ),
    ],
)
def test_what_can_never_work_is_a_problem(world: World, rule: dict[str, Any], told: str) -> None:
    id_ = "hotline_overdue_high"
    world.with_rules({"id": id_, "when": {"above": 1}} | rule)
    (problem,) = check(world.city)
    assert str(problem).partition(": ")[2] == told.format(id_)
    assert problem.file == "rules/feedback.yaml"
    assert problem.line > 1
