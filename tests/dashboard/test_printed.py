"""What a report looks like on paper: which cells keep to one line, and who fills the width."""

from __future__ import annotations

from dashboard.reports.parts import Block, Column, Held
from dashboard.reports.printed import _block


def test_short_cells_stay_whole_and_long_ones_share_the_width() -> None:
    columns = (Column("Mức độ"), Column("Cảnh báo"), Column("Giá trị", number=True))
    rows = [(Held("Nghiêm trọng", "serious"), "Quận 7: nhiều hồ sơ quá hạn tồn đọng", "+0,1 điểm %")]
    told = _block(Block("", columns, rows, (), (), None))
    assert [width == 0 for width in told["widths"]] == [True, False, True]
    level, warning, change = told["rows"][0]
    assert level == {"text": "Nghiêm\u00a0trọng", "mark": "serious"}
    assert (warning, change) == (rows[0][1], "+0,1\u00a0điểm\u00a0%")


def test_a_table_of_short_cells_fills_the_page() -> None:
    told = _block(
        Block("", (Column("Nội dung"), Column("Giá trị", number=True)), [("mới", "5")], (), (), None)
    )
    assert told["widths"][0] > 0
    assert told["widths"][1] == 0
