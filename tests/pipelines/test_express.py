"""What the express lane must know of a file before it takes it, and how it cuts out what is left over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.lines import cut, successive


@pytest.mark.parametrize(
    "text",
    ["a,b\n1,2\n\n3,4\n", 'a,b\n1,"2\n3"\n4,5\n', "a,b\n1,2\r3,4\n", 'a,b\n1,"2\n'],
    ids=["blank", "quoted break", "lone return", "open quote"],
)
def test_a_file_whose_records_are_not_its_lines_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(text.encode())
    assert not successive(path, '"')
    path.write_bytes(b'a,b\r\n1,"2"\r\n"3",4\r\n')
    assert successive(path, '"')


@given(st.lists(st.binary(max_size=6).map(lambda b: b.replace(b"\n", b"")), min_size=1), st.randoms())
def test_lines_are_cut_out_as_they_stand(
    tmp_path_factory: pytest.TempPathFactory, rows: list[bytes], random: Any
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    (folder / "all").write_bytes(b"".join(row + b"\n" for row in rows))
    wanted = sorted(random.sample(range(1, len(rows) + 1), random.randint(0, len(rows))))
    cut(folder / "all", np.array(wanted, np.int64), folder / "some")
    assert (folder / "some").read_bytes() == b"".join(rows[line - 1] + b"\n" for line in wanted)
