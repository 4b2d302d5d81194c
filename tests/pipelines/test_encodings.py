"""Texts of every coding arrive letter by letter; one that is not what it was declared to be is refused."""

from __future__ import annotations

import gzip
import subprocess
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.models import Format
from pipelines.errors import SourceError
from pipelines.read import tcvn3
from pipelines.read.coding import decoded
from pipelines.read.plain import Text, plain

if TYPE_CHECKING:
    from tests.pipelines.conftest import Build

LINES = "id,phường\r\n1,Phường Đa Kao\r\n2,Ấp Thạnh Hoà, xã Lý Nhơn\r\n3,Đường Nguyễn Thị Nghĩa\r\n"


def in_cp1258(text: str) -> bytes:
    """Windows-1258 as an office program writes it: the base letter whole if it can be, the tone behind it."""
    return b"".join(_pieces(text))


def _pieces(text: str) -> Iterator[bytes]:
    for letter in text:
        try:
            yield letter.encode("cp1258")
        except UnicodeEncodeError:
            apart = unicodedata.normalize("NFD", letter)
            [tone] = [mark for mark in apart if mark in "\u0300\u0301\u0303\u0309\u0323"]
            whole = unicodedata.normalize("NFC", apart.replace(tone, ""))
            yield whole.encode("cp1258") + tone.encode("cp1258")


WRITTEN = {
    "utf-8": LINES.encode(),
    "utf-8 with mark": LINES.encode("utf-8-sig"),
    "utf-16": LINES.encode("utf-16"),
    "utf-16-le": LINES.encode("utf-16-le"),
    "utf-16-be": LINES.encode("utf-16-be"),
    "utf-32": LINES.encode("utf-32"),
    "cp1258": in_cp1258(LINES),
    "tcvn3": LINES.replace("Đa", "đa").replace("Ấp", "ấp").encode("tcvn3"),
}


def read(folder: Path, data: bytes, encoding: str) -> tuple[str, Text]:
    path = folder / "delivered.csv"
    path.write_bytes(data)
    text = plain(path, Format(encoding=encoding), folder / "plain.txt")
    return text.path.read_bytes().decode("utf-8-sig").replace("đa", "Đa").replace("ấp", "Ấp"), text


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gz"])
@pytest.mark.parametrize("coding", WRITTEN)
def test_a_coding_is_told_by_looking(coding: str, packed: bool, tmp_path: Path) -> None:
    data = gzip.compress(WRITTEN[coding]) if packed else WRITTEN[coding]
    found, text = read(tmp_path, data, "auto")
    assert found == LINES
    assert text.note == ("" if coding.startswith("utf-8") else f"read as {coding}")
    assert (text.path.name == "delivered.csv") == (coding.startswith("utf-8") and not packed)


@pytest.mark.parametrize("coding", [name for name in WRITTEN if " " not in name])
def test_a_declared_coding_is_believed(coding: str, tmp_path: Path) -> None:
    assert read(tmp_path, WRITTEN[coding], coding)[0] == LINES


@pytest.mark.parametrize(
    ("written", "declared", "message", "hint"),
    [
        ("cp1258", "utf-8", "the text is not utf-8: byte 0xFD on line 1, at byte 5", "encoding: cp1258"),
        ("tcvn3", "utf-8", "the text is not utf-8: byte 0xAD on line 1, at byte 5", "encoding: tcvn3"),
        ("utf-16", "utf-8", "the text is utf-16, not utf-8", "encoding: utf-16"),
        ("utf-16-le", "utf-8", "the text is utf-16-le, not utf-8", "encoding: utf-16-le"),
        ("utf-8", "utf-16", "the text is utf-8, not utf-16", "encoding: auto"),
        ("utf-8", "cp1258", "the text is utf-8, not cp1258", "leave format.encoding out"),
        ("utf-8 with mark", "latin-1", "the text is utf-8, not latin-1", "leave format.encoding out"),
        ("tcvn3", "cp1258", "the words make sense as tcvn3, not as cp1258", "encoding: tcvn3"),
        ("cp1258", "latin-1", "the words make sense as cp1258, not as latin-1", "encoding: cp1258"),
    ],
)
def test_what_it_is_not_is_refused(
    written: str, declared: str, message: str, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(SourceError) as told:
        read(tmp_path, WRITTEN[written], declared)
    assert (told.value.message, hint in told.value.hint) == (message, True), told.value


def test_western_letters_are_not_guessed_at(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="does not tell what it is written in") as told:
        read(tmp_path, "Año;Descripción\n2011;Gestión pública y educación\n".encode("latin-1"), "auto")
    assert "set format.encoding" in told.value.hint
    found, _ = read(tmp_path, "Año;Descripción\n".encode("latin-1"), "latin-1")
    assert found == "Año;Descripción\n"


def test_damage_is_told_by_its_line(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="the text is not utf-16: truncated data on line 5"):
        read(tmp_path, WRITTEN["utf-16"] + b"x", "utf-16")
    with pytest.raises(SourceError, match="cut short or damaged"):
        read(tmp_path, gzip.compress(WRITTEN["utf-8"] * 50)[:-20], "utf-8")


def test_a_stray_byte_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "delivered.csv"
    path.write_bytes(LINES.encode() + b"4,\xe1 stray\n")
    assert plain(path, Format(), tmp_path / "plain.txt") == Text(path)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "cp1258"])
def test_lines_that_end_in_a_return_alone(coding: str, tmp_path: Path) -> None:
    lines = LINES.replace("\r\n", "\r")
    data = in_cp1258(lines) if coding == "cp1258" else lines.encode(coding)
    assert read(tmp_path, data, coding)[0] == LINES.replace("\r\n", "\n")


def test_a_bomb_does_not_fill_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.read.plain.SMALL", 1000)
    with pytest.raises(SourceError, match="unpacks to more than 200 times its size"):
        read(tmp_path, gzip.compress(b"a" * 5_000_000), "utf-8")


def test_a_full_disk_is_not_the_files_fault(tmp_path: Path) -> None:
    (tmp_path / "full").symlink_to("/dev/full")
    (tmp_path / "delivered.csv").write_bytes(gzip.compress(LINES.encode() * 5000))
    with pytest.raises(OSError, match="No space left"):
        plain(tmp_path / "delivered.csv", Format(), tmp_path / "full")


def test_tcvn3_is_what_the_system_library_says() -> None:
    upper = bytes(range(0x80, 0x100))
    for byte in upper:
        told = subprocess.run(
            ["iconv", "-f", "TCVN5712-1", "-t", "UTF-8"],
            input=bytes([byte, 0x78]),
            capture_output=True,
            check=True,
        )
        assert told.stdout.decode()[0] == bytes([byte]).decode("tcvn3"), hex(byte)
    assert upper.decode("tcvn3").encode("tcvn3") == upper


def test_tcvn3_that_a_workbook_took_for_windows_1252() -> None:
    seen = "Tr¹m: T©n S¬n Hoµ (TP. Hồ ChÝ Minh), 22°C"
    assert (
        seen.translate(str.maketrans(tcvn3.SEEN, tcvn3.MEANT)) == "Trạm: Tân Sơn Hoà (TP. Hồ Chí Minh), 22°C"
    )


@given(st.text(alphabet="aăâ ơđệỹ\u0301\n", max_size=40), st.integers(1, 7))
def test_marks_are_joined_across_blocks(text: str, size: int) -> None:
    data = text.encode("utf-16-le")
    blocks = [data[place : place + size] for place in range(0, len(data), size)]
    assert "".join(decoded("utf-16-le", blocks)) == unicodedata.normalize("NFC", text)


def test_what_was_found_out_stands_in_the_account(build: Build) -> None:
    house = build(format={"encoding": "auto"})
    header = "id,opened,closed,ward,rating,channel\n"
    house.deliver("a.csv", in_cp1258(header + "Đường,2026-10-01 08:00:00,,21,4,app\n"))
    house.deliver("b.csv", (header + "Phố,2026-10-01 08:00:00,,21,4,app\n").encode())
    assert [(run.inserted, run.message) for run in house.load()] == [(1, "read as cp1258"), (1, None)]
    assert house.rows("SELECT id, _line FROM fact_tickets ORDER BY id") == [("Phố", 2), ("Đường", 2)]
