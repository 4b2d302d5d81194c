"""Messages of an MQTT broker, each acknowledged only when it lies on disk.

The broker keeps a session for the listener: what is published while nobody listens, and what was sent but
not acknowledged, comes when it is back. So a listener that is killed loses nothing; what comes twice is one
fact by its key. How many messages are on the way at a time is bounded, and so is the memory that they take.
"""

from __future__ import annotations

import json
import queue
import socket
import ssl
import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, NoReturn

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from config.models.mqtt import MqttConnector
from pipelines.connectors.base import Hear
from pipelines.connectors.journal import Journal, Subscriptions
from pipelines.errors import PassingFault, SourceError

ON_THE_WAY: Final = 1000
"""Messages that the broker may send before the first of them is acknowledged."""
LARGEST: Final = 1 << 18
"""Bytes of one message; the broker keeps larger ones to itself."""
_LOOK: Final = 0.2
"""Seconds after which a quiet listener looks whether it shall end."""
_END: Final = 1.5
_PATIENCE: Final = 10.0
_REFUSED: Final = (
    "Bad user name or password",
    "Not authorized",
    "Client identifier not valid",
    "Banned",
    "Bad authentication method",
    "Unsupported protocol version",
)


class Mqtt:
    """The listener for ``kind: mqtt``."""

    def listen(self, hear: Hear) -> None:
        """Journal messages until told to stop; drop them now and then."""
        remote = hear.connector
        assert isinstance(remote, MqttConnector)
        journal = Journal(hear.drop)
        try:
            _cut(hear, journal)
            line = _Line(hear, remote)
            try:
                _follow(hear, remote, line, journal)
            finally:
                line.hang_up()
                _cut(hear, journal)
        finally:
            journal.close()


def _follow(hear: Hear, remote: MqttConnector, line: _Line, journal: Journal) -> None:
    """Move messages from the line to the journal, and acknowledge them."""
    due: float | None = None
    told: str | None = None
    while not hear.stopping.is_set():
        if line.fault is not None:
            raise line.fault
        if line.trouble != told:
            told = line.trouble
            hear.tell(told)
        batch = line.take()
        if batch:
            # Of a topic that the feed asked for once, some may still be on the way.
            lines = [_as_line(hear, remote.topics, message) for _, message in batch]
            journal.add([found for found in lines if found is not None])
            line.acknowledge(batch)
            due = due or time.monotonic() + remote.every.total_seconds()
        if due is not None and (time.monotonic() >= due or journal.size > remote.size_limit << 20):
            _cut(hear, journal)
            due = None


def _cut(hear: Hear, journal: Journal) -> None:
    if journal.cut():
        hear.dropped()


class _Line:
    """The connection. Its own thread reads; a message waits with the number of the connection it came by."""

    def __init__(self, hear: Hear, remote: MqttConnector) -> None:
        self._remote = remote
        self._messages: queue.Queue[tuple[int, MQTTMessage]] = queue.Queue(2 * ON_THE_WAY)
        self._number = 0
        self._over = threading.Event()
        self._subscriptions = Subscriptions(hear.drop.folder)
        self.fault: PassingFault | SourceError | None = None
        self.trouble: str | None = None
        self._client = Client(
            CallbackAPIVersion.VERSION2,
            remote.client_id or f"toan-canh-{hear.feed}",
            protocol=MQTTv5,
            manual_ack=True,
        )
        client = self._client
        client.reconnect_delay_set(1, 60)
        client.connect_timeout = _PATIENCE
        client.username = remote.user
        client.password = hear.secret(remote.password_env)
        client.on_connect = self._connected
        client.on_disconnect = self._disconnected
        client.on_subscribe = self._subscribed
        client.on_message = self._received
        self._dial()
        self._thread = threading.Thread(target=client.loop_forever, name=f"mqtt-{hear.feed}", daemon=True)
        self._thread.start()

    def take(self) -> list[tuple[int, MQTTMessage]]:
        """Messages that wait, in their order; none after a while of silence."""
        taken: list[tuple[int, MQTTMessage]] = []
        try:
            taken.append(self._messages.get(timeout=_LOOK))
            while len(taken) < ON_THE_WAY:
                taken.append(self._messages.get_nowait())
        except queue.Empty:
            pass
        return taken

    def acknowledge(self, batch: Sequence[tuple[int, MQTTMessage]]) -> None:
        """Tell the broker that these are safe.

        Those of an earlier connection it sends again, perhaps under other numbers: they are not acknowledged.
        """
        for number, message in batch:
            if message.qos and number == self._number:
                self._client.ack(message.mid, message.qos)

    def hang_up(self) -> None:
        """End the connection; the session stays with the broker."""
        self._over.set()
        self._client.disconnect()
        self._thread.join(_END)

    def _dial(self) -> None:
        remote = self._remote
        settings = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        settings.SessionExpiryInterval = min(int(remote.session.total_seconds()), 0xFFFFFFFE)
        settings.ReceiveMaximum = ON_THE_WAY
        settings.MaximumPacketSize = LARGEST
        where = f"{remote.host}:{remote.port or (8883 if remote.tls else 1883)}"
        try:
            if remote.tls:
                self._client.tls_set(ca_certs=remote.ca_file)
            self._client.connect(
                remote.host,
                remote.port or (8883 if remote.tls else 1883),
                clean_start=False,
                properties=settings,
            )
        except FileNotFoundError as error:
            raise SourceError(f"there is no file {remote.ca_file}", "correct connector.ca_file") from error
        except ssl.SSLCertVerificationError as error:
            raise SourceError(
                f"the broker at {where} shows a certificate that is not trusted: {error.verify_message}",
                "name the authority's certificate in connector.ca_file",
            ) from error
        except ssl.SSLError as error:
            raise SourceError(
                f"no TLS with the broker at {where}: {error.reason or error}", "correct connector.tls or port"
            ) from error
        except socket.gaierror as error:
            raise PassingFault(f"the name {remote.host} cannot be resolved: {error.strerror}") from error
        except OSError as error:
            raise PassingFault(
                f"the broker at {where} cannot be reached: {error.strerror or error}"
            ) from error

    def _connected(
        self, client: Client, _: Any, flags: ConnectFlags, reason: ReasonCode, properties: Properties | None
    ) -> None:
        del flags, properties
        if reason.is_failure:
            where = f"the broker at {self._remote.host} refused: {reason.getName()}"
            if reason.getName() in _REFUSED:
                self.fault = SourceError(where, "correct user, password and client_id of the connector")
            else:
                self.fault = PassingFault(where)
            return
        self._number += 1
        self.trouble = None
        # The session remembers what the feed asked for before its definition was changed.
        if past := self._subscriptions.past(self._remote.filters):
            client.unsubscribe(past)
        # What the broker retains comes once with a new subscription, not again with each connection.
        options = SubscribeOptions(qos=1, retainHandling=SubscribeOptions.RETAIN_SEND_IF_NEW_SUB)
        client.subscribe([(filter, options) for filter in self._remote.filters])

    def _disconnected(
        self,
        client: Client,
        _: Any,
        flags: DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        del client, flags, properties
        if not self._over.is_set():
            self.trouble = f"no connection to the broker at {self._remote.host}: {reason.getName()}"

    def _subscribed(
        self, client: Client, _: Any, mid: int, reasons: Sequence[ReasonCode], properties: Properties | None
    ) -> None:
        del client, mid, properties
        for topic, reason in zip(self._remote.topics, reasons, strict=True):
            if reason.is_failure:
                self.fault = SourceError(
                    f"the broker refused the topic {topic}: {reason.getName()}",
                    "have the broker let this user read it, or correct connector.topics",
                )
        if self.fault is None:
            self._subscriptions.keep(self._remote.filters)

    def _received(self, client: Client, _: Any, message: MQTTMessage) -> None:
        del client
        item = (self._number, message)
        while not self._over.is_set():
            try:
                self._messages.put(item, timeout=_LOOK)
            except queue.Full:  # the broker sends more than it may, or the disk is slow: let it wait
                continue
            return


def _as_line(hear: Hear, topics: Sequence[str], message: MQTTMessage) -> bytes | None:
    """One message as a line of JSON; None for a topic that nobody asks for."""
    parts = _parts(topics, message.topic)
    if parts is None:
        return None
    known = {
        "received_at": hear.clock().isoformat(),
        "topic": message.topic,
        "retained": message.retain,
        **parts,
    }
    head = json.dumps(known, ensure_ascii=False)
    return f'{head[:-1]}, "payload": {_payload(bytes(message.payload))}}}'.encode()


def _parts(topics: Sequence[str], topic: str) -> Mapping[str, str] | None:
    """The named levels of the first of ``topics`` that the message belongs to; None where it does to none."""
    levels = topic.split("/")
    for template in topics:
        wanted = template.split("/")
        if wanted[-1] == "#":
            wanted = wanted[:-1] + ["+"] * max(0, len(levels) - len(wanted) + 1)
        if len(wanted) == len(levels) and all(
            want == "+" or want[:1] == "{" or want == level
            for want, level in zip(wanted, levels, strict=True)
        ):
            return {want[1:-1]: level for want, level in zip(wanted, levels, strict=True) if want[:1] == "{"}
    return None


def _payload(payload: bytes) -> str:
    """The message as JSON, its digits as they came; what is none becomes a text."""
    text = payload.decode("utf-8", errors="backslashreplace")
    try:
        json.loads(text, parse_constant=_no_number)
    except (ValueError, RecursionError):
        return json.dumps(text, ensure_ascii=False)
    return text.replace("\n", " ").replace("\r", " ")


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
