"""An answer that is one whole file: dropped, unless it is the one that was dropped last."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pipelines.connectors.answer import Answer
from pipelines.connectors.base import Ask
from pipelines.connectors.look import digest_of


class _Nothing(Exception):  # noqa: N818 that nothing is new is no error
    """The file is not dropped."""


def save(
    ask: Ask, answer: Answer, known: object = None, worth: Callable[[Path], bool] = lambda _: True
) -> str:
    """Drop the file that the answer is; returns its digest.

    One whose digest is ``known`` is not dropped, nor one that is not ``worth`` it, which may also raise
    PassingFault or SourceError: the file lies complete on disk when it is asked.
    """
    digest = ""
    try:
        with ask.drop.file(answer.ending(ask.format)) as out:
            answer.save(out, ask.format)
            out.flush()
            path = Path(out.name)
            digest = digest_of(path)
            if digest == known or not worth(path):
                raise _Nothing
    except _Nothing:
        pass
    return digest
