"""The MQTT listener against a real mosquitto: killed, restarted, without its broker for a while."""

from __future__ import annotations

import datetime as dt
import errno
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion

from bench.common import servers
from config.models.mqtt import MqttConnector
from pipelines.connectors.base import Drop, Hear
from pipelines.connectors.journal import NAME, Journal
from pipelines.connectors.mqtt import Mqtt, _as_line
from pipelines.listen import Listeners

ROOT = Path(__file__).parents[3]
NOON = dt.datetime(2026, 11, 1, 5, 0, tzinfo=dt.UTC)
COLUMNS = [
    {"name": "id", "type": "integer", "source": "payload.id", "required": True},
    {"name": "opened", "type": "timestamp", "source": "payload.at", "required": True},
    {"name": "ward", "type": "text", "required": True},
    {"name": "quantity", "type": "text"},
    {"name": "value", "type": "number", "source": "payload.value"},
]
# A process that listens until it is killed; what it drops is named by the number of its session.
LISTENER = """
import datetime as dt, sys, threading
from pathlib import Path
from config.models.mqtt import MqttConnector
from pipelines.connectors.base import Drop, Hear
from pipelines.connectors.mqtt import Mqtt
from pipelines.errors import PassingFault

folder, session, port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
remote = MqttConnector(kind="mqtt", host="127.0.0.1", port=port, every="1s", client_id=sys.argv[4],
                       topics=("city/{ward}/{quantity}",))
drop = Drop(folder, f"{session:012d}", float("inf"), 1 << 30)
print("listening", flush=True)
Mqtt().listen(Hear("tickets", remote, drop, {}, lambda: dt.datetime.now(dt.UTC), threading.Event(),
                   lambda: None, lambda _: None))
"""


def _wait(done: Callable[[], bool], what: str) -> None:
    """Wait for another process; give up after a time in which even a busy machine gets there."""
    until = time.monotonic() + 30
    while not done():
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.01)


@pytest.fixture
def publisher(broker: servers.Service) -> Iterator[Client]:
    """A sensor that is connected."""
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    client.reconnect_delay_set(1, 1)
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    yield client
    client.disconnect()
    client.loop_stop()


def _kept(folder: Path) -> list[bytes]:
    """The whole lines that lie on disk, in drops and in the journal."""
    found: list[bytes] = []
    for path in (*folder.glob("*.jsonl"), folder / NAME):
        with suppress(FileNotFoundError):  # it was dropped meanwhile: the next look finds it
            found += path.read_bytes().rpartition(b"\n")[0].splitlines()
    return found


def _lines(folder: Path) -> set[int]:
    """Ids of what lies on disk."""
    return {json.loads(line)["payload"]["id"] for line in _kept(folder)}


def _some(folder: Path, sent: set[int]) -> bool:
    return len(_lines(folder) & sent) > 30


def test_nothing_is_lost_or_twice_through_kills_and_a_restart_of_the_broker(
    build: Callable[..., Any], broker: servers.Service, publisher: Client
) -> None:
    house = build(
        connector={
            "kind": "mqtt",
            "host": "127.0.0.1",
            "port": broker.port,
            "topics": ["city/{ward}/{quantity}"],
        },
        columns=COLUMNS,
        checks=[],
    )
    folder = house.spool / "tickets"
    sessions = count(1)

    def listen() -> subprocess.Popen[bytes]:
        words = [str(folder), str(next(sessions)), str(broker.port), "kill-me"]
        started = subprocess.Popen([sys.executable, "-c", LISTENER, *words], cwd=ROOT, stdout=subprocess.PIPE)
        assert started.stdout is not None
        assert started.stdout.readline() == b"listening\n"
        return started

    def publish(ids: range) -> None:
        for i in ids:
            at = (NOON - dt.timedelta(seconds=i)).isoformat()
            text = json.dumps({"id": i, "at": at, "value": i / 8}, indent=1)
            publisher.publish(f"city/{(11, 21, 22)[i % 3]}/{'pm25' if i % 2 else 'no2'}", text, qos=1)

    listener = listen()
    try:
        publisher.publish(
            "city/21/pm25", json.dumps({"id": 0, "at": NOON.isoformat(), "value": 0}), qos=1, retain=True
        )
        _wait(lambda: 0 in _lines(folder), "the first message")
        for stage in range(5):
            first = stage * 1000 + 1
            publish(range(first, first + 600))
            # Killed in the middle of what comes; the rest is published while nobody listens.
            sent = set(range(first, first + 600))
            _wait(partial(_some, folder, sent), "a few of them")
            listener.kill()
            listener.wait()
            publish(range(first + 600, first + 1000))
            if stage == 2:
                broker.stop()
                broker.start()
            listener = listen()
        _wait(lambda: _lines(folder) == set(range(5001)), "all messages")
    finally:
        listener.kill()
        listener.wait()
        listener.stdout.close()  # type: ignore[union-attr]
    # The next session begins with what the killed one left.
    Journal(Drop(folder, f"{next(sessions):012d}", float("inf"), 1 << 30)).cut()
    house.load()
    rows = house.rows("SELECT id, opened, ward, quantity, value FROM fact_tickets ORDER BY id")
    assert rows == [
        (
            i,
            (NOON - dt.timedelta(seconds=i)).replace(tzinfo=None),
            str((11, 21, 22)[i % 3] if i else 21),
            "pm25" if i % 2 or not i else "no2",
            i / 8,
        )
        for i in range(5001)
    ]
    assert house.rows("SELECT count(*) FROM quarantine") == [(0,)]


class Ears:
    """Listeners of a house in this process; ``asked`` is set when something is to be loaded."""

    def __init__(self, house: Any, environ: dict[str, str] | None = None) -> None:
        self.asked = threading.Event()
        self.house = house
        self.listeners = Listeners(
            house.city, house.store, house.spool, environ or {}, lambda: NOON, lambda _: self.asked.set()
        )

    def sessions(self) -> list[tuple[Any, ...]]:
        """Status, files and message of each session."""
        return list(self.house.rows("SELECT status, files, message, hint FROM feed_fetch ORDER BY id"))


def _mqtt(broker: servers.Service, **changes: Any) -> dict[str, Any]:
    return {
        "kind": "mqtt", "host": "127.0.0.1", "port": broker.port, "topics": ["sea/{ward}/level"],
        "every": "1s", **changes,
    }  # fmt: skip


def test_a_server_listens_tells_what_is_in_the_way_and_ends(
    build: Callable[..., Any], broker: servers.Service, publisher: Client
) -> None:
    columns = [
        {"name": "id", "type": "text", "source": "topic", "required": True},
        {"name": "opened", "type": "timestamp", "source": "received_at", "required": True},
        {"name": "ward", "type": "text", "required": True},
        {"name": "value", "type": "number", "source": "payload"},
        {"name": "retained", "type": "boolean"},
    ]
    house = build(connector=_mqtt(broker), columns=columns, checks=[])
    publisher.publish("sea/21/level", "1.50", qos=1, retain=True).wait_for_publish(30)
    ears = Ears(house)
    ears.listeners.start()
    try:
        assert ears.asked.wait(30)
        house.load()
        assert house.rows("SELECT id, ward, value, retained FROM fact_tickets") == [
            ("sea/21/level", "21", 1.5, True)
        ]
        broker.stop()
        _wait(lambda: "no connection to the broker" in str(ears.sessions()[0][2]), "that nobody is there")
        broker.start()
        _wait(lambda: ears.sessions()[0][2] is None, "that it is heard again")
        ears.asked.clear()
        # Neither numbers nor JSON: kept as text, and refused by the contract.
        publisher.publish("sea/22/level", b"\xff broken", qos=1)
        publisher.publish("sea/11/level", "NaN", qos=1)
        _wait(
            lambda: len(_kept(house.spool / "tickets")) == 2,
            "two more",
        )
    finally:
        ears.listeners.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("listen-", "mqtt-"))]
    # What was on disk when it ended was dropped; what is retained did not come a second time.
    house.load()
    assert ears.sessions() == [("done", 2, None, None)]
    assert house.reasons() == [(1, "value", "type"), (2, "value", "type")]


def test_what_could_not_be_kept_was_not_acknowledged_and_comes_again(
    build: Callable[..., Any], broker: servers.Service, publisher: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = build(
        connector=_mqtt(broker, topics=["full/{ward}"], client_id="full"), columns=COLUMNS, checks=[]
    )
    ears, full = Ears(house), threading.Event()
    add = Journal.add

    def refuse(journal: Journal, lines: list[bytes]) -> None:
        if full.is_set():
            full.clear()
            raise OSError(errno.ENOSPC, "No space left on device")
        add(journal, lines)

    monkeypatch.setattr(Journal, "add", refuse)
    ears.listeners.start()
    try:
        for i in range(2):
            full.set()
            message = json.dumps({"id": i, "at": NOON.isoformat(), "value": 0})
            publisher.publish("full/21", message, qos=1, retain=not i)
            _wait(lambda: not full.is_set(), "that there is no room")
        _wait(lambda: _lines(house.spool / "tickets") == {0, 1}, "both messages")
    finally:
        ears.listeners.stop()
    told = "what was heard could not be kept: No space left on device"
    assert ears.sessions()[0] == ("passing", 0, told, "make room on the disk")
    house.load()
    assert house.rows("SELECT id FROM fact_tickets ORDER BY id") == [(0,), (1,)]


def test_a_stop_in_the_middle_of_nothing_ends_the_threads(
    build: Callable[..., Any], broker: servers.Service
) -> None:
    del broker
    connector = {"kind": "mqtt", "host": "127.0.0.1", "port": servers.free_port(), "topics": ["#"]}
    ears = Ears(build(connector=connector))
    ears.listeners.start()
    _wait(lambda: bool(ears.sessions()) and ears.sessions()[0][0] == "passing", "that nobody answers")
    ears.listeners.stop()
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("listen-")]
    assert "cannot be reached: Connection refused" in ears.sessions()[0][2]


@pytest.fixture
def strict(tmp_path: Path, broker: servers.Service) -> Iterator[servers.Service]:
    """A broker that demands a password and TLS."""
    folder, port = tmp_path / "strict", servers.free_port()
    folder.mkdir()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", "key.pem", "-out", "cert.pem"],
        cwd=folder, check=True, capture_output=True,
    )  # fmt: skip
    subprocess.run(
        [servers.program("mosquitto_passwd"), "-b", "-c", "users", "sensor", "right"], cwd=folder, check=True
    )
    user = ["user root"] if (broker.folder / "mosquitto.conf").read_text().count("user root") else []
    lines = [
        f"listener {port} 127.0.0.1", "allow_anonymous false", "password_file users", "certfile cert.pem",
        "keyfile key.pem", *user,
    ]  # fmt: skip
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
    server = servers.Service([servers.program("mosquitto"), "-c", "mosquitto.conf"], port, folder)
    server.start()
    yield server
    server.stop()


def test_a_broker_with_tls_and_password_is_heard_and_what_it_refuses_is_told(
    build: Callable[..., Any], strict: servers.Service
) -> None:
    known = {"tls": True, "ca_file": str(strict.folder / "cert.pem"), "user": "sensor", "password_env": "P"}

    def told(password: str, **changes: Any) -> tuple[Any, ...]:
        ears = Ears(build(connector=_mqtt(strict, **{**known, **changes})), {"P": password})
        ears.listeners.start()
        _wait(lambda: bool(ears.sessions()) and ears.sessions()[0][0] != "running", "an end of the session")
        ears.listeners.stop()
        assert "s3cr3t" not in str(ears.sessions())
        return ears.sessions()[0]

    assert told("s3cr3t")[:3] == ("failed", 0, "the broker at 127.0.0.1 refused: Not authorized")
    status, _, message, hint = told("right", ca_file=None)
    assert status == "failed"
    assert "shows a certificate that is not trusted" in message
    assert hint == "name the authority's certificate in connector.ca_file"
    assert told("")[2] == "the environment variable P is not set"
    heard = Ears(build(connector=_mqtt(strict, **known)), {"P": "right"})
    sensor = Client(CallbackAPIVersion.VERSION2, protocol=MQTTv5)
    sensor.tls_set(ca_certs=str(strict.folder / "cert.pem"))
    sensor.username_pw_set("sensor", "right")
    sensor.connect("127.0.0.1", strict.port)
    sensor.loop_start()
    sensor.publish("sea/21/level", "2", qos=1, retain=True).wait_for_publish(30)
    sensor.disconnect()
    sensor.loop_stop()
    heard.listeners.start()
    assert heard.asked.wait(30)
    heard.listeners.stop()
    assert heard.sessions() == [("done", 1, None, None)]


def _line(payload: bytes, topic: str = "a/b", *topics: str) -> dict[str, Any]:
    from paho.mqtt.client import MQTTMessage

    message = MQTTMessage(topic=topic.encode())
    message.payload = payload
    remote = MqttConnector(kind="mqtt", host="x", topics=("#",))
    hear = Hear(
        "f", remote, Drop(Path(), "", 0, 0), {}, lambda: NOON, threading.Event(), lambda: 0, lambda _: 0
    )
    line = _as_line(hear, topics or ("#",), message)
    assert line is not None
    assert b"\n" not in line
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize(
    ("payload", "read"),
    [
        (b"23.5", 23.5),
        (b'{"a":\n {"b": [1]}}', {"a": {"b": [1]}}),
        (b'"x"', "x"),
        (b"on", "on"),
        (b"", ""),
        (b"NaN", "NaN"),
        (b"\xff\xfe", "\\xff\\xfe"),
        ('{"tên": "Đò"}'.encode(), {"tên": "Đò"}),
        (b"[" * 100_000, "[" * 100_000),
    ],
)
def test_a_message_is_json_or_text(payload: bytes, read: object) -> None:
    assert _line(payload)["payload"] == read


@pytest.mark.parametrize(
    ("topic", "parts"),
    [
        ("city/11/pm25", {"station": "11", "quantity": "pm25"}),
        ("gate/7/a/b", {"gate": "7"}),
        ("gate/7", {"gate": "7"}),
    ],
)
def test_named_levels_of_a_topic_are_fields(topic: str, parts: dict[str, str]) -> None:
    line = _line(b"1", topic, "city/{station}/{quantity}", "gate/{gate}/#")
    known = {"received_at": NOON.isoformat(), "topic": topic, "retained": False, "payload": 1}
    assert line == {**known, **parts}


def test_a_topic_that_is_asked_for_no_more_is_heard_no_more(
    tmp_path: Path, broker: servers.Service, publisher: Client
) -> None:
    """The broker's session outlives the definition; what it still brings is not kept."""

    def hear(topic: str, *, until: Callable[[], bool]) -> None:
        remote = MqttConnector(
            kind="mqtt", host="127.0.0.1", port=broker.port, topics=(topic,), client_id="changes"
        )
        drop, stopping = Drop(tmp_path, topic[:3], float("inf"), 1 << 30), threading.Event()
        session = Hear("f", remote, drop, {}, lambda: NOON, stopping, lambda: 0, lambda _: 0)
        thread = threading.Thread(target=Mqtt().listen, args=(session,))
        thread.start()
        _wait(until, topic)
        stopping.set()
        thread.join()

    def publish(*ids: int) -> None:
        for i in ids:
            publisher.publish(
                f"{'old' if i % 2 else 'new'}/x", json.dumps({"id": i}), qos=1
            ).wait_for_publish(30)

    hear("old/{a}", until=(tmp_path / ".subscribed").exists)
    publish(1, 2, 3)  # 1 and 3 wait with the broker, for a definition that has gone
    hear("new/{a}", until=lambda: (tmp_path / ".subscribed").read_text() == "new/+\n")
    publish(5, 6, 7, 8)
    hear("new/{a}", until=lambda: _lines(tmp_path) == {6, 8})
    assert _lines(tmp_path) == {6, 8}


def test_a_journal_that_was_cut_in_a_line_is_taken_up_without_it(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(b"one\ntwo\nthr" + b"e" * 200_000)
    drop = Drop(tmp_path, "1", float("inf"), 1 << 30)
    journal = Journal(drop)
    assert journal.cut()
    journal.add([b"three"])
    assert journal.cut()
    assert not journal.cut()
    journal.close()
    assert [path.read_bytes() for path in drop.files] == [b"one\ntwo\n", b"three\n"]
