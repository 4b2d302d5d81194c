"""An answer of Prometheus's HTTP API as a table: a row for each series and moment, a column for each label.

The landed file stays as it was received; the table is made from it in the work folder, when it is read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import ijson
import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.errors import SourceError

TIME: Final = "time"
VALUE: Final = "value"
_SERIES: Final = "data.result.item"
_ROWS: Final = 100_000


def to_parquet(path: Path, target: Path) -> None:
    """Write the samples at ``path`` to ``target``, series by series.

    Columns: ``time`` (UTC, to the millisecond), ``value`` as the server writes it (also ``NaN``, ``+Inf``),
    and each label; one that is called as these two has ``exported_`` before its name. Raises SourceError.
    """
    try:
        if next(_read(path, "status"), None) != "success":
            raise ValueError("its status is not success")
        labels = sorted({name for metric in _read(path, f"{_SERIES}.metric") for name in metric})
        schema = pa.schema(
            [
                (TIME, pa.timestamp("ms", tz="UTC")),
                (VALUE, pa.string()),
                *((f"exported_{name}" if name in (TIME, VALUE) else name, pa.string()) for name in labels),
            ]
        )
        with pq.ParquetWriter(target, schema) as writer:
            waiting: list[pa.RecordBatch] = []
            for series in _read(path, _SERIES):
                waiting.append(_batch(series, labels, schema))
                if sum(batch.num_rows for batch in waiting) >= _ROWS:
                    writer.write_table(pa.Table.from_batches(waiting))
                    waiting = []
            writer.write_table(pa.Table.from_batches(waiting, schema))
    except (ijson.JSONError, KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(
            f"this is no answer of Prometheus: {type(error).__name__}: {str(error).splitlines()[0][:200]}",
            "it should be of /api/v1/query_range or /api/v1/query",
        ) from error


def _read(path: Path, prefix: str) -> Iterator[Any]:
    with path.open("rb") as stream:
        yield from ijson.items(stream, prefix, use_float=True)


def _batch(series: dict[str, Any], labels: list[str], schema: pa.Schema) -> pa.RecordBatch:
    """The samples of one series: ``values`` of a range, or the one ``value`` of a moment."""
    samples = series.get("values") or ([series["value"]] if "value" in series else [])
    times, values = ([sample[place] for sample in samples] for place in (0, 1))
    columns = [
        pa.array([round(time * 1000) for time in times], pa.int64()).cast(schema.field(TIME).type),
        pa.array(values, pa.string()),
    ]
    columns += [pa.repeat(pa.scalar(series["metric"].get(name), pa.string()), len(times)) for name in labels]
    return pa.RecordBatch.from_arrays(columns, schema=schema)
