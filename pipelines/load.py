"""Loading: land → contract → accepted or quarantined → facts → ledger, a batch of files in one transaction.

Loading is idempotent: a file that is known is not looked at, and rows that are known change nothing. What a
feed's files say does not depend on when they came: of one key, the file with the later name wins.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from config import City
from config.models import Feed
from pipelines import account, drift, headers
from pipelines.account import RunResult
from pipelines.batch import load_batch
from pipelines.drift import DriftError
from pipelines.errors import SourceError, UnfinishedFileError
from pipelines.folder import Delivery, deliveries, fresh
from pipelines.land import Landed, clean, land, work_folder
from pipelines.read.inspect import inspect, work_prefix
from pipelines.read.parts import only, split
from pipelines.read.reshape import names_after
from pipelines.read.shape import Ready, bind
from pipelines.retry import pause
from warehouse.disk import DiskFullError, is_full
from warehouse.facts import FactTableError
from warehouse.progress import Progress, silent
from warehouse.store import SqlError, Store, TimeLimitError

__all__ = ["Loader", "RunResult"]

log = logging.getLogger(__name__)

BATCH_BYTES: Final = 256 << 20
"""Text that is loaded in one transaction, unless one file alone has more."""
BATCH_FILES: Final = 500
_UNPACKED: Final = {"parquet": 6, "workbook": 12}
"""How much larger packed formats are as text, roughly."""


_FAULTS: Final = (SourceError, FactTableError, SqlError, TimeLimitError)


def _cause(error: Exception) -> tuple[str, str]:
    """What a run is told to have failed of, and what to do; it was not the file's fault."""
    if isinstance(error, TimeLimitError):
        return (
            f"the load took longer than {error.limit} and was rolled back",
            "the file is tried again; raise timing.load_limit if it is as large as it should be",
        )
    return str(error).splitlines()[0][:500], "the warehouse refused; the file is tried again"


class Loader:
    """Loads feeds' files from the inbox, and from the ``spool`` what was fetched.

    One run of a feed at a time; feeds may run in several threads.
    """

    def __init__(self, city: City, store: Store, inbox: Path, landing: Path, spool: Path) -> None:
        self._city = city
        self._store = store
        self._inbox = inbox
        self._landing = landing
        self._spool = spool
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        # What each feed is looking at; feeds whose runs stand open because the disk was full.
        self._at: dict[str, Delivery] = {}
        self._left_open: set[str] = set()
        # Of files whose load took too long: how often, and until when they are left alone.
        self._held: dict[Delivery, tuple[int, dt.datetime]] = {}
        # Archives with a part that the warehouse refused: they are looked at again.
        self._refused: set[Delivery] = set()

    def pending(self, feed: Feed) -> list[Delivery]:
        """Files of the feed that wait in the inbox, in the order in which they will be loaded."""
        stamps = {name: stamp for name, (_, stamp) in self._landed(feed).items()}
        return fresh(deliveries(feed, self._inbox, self._spool), stamps)

    def recover(self, now: dt.datetime) -> int:
        """Clear up after a process that ended in mid-load; returns the number of runs it left open."""
        clean(self._landing)
        with self._store.write() as cursor:
            return account.close_interrupted(cursor, now)

    def run(self, feed: Feed, now: dt.datetime, progress: Progress = silent) -> list[RunResult]:
        """Load what waits for the feed. ``now`` is the time of the load, with its zone.

        A file that cannot be read has a failed run with cause and hint, and stops no other.
        """
        with self._locks[feed.id]:
            landed = self._landed(feed)
            waiting = fresh(
                deliveries(feed, self._inbox, self._spool), {n: stamp for n, (_, stamp) in landed.items()}
            )
            waiting = [file for file in waiting if now >= self._held.get(file, (0, now))[1]]
            known = {name: hash for name, (hash, _) in landed.items()}
            return self._work_off(feed, waiting, known, now, progress)

    def again(
        self, feed: Feed, files: Sequence[Delivery], now: dt.datetime, progress: Progress = silent
    ) -> list[RunResult]:
        """Load deliveries once more whose landed bytes lie at their ``path``, by today's contract.

        Their runs are of kind ``reload``: no department has delivered anything.
        """
        with self._locks[feed.id]:
            results = self._work_off(feed, files, {}, now, progress)
            with self._store.write() as cursor:
                ids = [result.id for result in results]
                cursor.execute("UPDATE run SET kind = 'reload' WHERE list_contains(?, id)", [ids])
            return results

    def _work_off(
        self,
        feed: Feed,
        waiting: Sequence[Delivery],
        known: Mapping[str, str],
        now: dt.datetime,
        progress: Progress,
    ) -> list[RunResult]:
        if not waiting:
            return []
        step = f"load {feed.id}"
        progress(step, 0, len(waiting))
        results: list[RunResult] = []
        done = 0
        try:
            self._close_left_open(feed, now)
            for batch, seen in self._batches(feed, waiting, known, now, results):
                if batch:
                    results += self._load(feed, batch, now)
                self._drop_decoded(batch)
                done += seen
                progress(step, done, len(waiting))
        except (DiskFullError, OSError) as error:
            if not isinstance(error, DiskFullError) and not is_full(error):
                raise
            results += self._stop_full(feed, now, error)
        finally:
            self._drop_unpacked(feed)
        return sorted(results, key=lambda result: result.id)

    def _batches(
        self,
        feed: Feed,
        waiting: Sequence[Delivery],
        known: Mapping[str, str],
        now: dt.datetime,
        results: list[RunResult],
    ) -> Iterator[tuple[list[Ready], int]]:
        """Land and look at each file; give those that can be read together, and how many files that settles.

        ``known`` holds the hash of each file's newest landing, by name. Files that cannot be read are failed
        here and added to ``results``.
        """
        batch: list[Ready] = []
        archives: list[Landed] = []  # whose parts are all loaded once the batch is
        work = work_folder(self._landing)
        weight = seen = 0
        for delivery in waiting:
            seen += 1
            self._at[feed.id] = delivery
            try:
                landed = land(delivery, self._landing, known.get(delivery.name, ""))
            except UnfinishedFileError:
                log.info("%s is still being written; it is left for the next look", delivery.name)
                continue
            except SourceError as error:
                results += self._fail_unlanded(feed, delivery, now, error)
                continue
            if known.get(delivery.name) == landed.hash:
                self._settle_again(feed, landed, now)
                self._taken(delivery)
                continue
            parts = split(feed.format, landed, work, work_prefix(feed))
            if feed.mode == "snapshot" and not (feed.snapshot and feed.snapshot.within):
                parts = only(parts, landed)
            for part, fault in parts:
                try:
                    if fault is not None:
                        raise fault
                    ready = inspect(feed, part, work)
                    self._bind(feed, ready)
                except SourceError as error:
                    results.append(self._fail(feed, part, now, error))
                    continue
                size = ready.path.stat().st_size * _UNPACKED.get(ready.shape.format, 1)
                if batch and (
                    ready.shape != batch[0].shape
                    or weight + size > BATCH_BYTES
                    or len(batch) >= BATCH_FILES
                    or feed.format.reshaped
                    or feed.mode == "snapshot"
                ):
                    yield batch, seen - 1
                    self._settle_archives(feed, archives, now)
                    batch, weight, seen = [], 0, 1
                batch.append(ready)
                weight += size
            if part.part:
                archives.append(landed)
        yield batch, seen
        self._settle_archives(feed, archives, now)

    def _bind(self, feed: Feed, ready: Ready) -> None:
        """Raise SourceError for a file that lacks a column, with what earlier files show of it."""
        try:
            bind(feed, names_after(feed.format, ready.shape))
        except SourceError as error:
            with self._store.read() as cursor:
                raise headers.explain(cursor, feed, ready, error, self._city.head.languages[0]) from error

    def _landed(self, feed: Feed) -> dict[str, tuple[str, tuple[int, dt.datetime]]]:
        with self._store.read() as cursor:
            return account.landings(cursor, feed)

    @staticmethod
    def _drop_decoded(batch: Sequence[Ready]) -> None:
        """Remove the texts that were unpacked or decoded to be read; the landed bytes stay."""
        for ready in batch:
            if ready.path != ready.landed.path:
                ready.path.unlink(missing_ok=True)
            if ready.landed.part and ready.landed.sheet is None:
                ready.landed.path.unlink(missing_ok=True)

    def _drop_unpacked(self, feed: Feed) -> None:
        for path in work_folder(self._landing).glob(f"{work_prefix(feed)}*"):
            path.unlink(missing_ok=True)

    def _load(self, feed: Feed, batch: Sequence[Ready], now: dt.datetime) -> list[RunResult]:
        """Load a batch; should a file break it, load its files one by one and fail that file alone."""
        files = [ready.landed for ready in batch]
        with self._store.write() as cursor:
            runs = account.start_runs(cursor, feed, files, now)
        try:
            return self._commit(feed, batch, runs, now)
        except _FAULTS as error:
            if len(batch) == 1:
                return [self._fail(feed, files[0], now, error, runs[0])]
            log.warning("%s: %s; its files are loaded one by one", feed.id, error)
        results: list[RunResult] = []
        for ready, run in zip(batch, runs, strict=True):
            try:
                results += self._commit(feed, [ready], [run], now)
            except _FAULTS as error:
                results.append(self._fail(feed, ready.landed, now, error, run))
        return results

    def _commit(
        self, feed: Feed, batch: Sequence[Ready], runs: Sequence[int], now: dt.datetime
    ) -> list[RunResult]:
        with self._store.write(feed.timing.load_limit) as cursor:
            results = load_batch(cursor, self._city, feed, batch, runs, now, work_folder(self._landing))
            whole = [(r.landed, run) for r, run in zip(batch, runs, strict=True) if not r.landed.part]
            account.note_landings(cursor, feed, whole, now)
            self._store.bump(cursor)
        for file, _ in whole:
            self._taken(file.delivery)
        return results

    def _fail(
        self,
        feed: Feed,
        file: Landed,
        now: dt.datetime,
        error: Exception,
        run: int | None = None,
    ) -> RunResult:
        """Close a run as failed. What the file is to blame for is not tried again until the file changes."""
        log.warning("%s: %s", file.name, error)
        with self._store.write() as cursor:
            id_ = run if run is not None else account.start_runs(cursor, feed, [file], now)[0]
            if isinstance(error, SourceError):
                result = account.fail_run(cursor, feed, file, id_, now, error.message, error.hint)
                if isinstance(error, DriftError):
                    drift.note(cursor, feed, id_, error.changes, now)
                if not file.part:
                    account.note_landings(cursor, feed, [(file, id_)], now)
            else:
                result = account.fail_run(cursor, feed, file, id_, now, *_cause(error))
            self._store.bump(cursor)
        if isinstance(error, SourceError) and not file.part:
            self._taken(file.delivery)
        if file.part and not isinstance(error, SourceError):
            self._refused.add(file.delivery)
        if isinstance(error, TimeLimitError):
            # It would hold up every other feed at each look.
            failed = self._held.get(file.delivery, (0, now))[0] + 1
            retries = feed.timing.retries
            self._held[file.delivery] = failed, now + (pause(retries, failed, 0.0) or retries.longest)
        return result

    def _fail_unlanded(
        self, feed: Feed, delivery: Delivery, now: dt.datetime, error: SourceError | DiskFullError
    ) -> list[RunResult]:
        """Tell once what keeps a file from being copied; it is tried at every look, since no file changes."""
        with self._store.write() as cursor:
            if account.failed_last(cursor, feed, delivery.name, error.message):
                return []
            log.warning("%s: %s", delivery.name, error)
            file = Landed(delivery, "", delivery.path)
            [run] = account.start_runs(cursor, feed, [file], now)
            result = account.fail_run(cursor, feed, file, run, now, error.message, error.hint)
            self._store.bump(cursor)
        return [result]

    def _stop_full(self, feed: Feed, now: dt.datetime, error: Exception) -> list[RunResult]:
        """Tell that there is no room: in the runs that are open, else in one of the file that was looked at.

        Nothing is tried further: what is undone leaves the old state, and every file waits for the next look.
        """
        full = error if isinstance(error, DiskFullError) else DiskFullError(self._landing)
        log.error("%s: %s", feed.id, full)
        try:
            with self._store.write() as cursor:
                results = account.fail_open(cursor, feed, now, full.message, full.hint)
                self._store.bump(cursor)
            return results or self._fail_unlanded(feed, self._at[feed.id], now, full)
        except DiskFullError:  # not even that can be written
            self._left_open.add(feed.id)
            name = self._at[feed.id].name if feed.id in self._at else ""
            return [RunResult(0, feed.id, name, "failed", message=full.message, hint=full.hint)]

    def _close_left_open(self, feed: Feed, now: dt.datetime) -> None:
        """Close the runs whose end could not be written down."""
        if feed.id in self._left_open:
            with self._store.write() as cursor:
                full = DiskFullError(self._store.path.parent)
                account.fail_open(cursor, feed, now, full.message, full.hint)
            self._left_open.discard(feed.id)

    def _taken(self, delivery: Delivery) -> None:
        """What was fetched is landed and accounted for; the inbox belongs to those who deliver."""
        if delivery.path.is_relative_to(self._spool):
            delivery.path.unlink(missing_ok=True)

    def _settle_archives(self, feed: Feed, archives: list[Landed], now: dt.datetime) -> None:
        """Note that archives need not be looked at again: each part of theirs has its run.

        One that the warehouse refused a part of is looked at again.
        """
        for file in archives:
            if file.delivery in self._refused:
                self._refused.discard(file.delivery)
            else:
                self._settle_again(feed, file, now)
                self._taken(file.delivery)
        archives.clear()

    def _settle_again(self, feed: Feed, file: Landed, now: dt.datetime) -> None:
        """Only the file's time changed: note it, so that it is not read again at every look."""
        with self._store.write() as cursor:
            account.note_landings(cursor, feed, [(file, None)], now)
