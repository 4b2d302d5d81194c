"""Filling the inbox: repeatable, incremental, whole files, and a truth that stays outside."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from config import City
from standin.build import Departments
from standin.errors import StandinError

UNTIL = dt.datetime.fromisoformat("2026-11-20T10:30:00+07:00")


def _prints(out: Path) -> dict[str, tuple[str, float]]:
    files = (p for p in sorted(out.rglob("*")) if p.is_file())
    return {
        str(p.relative_to(out)): (hashlib.sha256(p.read_bytes()).hexdigest(), p.stat().st_mtime)
        for p in files
    }


def _made(city: City, folder: Path, scale: float = 0.08, seed: int = 7) -> Departments:
    return Departments(city, folder / "inbox", folder / "truth.json", seed=seed, scale=scale)


def _tickets(out: Path) -> pd.DataFrame:
    files = sorted((out / "hotline").glob("*.csv"))
    rows = pd.concat([pd.read_csv(f, sep=";", dtype=str, encoding="utf-8-sig") for f in files])
    return rows.drop_duplicates("Mã phản ánh", keep="last").set_index("Mã phản ánh").sort_index()


def test_the_same_seed_gives_the_same_bytes(
    small_city: City, departments: Departments, tmp_path: Path
) -> None:
    again = _made(small_city, tmp_path)
    again.deliver(UNTIL)
    assert _prints(again.out) == _prints(departments.out)


def test_another_seed_gives_another_city(quick_city: City, departments: Departments, tmp_path: Path) -> None:
    other = _made(quick_city, tmp_path, seed=8)
    other.deliver(UNTIL)
    same = _prints(other.out).items() & _prints(departments.out).items()
    assert {name.split("/")[0] for name, _ in same} <= {"socioeconomic"}


def test_a_later_build_only_adds(small_city: City, departments: Departments, tmp_path: Path) -> None:
    first = _made(small_city, tmp_path)
    first.deliver(UNTIL - dt.timedelta(days=3, hours=5))
    before = _prints(first.out)
    second = _made(small_city, tmp_path)  # a new process remembers nothing but the files
    report = second.deliver(UNTIL)
    after = _prints(second.out)
    assert before.items() <= after.items()
    assert 0 < sum(report.files.values()) < 250

    # cut at other hours, the inbox tells the same story as one that was filled at once
    pieces, whole = _tickets(second.out), _tickets(departments.out)
    assert pieces.index.equals(whole.index)
    sound = (pieces["Mã phường xã"] != "99999") & (whole["Mã phường xã"] != "99999")
    sound &= ~pieces["Thời gian tiếp nhận"].str.endswith("25:61") & ~whole[
        "Thời gian tiếp nhận"
    ].str.endswith("25:61")
    assert sound.mean() > 0.995
    # "new" and "processing" are told only when something happens, all else is equal
    pd.testing.assert_frame_equal(
        pieces[sound].drop(columns="Trạng thái"), whole[sound].drop(columns="Trạng thái")
    )


def test_nothing_is_written_twice(quick_city: City, tmp_path: Path) -> None:
    made = _made(quick_city, tmp_path, scale=0.01)
    made.deliver(UNTIL)
    assert made.deliver(UNTIL).files == {}


def test_size_follows_the_scale(quick_city: City, departments: Departments, tmp_path: Path) -> None:
    half = _made(quick_city, tmp_path, scale=0.04)
    half.deliver(UNTIL)
    assert len(_tickets(half.out)) == pytest.approx(len(_tickets(departments.out)) / 2, rel=0.05)


def test_a_hamlet_is_a_city_too(quick_city: City, tmp_path: Path) -> None:
    """With a row now and then, most spans are empty: no empty files, no failure."""
    made = _made(quick_city, tmp_path, scale=0.0003)
    report = made.deliver(UNTIL)
    assert 100 < report.rows["hotline_requests"] < 900
    assert all(len(pd.read_parquet(f)) for f in (made.out / "dossiers").glob("*.parquet"))


def test_live_drops_go_on_from_the_last_file(small_city: City, tmp_path: Path) -> None:
    made = _made(small_city, tmp_path, scale=0.3)
    made.deliver(UNTIL)
    before = _prints(made.out)
    for seconds in (300, 600, 900, 1200):
        made.deliver(UNTIL + dt.timedelta(seconds=seconds), live=True)
    new = _prints(made.out).keys() - before.keys()
    assert {n.split("/")[0] for n in new} == {"hotline", "dossiers", "air", "water"}
    drops = sorted(n for n in new if n.startswith("hotline"))
    edges = [n.removesuffix(".csv").split("_")[1:] for n in drops]
    assert edges[0][0] == "20261120T103000"
    assert all(a[1] == b[0] for a, b in pairwise(edges))
    assert before.items() <= _prints(made.out).items()


def test_the_truth_stays_out_of_the_inbox(small_city: City, departments: Departments, tmp_path: Path) -> None:
    assert not list(departments.out.rglob("*truth*"))
    with pytest.raises(StandinError, match="inbox, which the pipeline reads"):
        Departments(small_city, tmp_path / "inbox", tmp_path / "inbox" / "truth.json", 7, 0.1)


def test_incidents_are_recent_known_and_few(departments: Departments) -> None:
    incidents = json.loads(departments.truth.read_text(encoding="utf-8"))["incidents"]
    recent = [i for i in incidents if i["end"] > "2026-11-06"]
    assert len({i["id"] for i in recent}) >= 4
    hit = {i["area"] for i in recent if i["area"]}
    assert len(hit) <= 11
    for incident in incidents:
        assert incident["feed"] in departments.city.feeds
        assert incident["area"] is None or incident["area"] in departments.city.areas
        assert incident["start"] < incident["end"]


def test_an_incident_shows_in_the_figures(departments: Departments) -> None:
    """The truth file tells the truth: fine dust is higher where and when it says so."""
    incidents = json.loads(departments.truth.read_text(encoding="utf-8"))["incidents"]
    files = sorted((departments.out / "air").glob("*.parquet"))
    air = pd.concat([pd.read_parquet(f) for f in files])
    air = air[air.pm25 > 0]
    episodes = [i for i in incidents if i["id"] == "air_episode"]
    assert len(episodes) > 20
    risen = 0
    for episode in episodes:
        start, end = pd.Timestamp(episode["start"]), pd.Timestamp(episode["end"])
        during = air[(air.measured_at > start) & (air.measured_at <= end)]
        here = during.area_code == episode["area"]
        risen += during[here].pm25.mean() > 1.25 * during[~here].pm25.mean()
    assert risen > 0.85 * len(episodes)


def test_an_inbox_is_not_mixed(small_city: City, departments: Departments) -> None:
    with pytest.raises(StandinError, match=r"seed 7 and scale 0\.08"):
        Departments(small_city, departments.out, departments.truth, seed=8, scale=0.08)


def test_a_city_without_departments_says_so(small_city: City, tmp_path: Path) -> None:
    bare = City(**{**{f: getattr(small_city, f) for f in small_city.__dataclass_fields__}, "path": tmp_path})
    with pytest.raises(StandinError, match=r"standin\.yaml is missing"):
        _made(bare, tmp_path)


def test_an_inbox_that_cannot_be_written_gets_one_sentence(quick_city: City, tmp_path: Path) -> None:
    (tmp_path / "inbox").write_text("a file where the folder should be")
    command = [sys.executable, "-m", "standin", "build", "--city", str(quick_city.path)]
    done = subprocess.run(
        [*command, "--out", str(tmp_path / "inbox")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "inbox" in done.stderr


@pytest.mark.parametrize("way", ["signal", "orphan"])
def test_deliver_ends_when_told_or_left_alone(quick_city: City, tmp_path: Path, way: str) -> None:
    out = tmp_path / "inbox"
    command = [sys.executable, "-m", "standin", "deliver", "--city", str(quick_city.path), "--out", str(out)]
    command += ["--scale", "0.01", "--every", "1"]
    if way == "orphan":  # a parent that leaves soon after it has started the departments
        silent = "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL"
        body = f"import subprocess, time; p = subprocess.Popen({command!r}, {silent})"
        body += "; print(p.pid); time.sleep(3)"
        started = subprocess.run([sys.executable, "-c", body], stdout=subprocess.PIPE, text=True, check=True)
        assert _gone(int(started.stdout), 60)
        return
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not (tmp_path / "inbox.truth.json").exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=60) == 0
    assert not list((out / ".unfinished").iterdir())


def _gone(pid: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.2)
    return False
