"""Identifiers that people could read aloud: prefix, day, number."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from standin.noise import Ints
from standin.timeline import date_of


def identifiers(prefix: str, day: Ints, number: Ints) -> pa.Array:
    """``PREFIX-YYMMDD-00001`` for each row."""
    days, position = np.unique(day, return_inverse=True)
    heads = pa.array([f"{prefix}-{date_of(int(d)):%y%m%d}-" for d in days], pa.string())
    tails = pa.array(np.char.zfill(np.arange(1, int(number.max(initial=0)) + 2).astype(str), 5), pa.string())
    return pc.binary_join_element_wise(heads.take(pa.array(position)), tails.take(pa.array(number)), "")
