"""Files on an SFTP server, each fetched once it is complete, and again when it has changed.

Files keep the sender's names: of one key the file with the later name wins, and only the sender's own names
say which that is. A download that breaks off lies hidden in the feed's folder of the spool and goes on from
there.
"""

from __future__ import annotations

import hashlib
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final

import paramiko

from config.models.sftp import SftpConnector
from pipelines.connectors.base import Ask, State
from pipelines.connectors.ssh import connected
from pipelines.errors import PassingFault, SourceError
from pipelines.folder import is_temporary

PARTIAL: Final = ".partial"
_PIECE: Final = 1 << 15
_WINDOW: Final = 64
"""Pieces asked for at a time: more would only wait in memory."""
_LOOK: Final = 0.2
_WILD: Final = frozenset("*?[")
_FOLDER_MARK: Final = "!"
"""Stands for / in the name of a drop: it sorts before all that names of files begin with."""


@dataclass(frozen=True, slots=True)
class _File:
    """A file on the server. ``name`` is that of its drop, ``stamp`` what changes when it does."""

    path: str
    name: str
    size: int
    changed: int
    marked: bool = False

    @property
    def stamp(self) -> list[int]:
        return [self.size, self.changed]

    @property
    def partial(self) -> str:
        digest = hashlib.sha256(self.path.encode()).hexdigest()[:16]
        return f".{digest}-{self.size}-{self.changed}{PARTIAL}"


class Sftp:
    """The connector for ``kind: sftp``. A window of time means: files changed in it."""

    ranged = True

    def fetch(self, ask: Ask) -> State:
        """Drop new and changed files in the order of their names."""
        remote = ask.connector
        assert isinstance(remote, SftpConnector)
        fetched: dict[str, Any] = dict(ask.state.get("files", {}))
        try:
            with connected(ask, remote) as client:
                found = _listed(client, remote)
                settled = _settled(ask, remote, client, _candidates(ask, found))
                _demand_fitting(ask, settled)
                ask.drop.folder.mkdir(parents=True, exist_ok=True)
                _forget_partials(ask.drop.folder, settled)
                for file in settled:
                    if _download(ask, client, file):
                        fetched[file.path] = file.stamp
        except PassingFault as fault:
            reached = _state(fetched, fetched, ())
            raise PassingFault(fault.message, fault.hint, fault.retry_after, reached) from fault
        return _state(fetched, found, found.values())


def _state(fetched: Mapping[str, Any], there: Iterable[str], seen: Iterable[_File]) -> State:
    """What was fetched, of what is still there; and what was seen, to tell what grows."""
    return {
        "files": {path: fetched[path] for path in there if path in fetched},
        "seen": {file.path: file.stamp for file in seen if fetched.get(file.path) != file.stamp},
    }


def _candidates(ask: Ask, found: Mapping[str, _File]) -> list[_File]:
    """Files that are new or changed; in a window those that changed in it."""
    if ask.window is not None:
        since, until = ask.window.since.timestamp(), ask.window.until.timestamp()
        return [file for file in found.values() if since <= file.changed < until]
    fetched = ask.state.get("files", {})
    return [file for file in found.values() if fetched.get(file.path) != file.stamp]


def _settled(ask: Ask, remote: SftpConnector, client: paramiko.SFTPClient, files: list[_File]) -> list[_File]:
    """Those that are complete: marked, or the same at two looks."""
    if remote.marker is not None:
        return [file for file in files if file.marked]
    seen = ask.state.get("seen", {})
    unsure = [file for file in files if seen.get(file.path) != file.stamp]
    if not unsure or not remote.settle:
        return files
    until = time.monotonic() + remote.settle.total_seconds()
    while time.monotonic() < until:
        ask.drop.check()
        time.sleep(_LOOK)
    again = _listed(client, remote)
    return [file for file in files if again.get(file.path) == file]


def _demand_fitting(ask: Ask, files: Iterable[_File]) -> None:
    for file in files:
        if file.size > ask.drop.size_limit:
            raise SourceError(
                f"{file.path} is larger than {ask.drop.size_limit >> 20} MiB", "raise connector.size_limit"
            )


def _download(ask: Ask, client: paramiko.SFTPClient, file: _File) -> bool:
    """Fetch a file, from where an earlier try broke off; False when it changed meanwhile."""
    partial = ask.drop.folder / file.partial
    with partial.open("ab") as copy, _of(file.path), client.open(file.path, "rb") as source:
        here = copy.tell()
        while here < file.size:
            pieces = [
                (at, min(_PIECE, file.size - at))
                for at in range(here, min(file.size, here + _PIECE * _WINDOW), _PIECE)
            ]
            for piece in source.readv(pieces):
                ask.drop.check()
                copy.write(piece)
            if copy.tell() != pieces[-1][0] + pieces[-1][1]:
                break  # it became shorter
            here = copy.tell()
        status = source.stat()
    if here != file.size or [status.st_size, status.st_mtime] != file.stamp:
        partial.unlink()
        return False
    ask.drop.take(partial, name=file.name)
    return True


def _forget_partials(folder: Path, files: Iterable[_File]) -> None:
    """Downloads that broke off and are of no use: their file changed, or is gone."""
    useful = {file.partial for file in files}
    for path in folder.glob(f".*{PARTIAL}"):
        if path.name not in useful:
            path.unlink()


def _listed(client: paramiko.SFTPClient, remote: SftpConnector) -> dict[str, _File]:
    """The files that the pattern matches, in the order of their drops' names."""
    folder, _, pattern = remote.path.rpartition("/")
    fixed, *wild = _folders("/" if remote.path.startswith("/") and not folder.strip("/") else folder)
    folders = [fixed]
    for level in wild:
        folders = [
            f"{above}/{entry.filename}"
            for above in folders
            for entry in _entries(client, above)
            if stat.S_ISDIR(entry.st_mode or 0) and fnmatchcase(entry.filename, level)
        ]
    found: list[_File] = []
    for here in folders:
        entries = {entry.filename: entry for entry in _entries(client, here)}
        prefix = here.removeprefix(fixed).strip("/").replace("/", _FOLDER_MARK)
        for name, entry in entries.items():
            if not fnmatchcase(name, pattern) or is_temporary(name):
                continue
            marker = remote.marker
            if marker is not None and name.endswith(marker):
                continue
            file = _file(client, f"{here.rstrip('/')}/{name}" if here else name, entry)
            if file is not None:
                dropped = f"{prefix}{_FOLDER_MARK if prefix else ''}{name}"
                marked = marker is not None and name + marker in entries
                found.append(_File(file[0], dropped, file[1], file[2], marked))
    return {file.path: file for file in sorted(found, key=lambda file: file.name)}


def _folders(folder: str) -> list[str]:
    """The part of a path that is given whole, then each level below it."""
    levels = folder.split("/")
    first = next((i for i, level in enumerate(levels) if _WILD & set(level)), len(levels))
    return ["/".join(levels[:first]) or ("/" if folder.startswith("/") else ""), *levels[first:]]


def _entries(client: paramiko.SFTPClient, folder: str) -> list[paramiko.SFTPAttributes]:
    """What lies in a folder; names that lead elsewhere are passed over."""
    with _of(folder):
        listed = client.listdir_attr(folder or ".")
    return [
        entry
        for entry in listed
        if entry.filename not in (".", "..") and not set(entry.filename) & {"/", "\0"}
    ]


def _file(
    client: paramiko.SFTPClient, path: str, entry: paramiko.SFTPAttributes
) -> tuple[str, int, int] | None:
    """Path, size and time of change of a regular file, also behind a link."""
    status = entry
    if stat.S_ISLNK(entry.st_mode or 0):
        try:
            status = client.stat(path)
        except FileNotFoundError:  # it leads nowhere
            return None
    if not stat.S_ISREG(status.st_mode or 0):
        return None
    return path, int(status.st_size or 0), int(status.st_mtime or 0)


@contextmanager
def _of(path: str) -> Iterator[None]:
    """What the server says of a path in words; what this machine says of its own disk passes through."""
    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"there is no {path or 'home'} on the server", "correct connector.path") from error
    except PermissionError as error:
        raise SourceError(
            f"the server does not let this user read {path or 'home'}", "have its operator allow it"
        ) from error
    except OSError as error:
        if error.errno is None:  # only servers fail without a number
            raise PassingFault(f"the server cannot give {path}: {error}") from error
        raise
