"""Where a running city keeps its files, and the few settings that the environment may give."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from warehouse.store import Store


_MEMORY: Final = "2GiB"


def memory_limit() -> str:
    """What the warehouse may hold in memory: ``IOC_MEMORY``, or 2 GiB."""
    return os.environ.get("IOC_MEMORY", _MEMORY)


@contextlib.contextmanager
def opened(warehouse: Path, timezone: str) -> Iterator[Store]:
    """The warehouse of a city that no process runs. Raises StoreError when another one has it open."""
    from warehouse.store import Store

    store = Store.open(warehouse, timezone, memory_limit=memory_limit())
    try:
        yield store
    finally:
        store.close()


def serving_lock(places: Places) -> FileLock:
    """Held by the process that serves the city, which carries out what others ask for."""
    places.locks.mkdir(parents=True, exist_ok=True)
    return FileLock(places.locks / "serving.lock", timeout=0, is_singleton=False, thread_local=False)


def served(places: Places) -> bool:
    """Whether a process serves the city now."""
    if not places.locks.is_dir():
        return False
    try:
        with serving_lock(places):
            return False
    except Timeout:
        return True


class UnwritableError(Exception):
    """A folder that the city needs cannot be made or written to."""

    def __init__(self, folder: Path, error: OSError) -> None:
        super().__init__(f"cannot write to {folder} ({error.strerror}); choose another folder with --var")


@dataclass(frozen=True)
class Places:
    """Folders and files of one city below the var folder; ``inbox`` is where departments drop their files."""

    var: Path
    inbox: Path

    @classmethod
    def of(cls, city_id: str, var: Path, inbox: Path | None = None) -> Places:
        """The places of a city: everything below ``var/<city>``, unless its inbox stands elsewhere."""
        own = var / city_id
        return cls(own, inbox or own / "inbox")

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.var / "warehouse.duckdb"

    @property
    def landing(self) -> Path:
        """Files as received, by content."""
        return self.var / "landing"

    @property
    def spool(self) -> Path:
        """What was fetched from other systems and is not loaded yet: a folder for each feed."""
        return self.var / "spool"

    @property
    def locks(self) -> Path:
        """One file for each feed that is being fetched, and one for the process that serves."""
        return self.var / "locks"

    @property
    def reports(self) -> Path:
        """Reports that were made: a folder for each."""
        return self.var / "reports"

    @property
    def people(self) -> str:
        """URL of the database that holds what people did; ``IOC_STATE_URL`` may name a PostgreSQL one."""
        return os.environ.get("IOC_STATE_URL") or f"sqlite:///{self.var / 'people.sqlite'}"

    @property
    def studio_writes(self) -> bool:
        """Whether the studio may put definitions into the city's folder: only where ``IOC_STUDIO`` is 1, as
        nobody signs in to it.
        """
        return os.environ.get("IOC_STUDIO") == "1"

    @property
    def truth(self) -> Path:
        """What the stand-in departments injected, for tests alone."""
        return self.var / "truth.json"

    def make(self) -> None:
        """Create the folders. Raises UnwritableError where one cannot be made or written to."""
        for folder in (self.var, self.inbox, self.landing, self.spool, self.locks):
            try:
                folder.mkdir(parents=True, exist_ok=True)
                with tempfile.TemporaryFile(dir=folder):
                    pass
            except OSError as error:
                raise UnwritableError(folder, error) from error
