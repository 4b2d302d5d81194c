"""One deliberately bad folder per mistake: what the author is told stands beside it, word for word."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config import CityError, load_city

CASES = sorted(path.name for path in (Path(__file__).parent / "broken").iterdir())
GoldenCheck = Callable[[Path, str], None]


@pytest.mark.parametrize("case", CASES)
def test_every_mistake_is_told(case: str, broken: Callable[[str], Path], golden: GoldenCheck) -> None:
    with pytest.raises(CityError) as caught:
        load_city(broken(case))
    told = "".join(f"{problem}\n" for problem in caught.value.problems)
    golden(Path(__file__).parent / "broken" / case / "expected.txt", told)
