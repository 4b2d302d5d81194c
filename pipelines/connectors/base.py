"""What a connector is: it asks one kind of source, and drops what that answers as complete files.

A connector knows nothing of contracts or facts. What it drops waits in the feed's folder of the spool and is
from there on a delivery as any other. What it must remember (an ETag, how far a column has been read) is its
*state*, kept by the caller only once everything dropped lies on disk: a crash in between fetches the same
again, and loading the same again changes nothing.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Protocol

from config.models import Format, Listened, Remote
from pipelines.errors import PassingFault, SourceError

State = Mapping[str, Any]
"""What a connector remembers of its source, as JSON may hold it. Empty at first."""


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, since <= t < until (both with zone), that is fetched anew."""

    since: dt.datetime
    until: dt.datetime


@dataclass
class Drop:
    """Where a connector puts files. Their names grow with the fetch, and within one with each file.

    So of one key the file with the later name wins, whatever became of the machine's clock. ``prefix`` begins
    every name; ``deadline`` is on the clock of ``time.monotonic``, ``size_limit`` bytes of one file.
    """

    folder: Path
    prefix: str
    deadline: float
    size_limit: int
    files: list[Path] = field(default_factory=list)
    size: int = 0

    @contextlib.contextmanager
    def file(self, ending: str, label: str = "") -> Iterator[IO[bytes]]:
        """A file to write, such as ``.json``; it appears in the spool when the block ends, on disk and whole,
        and not at all when the block raises. ``label`` stands at the end of its name.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        name = f"{self.prefix}-{len(self.files) + 1:06d}{f'-{label}' if label else ''}{ending}"
        path = self.folder / name
        part = path.with_name(name + ".part")
        try:
            with part.open("wb") as stream:
                yield _Watched(stream, self)  # type: ignore[misc]
                stream.flush()
                os.fsync(stream.fileno())
                self.size += stream.tell()
            self._appear(part, path)
        finally:
            part.unlink(missing_ok=True)

    def take(self, part: Path, ending: str = "", name: str | None = None) -> Path:
        """Let a whole file that the connector wrote itself, in ``folder``, appear in the spool.

        ``name`` is for sources whose own names order their files.
        """
        path = self.folder / (name or f"{self.prefix}-{len(self.files) + 1:06d}{ending}")
        with part.open("rb") as stream:
            os.fsync(stream.fileno())
            self.size += os.fstat(stream.fileno()).st_size
        self._appear(part, path)
        return path

    def _appear(self, part: Path, path: Path) -> None:
        part.replace(path)
        # The name, too, must outlast a power cut: the state that is stored next says that it is there.
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self.files.append(path)

    def check(self) -> None:
        """Raise PassingFault when the time is over. Connectors call it between two steps."""
        if time.monotonic() > self.deadline:
            raise PassingFault("the fetch took longer than its time limit", "raise connector.time_limit")


class _Watched:
    """A stream that keeps to the limits of its drop with each piece that is written."""

    def __init__(self, stream: IO[bytes], drop: Drop) -> None:
        self._stream = stream
        self._drop = drop

    def write(self, piece: bytes) -> int:
        self._drop.check()
        written = self._stream.write(piece)
        if self._stream.tell() > self._drop.size_limit:
            raise SourceError(
                f"the answer is larger than {self._drop.size_limit >> 20} MiB", "raise connector.size_limit"
            )
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@dataclass(frozen=True)
class Ask:
    """One fetch: what to ask, from where, what is known of it, and where to put the answer.

    ``window``: fetch this span of time anew and leave the state as it is (only for connectors that are
    ``ranged``). ``environ`` holds secrets by the names that the definition gives. ``format`` is how what is
    dropped will be read: an answer that is plainly something else is refused before it is dropped.
    """

    feed: str
    connector: Remote
    state: State
    now: dt.datetime
    drop: Drop
    environ: Mapping[str, str]
    zone: dt.tzinfo
    window: Window | None = None
    format: Format = field(default_factory=Format)

    def secret(self, name: str | None) -> str | None:
        """A secret by the name of its environment variable. Raises SourceError where that is not set."""
        return secret_of(self.environ, name)


def secret_of(environ: Mapping[str, str], name: str | None) -> str | None:
    """A secret by the name of its environment variable. Raises SourceError where that is not set."""
    if name is None:
        return None
    if not environ.get(name):
        raise SourceError(
            f"the environment variable {name} is not set", "set it where the service is started"
        )
    return environ[name]


class Connector(Protocol):
    """One module against one protocol. Holds nothing between two fetches."""

    @property
    def ranged(self) -> bool:
        """Whether a window of time can be fetched."""

    def fetch(self, ask: Ask) -> State:
        """Drop what is new since ``ask.state``; the new state. Dropping nothing means: nothing new.

        Raises PassingFault for what may be over next time, SourceError for what somebody must mend.
        """


@dataclass(frozen=True)
class Hear:
    """One session of listening: to what, and where to put what comes.

    Files are dropped into ``drop`` for as long as it lasts, and ``dropped`` is told after each. ``stopping``
    is set when it shall end. ``clock`` tells the time. ``tell`` notes what is in the way at the moment (None:
    nothing any more).
    """

    feed: str
    connector: Listened
    drop: Drop
    environ: Mapping[str, str]
    clock: Callable[[], dt.datetime]
    stopping: threading.Event
    dropped: Callable[[], object]
    tell: Callable[[str | None], object]

    def secret(self, name: str | None) -> str | None:
        """A secret by the name of its environment variable. Raises SourceError where that is not set."""
        return secret_of(self.environ, name)


class Listener(Protocol):
    """One module against a protocol in which the source speaks first. Holds nothing between sessions."""

    def listen(self, hear: Hear) -> None:
        """Drop what comes until ``hear.stopping`` is set, then end within two seconds.

        The source is told that something has arrived only when it lies on disk. Raises as a connector does.
        """
