"""Landing: the bytes as received, kept under their content's hash and never changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

from pipelines.errors import SourceError, UnfinishedFileError
from pipelines.folder import Delivery
from warehouse.disk import is_full

BLOCK: Final = 1 << 20
SUFFIXES: Final = (
    *(".csv", ".tsv", ".txt", ".json", ".geojson", ".jsonl", ".ndjson", ".parquet"),
    *(".xlsx", ".xls", ".ods", ".xml", ".zip"),
)


@dataclass(frozen=True, slots=True)
class Landed:
    """A delivery and the copy of its bytes; ``hash`` is the SHA-256 of the content in hexadecimal.

    ``part`` names the member of an archive, and the sheet of a workbook, that is read as a file of its own;
    ``path`` is then the member unpacked, and ``sheet`` the sheet.
    """

    delivery: Delivery
    hash: str
    path: Path
    part: str = ""
    sheet: str | None = None

    @property
    def name(self) -> str:
        """What the ledger and facts call it: the delivery's name, and behind it that of the part."""
        return f"{self.delivery.name}/{self.part}" if self.part else self.delivery.name


def land(delivery: Delivery, root: Path, known: str = "") -> Landed:
    """Copy the file below ``root`` under its content's hash, in one pass; one that is there is kept.

    The copy appears under its name only when it is complete and on disk. A file whose bytes have the hash
    ``known`` lies there already: it is only read.
    Raises UnfinishedFileError when the file changes meanwhile, SourceError when it cannot be read, OSError
    when the disk is full.
    """
    staging = work_folder(root)
    part = staging / f"land-{os.getpid()}-{threading.get_ident()}.part"
    digest = hashlib.sha256()
    try:
        if known and (there := landed_path(root, known)) is not None and _hash_of(delivery) == known:
            return Landed(delivery, known, there)
        with delivery.path.open("rb") as source, part.open("wb") as copy:
            while block := source.read(BLOCK):
                digest.update(block)
                copy.write(block)
            copy.flush()
            _demand_unchanged(delivery, source)
            name = digest.hexdigest()
            target = root / name[:2] / f"{name}{_suffix(delivery.path)}"
            if not target.exists():
                os.fdatasync(copy.fileno())
                target.parent.mkdir(exist_ok=True)
                part.chmod(0o444)
                part.replace(target)
    except FileNotFoundError as error:
        raise UnfinishedFileError(delivery.name) from error
    except PermissionError as error:
        raise SourceError(
            f"{delivery.name} may not be read by this user",
            "give read permission on the file to the user that runs the service",
        ) from error
    except OSError as error:
        if is_full(error):
            raise
        raise SourceError(
            f"{delivery.name} cannot be copied: {error.strerror or error}",
            "look at the disk or network drive that it lies on; the file is tried again",
        ) from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            part.unlink()
    return Landed(delivery, name, target)


def _hash_of(delivery: Delivery) -> str:
    with delivery.path.open("rb") as source:
        found = hashlib.file_digest(source, "sha256").hexdigest()
        _demand_unchanged(delivery, source)
    return found


def landed_path(root: Path, hash: str) -> Path | None:
    """Where the bytes of this hash lie; None when they are kept no more."""
    return next((root / hash[:2]).glob(f"{hash}*"), None) if hash else None


def work_folder(root: Path) -> Path:
    """Where unfinished copies and decoded texts lie; what is left in it after a crash is waste."""
    folder = root / ".work"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def clean(root: Path) -> None:
    """Remove what an interrupted load left behind."""
    for waste in work_folder(root).iterdir():
        if waste.is_dir():
            shutil.rmtree(waste)
        else:
            waste.unlink(missing_ok=True)


def _demand_unchanged(delivery: Delivery, source: BinaryIO) -> None:
    """A file that grew while it was copied is half a file: its other half may be on the way."""
    status = os.fstat(source.fileno())
    if status.st_size != delivery.size or source.tell() != delivery.size:
        raise UnfinishedFileError(delivery.name)


def _suffix(path: Path) -> str:
    """The ending that tells the format, so that people can open a landed file."""
    suffixes = [suffix.lower() for suffix in path.suffixes[-2:]]
    if suffixes and suffixes[-1] == ".gz":
        return (suffixes[-2] if len(suffixes) == 2 and suffixes[-2] in SUFFIXES else "") + ".gz"
    return suffixes[-1] if suffixes and suffixes[-1] in SUFFIXES else ""
