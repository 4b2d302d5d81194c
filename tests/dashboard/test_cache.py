"""Screens are rendered once per version, however many ask at once."""

from __future__ import annotations

import gzip
import threading
import time

import pytest

from dashboard.cache import ScreenCache


def test_a_crowd_renders_once_and_sees_the_same() -> None:
    cache = ScreenCache()
    rendered: list[int] = []

    def render() -> bytes:
        rendered.append(1)
        time.sleep(0.05)
        return b"[1]"

    pages: list[bytes] = []
    crowd = [
        threading.Thread(target=lambda: pages.append(cache.page("1", "key", render).body)) for _ in range(12)
    ]
    for thread in crowd:
        thread.start()
    for thread in crowd:
        thread.join()
    assert len(rendered) == 1
    assert {gzip.decompress(page) for page in pages} == {b"[1]"}


def test_a_new_version_renders_anew_and_the_tag_tells_whether_it_differs() -> None:
    cache = ScreenCache()
    first = cache.page("1", "key", lambda: b"same")
    second = cache.page("2", "key", lambda: b"same")
    third = cache.page("3", "key", lambda: b"other")
    assert first.etag == second.etag != third.etag


def test_a_render_that_fails_is_not_kept() -> None:
    cache = ScreenCache()

    def fail() -> bytes:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        cache.page("1", "key", fail)
    assert gzip.decompress(cache.page("1", "key", lambda: b"now").body) == b"now"
