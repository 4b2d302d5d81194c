"""What of a delivery is a table of its own: a member of an archive, a sheet of a workbook, else the file
itself.
"""

from __future__ import annotations

import dataclasses
import errno
import fnmatch
import gzip
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO, Final, cast

from config.models import Format
from config.problems import did_you_mean
from pipelines.errors import SourceError, unreadable
from pipelines.folder import is_temporary
from pipelines.land import BLOCK, Landed
from pipelines.read.kinds import DAMAGED, ENDINGS, PACKED, ZIPPED, kind_of, plain_name, starts
from pipelines.read.workbook import sheets_of

SMALL: Final = 1 << 28
"""Unpacked bytes that are never too many."""
SWELLING: Final = 200
"""How many times its packed size a file may unpack to beyond that: more is made to fill a disk."""

Part = tuple[Landed, SourceError | None]


def split(format: Format, landed: Landed, work: Path, prefix: str) -> Iterator[Part]:
    """The parts of a landed file, by name, each with the reason if it cannot be had.

    What is packed is unpacked into ``work``, when it is asked for, under a name that begins with ``prefix``.
    """
    try:
        yield from _split(format, landed, work, prefix)
    except Exception as error:  # noqa: BLE001 readers raise whatever damaged bytes lead them to; it must end no load
        yield landed, unreadable(error)


def _split(format: Format, landed: Landed, work: Path, prefix: str) -> Iterator[Part]:
    whole, path = landed, landed.path
    try:
        if starts(path, PACKED) and not _is_text(format, landed.name):
            path = work / f"{prefix}{landed.hash}{PurePosixPath(plain_name(landed.name)).suffix}"
            with gzip.open(landed.path) as source:
                _unpack(cast(IO[bytes], source), path, landed.path.stat().st_size)
            whole = dataclasses.replace(landed, path=path)
        if not starts(path, ZIPPED) or _is_workbook(path, landed.name):
            yield from _sheets(format, whole)
            return
        archive = zipfile.ZipFile(path)
        members = _members(format, archive)
    except DAMAGED as error:
        yield landed, damaged(error)
        return
    except SourceError as error:
        yield landed, error
        return
    with archive:
        for number, member in enumerate(members):
            target = work / f"{prefix}{landed.hash}-{number}{PurePosixPath(member.filename).suffix.lower()}"
            part = dataclasses.replace(landed, path=target, part=member.filename)
            try:
                if member.flag_bits & 1:
                    raise SourceError("the archive has a password", "have it packed without one")
                with archive.open(member) as source:
                    _unpack(source, target, member.compress_size)
            except DAMAGED as error:
                yield part, damaged(error)
            except SourceError as error:
                yield part, error
            else:
                yield from _sheets(format, part)


def only(parts: Iterator[Part], landed: Landed) -> Iterator[Part]:
    """The only part of a delivery that speaks for everything there is.

    Of several each would delete what the one before it said.
    """
    first, second = next(parts), next(parts, None)
    if second is None:
        yield first
        return
    names = f"{first[0].part!r}, {second[0].part!r}"
    hint = "set format.member or format.sheet to one of them, or snapshot.within to what tells them apart"
    yield landed, SourceError(f"a snapshot is one table, and this delivery holds several: {names}, …", hint)


def damaged(error: Exception) -> SourceError:
    """What to tell of a packed file that breaks off.

    Raises ``error`` itself where the disk is to blame, not the file.
    """
    if isinstance(error, OSError) and error.errno not in (None, errno.EINVAL):
        raise error
    return SourceError(
        f"the archive cannot be unpacked: {error}", "it was cut short or damaged: have it delivered again"
    )


def _is_text(format: Format, name: str) -> bool:
    """Whether what is packed is text, which is unpacked while it is decoded."""
    if format.type == "auto" and plain_name(name).endswith(".zip"):
        return False
    return kind_of(format, name) in ("csv", "json", "jsonl")


def _is_workbook(path: Path, name: str) -> bool:
    """Newer workbooks are archives, and say so in one of these members; a damaged one says so by its name."""
    try:
        with zipfile.ZipFile(path) as archive:
            return not {"[Content_Types].xml", "mimetype"}.isdisjoint(archive.namelist())
    except zipfile.BadZipFile:
        if ENDINGS.get(PurePosixPath(plain_name(name)).suffix) == "workbook":
            return True
        raise


def _members(format: Format, archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    found = [
        member
        for member in archive.infolist()
        if not member.is_dir()
        and not is_temporary(PurePosixPath(member.filename).name)
        and not member.filename.startswith("__MACOSX/")
    ]
    chosen = [member for member in found if fnmatch.fnmatchcase(member.filename, format.member)]
    if not chosen:
        names = [member.filename for member in found]
        hint = did_you_mean(format.member, names) if names else "have it delivered again"
        raise SourceError(f"the archive has no member {format.member!r}", hint)
    return sorted(chosen, key=lambda member: member.filename)


def _sheets(format: Format, landed: Landed) -> Iterator[Part]:
    """Each sheet that a pattern names as a part; a workbook whose sheet has a plain name is one table."""
    if format.sheet is None or not set(format.sheet) & set("*?["):
        yield landed, None
        return
    try:
        names = [name for name in sheets_of(landed.path) if fnmatch.fnmatchcase(name, format.sheet)]
        if not names:
            hint = did_you_mean(format.sheet, sheets_of(landed.path))
            raise SourceError(f"there is no sheet {format.sheet!r}", hint)
    except SourceError as error:
        yield landed, error
        return
    for name in names:
        part = f"{landed.part}/{name}" if landed.part else name
        yield dataclasses.replace(landed, part=part, sheet=name), None


def _unpack(source: IO[bytes], target: Path, packed: int) -> None:
    written = 0
    with target.open("wb") as out:
        while block := source.read(BLOCK):
            written += len(block)
            if written > max(SMALL, SWELLING * packed):
                raise SourceError(
                    f"the archive unpacks to more than {SWELLING} times its size",
                    "it is damaged or made to do harm: have it delivered unpacked",
                )
            out.write(block)
