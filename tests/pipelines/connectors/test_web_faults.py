"""What goes wrong between here and a web server: what is tried again and what is not; no secret is told."""

from __future__ import annotations

import contextlib
import datetime as dt
import logging
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.pipelines.connectors.conftest import NOW, Fetched, Fetching
from tests.pipelines.connectors.site import Reply, Request, Site, serving

CSV = b"id,at,amount\n" + b"".join(b"%d,2026-10-01T08:00:00,%d\n" % (i, i) for i in range(2000))
SECRET = "s3cr3t/+=token"


def http(url: str, **more: Any) -> dict[str, Any]:
    return {"kind": "http", "url": url, **more}


def nothing_left(feed: Fetched) -> bool:
    return feed.spooled() == [] and feed.state() == ""


STATUSES = {
    **dict.fromkeys((400, 401, 403, 404, 405, 409, 410, 422, 501), "failed"),
    **dict.fromkeys((408, 425, 429, 500, 502, 503, 504, 599), "passing"),
}


def test_what_a_status_means(fetching: Fetching, site: Site) -> None:
    asked = iter(STATUSES)
    feed = fetching(
        http(site.answer("/f", lambda _: Reply.of({"error": {"message": "no luck"}}, next(asked))))
    )
    for status, meaning in STATUSES.items():
        told = feed.fetch()
        assert (status, told.status) == (status, meaning)
        assert str(told.message).endswith(f"/f answered {status}: no luck")
    assert nothing_left(feed)


@pytest.mark.parametrize(
    ("header", "pause"),
    [
        ("120", dt.timedelta(seconds=120)),
        ("Sun, 01 Nov 2026 03:05:00 GMT", dt.timedelta(minutes=5)),
        ("Sun, 01 Nov 2026 02:00:00 GMT", dt.timedelta()),
        ("99999999999999", dt.timedelta(days=1)),
        ("soon", None),
        ("-5", None),
    ],
)
def test_how_long_a_source_wants_to_be_left_alone(header: str, pause: dt.timedelta | None) -> None:
    from pipelines.connectors.status import retry_after

    headers = {"retry-after": header, "date": "Sun, 01 Nov 2026 03:00:00 GMT"}
    assert retry_after(headers) == pause


def test_a_source_that_is_asked_too_often_says_when_to_come_back(fetching: Fetching, site: Site) -> None:
    reply = Reply.of({}, 429, **{"Retry-After": "90"})
    told = fetching(http(site.answer("/f", reply))).fetch(now=NOW)
    assert told.status == "passing"
    assert told.retry_at is not None  # a bit later than asked for: not everybody at once
    assert dt.timedelta(seconds=90) <= told.retry_at - NOW < dt.timedelta(seconds=180)


CUT: dict[str, Callable[[], Reply]] = {
    "length": lambda: Reply(CSV, type="text/csv", cut=20_000),
    "chunked": lambda: Reply(CSV, type="text/csv", cut=20_000, chunked=True),
    "before anything": lambda: Reply(CSV, type="text/csv", cut=0),
    "packed": lambda: Reply(CSV, type="text/csv").packed(),
    "damaged": lambda: Reply(b"no gzip at all", type="text/csv", headers={"Content-Encoding": "gzip"}),
}


def test_an_answer_that_is_cut_off_leaves_nothing(fetching: Fetching, site: Site) -> None:
    feed = fetching(http(site.url("/f")))
    for way, make in CUT.items():
        reply = make()
        if way == "packed":  # whole for the protocol, but what was packed has no end
            reply.body = reply.body[:-200]
        site.answer("/f", reply)
        assert (way, feed.fetch().status) == (way, "passing")
        assert nothing_left(feed)
    site.answer("/f", Reply(CSV, type="text/csv", chunked=True).packed())
    assert feed.fetch().status == "done"
    feed.load()
    assert feed.house.rows("SELECT count(*), sum(amount) FROM fact_tickets") == [(2000, sum(range(2000)))]


PAGE = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form></form></body></html>"
NO_DATA = {
    "a page that says so": (Reply(PAGE, type="text/html"), "csv", "a web page"),
    "a page that calls itself CSV": (Reply(PAGE, type="text/csv"), "csv", "a web page"),
    "a page with a mark before it": (Reply(b"\xef\xbb\xbf\n " + PAGE, type="text/csv"), "auto", "a web page"),
    "an error in JSON": (
        Reply.of({"error": "no such table"}),
        "csv",
        'JSON, not with CSV: {"error": "no such',
    ),
    "XML": (Reply(b"<?xml version='1.0'?><a/>", type="text/xml"), "json", "XML, not with json"),
    "CSV": (Reply(CSV, type="text/csv"), "json", "CSV, not with JSON"),
    "a document": (Reply(b"%PDF-1.7 ...", type="application/pdf"), "csv", "a PDF document"),
    "nobody knows what": (
        Reply(CSV, type="application/octet-stream"),
        "auto",
        "calls itself application/octet",
    ),
}


def test_what_is_no_data_is_refused_although_the_status_is_200(fetching: Fetching, site: Site) -> None:
    by_type = {
        type: fetching(http(site.url("/f")), format={"type": type}) for type in ("csv", "json", "auto")
    }
    for name, (reply, type, message) in NO_DATA.items():
        site.answer("/f", reply)
        told = by_type[type].fetch()
        assert (name, told.status) == (name, "failed")
        assert message in str(told.message), name
    assert all(map(nothing_left, by_type.values()))


def test_data_under_a_wrong_name_are_taken(fetching: Fetching, site: Site) -> None:
    """Many old servers call everything text/html."""
    site.answer("/f", Reply(CSV, type="text/html"))
    feed = fetching(http(site.url("/f")), format={"type": "csv"})
    assert feed.fetch().status == "done"
    assert feed.load() == 1


def test_redirects_are_followed_but_secrets_are_not_taken_elsewhere(fetching: Fetching, site: Site) -> None:
    with serving() as other:
        other.answer("/stored.csv", Reply(CSV, type=None))
        site.answer("/old", Reply(status=301, headers={"Location": "/new"}))
        site.answer("/new", Reply(status=302, headers={"Location": other.url("/stored.csv?signature=abc")}))
        for auth in ({"token_env": "KEY"}, {"token_env": "KEY", "header": "X-Key"}):
            feed = fetching(http(site.url("/old"), auth=auth, headers={"X-Team": "ioc"}), {"KEY": SECRET})
            assert feed.fetch().status == "done"
            assert all(SECRET in str(request.headers) for request in site.asked)
            assert SECRET not in str(other.asked[-1])
            assert "X-Team" not in other.asked[-1].headers
    # Within the source itself they are taken along, a token in the query, too.
    site.answer(
        "/new", lambda r: Reply(CSV, type="text/csv") if r.query.get("k") == SECRET else Reply(status=401)
    )
    feed = fetching(http(site.url("/old"), auth={"token_env": "KEY", "query": "k"}), {"KEY": SECRET})
    assert feed.fetch().status == "done"
    site.answer("/old", Reply(status=302, headers={"Location": "/login?next=/old"}))
    site.answer("/login", Reply(PAGE, type="text/html"))
    told = fetching(http(site.url("/old"))).fetch()
    assert (told.status, told.hint) == (
        "failed",
        "after a redirect, it probably asks for a login: open the address to see",
    )
    site.answer("/old", Reply(status=302, headers={"Location": "/old"}))
    told = fetching(http(site.url("/old"))).fetch()
    assert told.status == "failed"
    assert str(told.message).endswith("/old redirects again and again")


WAYS: dict[str, tuple[dict[str, str], Callable[[Request], str | None], str]] = {
    "bearer": ({"token_env": "KEY"}, lambda r: r.headers.get("Authorization"), f"Bearer {SECRET}"),
    "header": ({"token_env": "KEY", "header": "X-Api-Key"}, lambda r: r.headers.get("X-Api-Key"), SECRET),
    "prefix": (
        {"token_env": "KEY", "prefix": "Apikey"},
        lambda r: r.headers.get("Authorization"),
        f"Apikey {SECRET}",
    ),
    "query": ({"token_env": "KEY", "query": "key"}, lambda r: r.query.get("key"), SECRET),
    "basic": (
        {"user_env": "WHO", "password_env": "KEY"},
        lambda r: r.headers.get("Authorization"),
        "Basic aW9jOnMzY3IzdC8rPXRva2Vu",
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_who_asks_is_shown_to_the_source_and_to_nobody_else(
    fetching: Fetching, site: Site, way: str, caplog: pytest.LogCaptureFixture
) -> None:
    auth, sent, wanted = WAYS[way]
    caplog.set_level(logging.DEBUG)

    def serve(request: Request) -> Reply:
        if sent(request) != wanted:
            return Reply.of({"message": "who are you?"}, 401)
        if request.query.get("year") == "2026":
            return Reply(CSV, type="text/csv")
        # A careless server tells what it was sent.
        return Reply.of({"message": f"bad request {request.query} {request.headers}"}, 400)

    url = site.answer("/f", serve)
    right = {"KEY": SECRET, "WHO": "ioc"}
    good = fetching(http(url, auth=auth, params={"year": 2026}), right)
    assert good.fetch().status == "done"
    careless = fetching(http(url, auth=auth), right)
    wrong = fetching(http(url, auth=auth), {**right, "KEY": "wr0ng-s3cr3t"})
    unset = fetching(http(url, auth=auth), {})
    told = [feed.fetch() for feed in (careless, wrong, unset)]
    assert [result.status for result in told] == ["failed"] * 3
    assert "400: bad request" in str(told[0].message)
    assert "connector.auth" in str(told[1].hint)
    assert "is not set" in str(told[2].message)
    everything = caplog.text + "".join(feed.said() + feed.state() for feed in (good, careless, wrong, unset))
    for secret in (SECRET, "s3cr3t", "aW9jOnMzY3IzdC8rPXRva2Vu", "d3Iwbmct"):
        assert secret not in everything


def test_a_secret_with_a_line_end_is_meant_without_it_and_one_that_cannot_be_sent_is_not_told(
    fetching: Fetching, site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    url = site.answer("/f", Reply(CSV, type="text/csv"))
    assert fetching(http(url, auth={"token_env": "KEY"}), {"KEY": f"{SECRET}\n"}).fetch().status == "done"
    assert site.asked[0].headers["Authorization"] == f"Bearer {SECRET}"
    for broken in (f"{SECRET}\nX-Other: 1", f"{SECRET}ü", " \n "):
        feed = fetching(http(url, auth={"token_env": "KEY"}), {"KEY": broken})
        assert feed.fetch().status == "failed"
        assert "s3cr3t" not in feed.said() + caplog.text


def test_a_source_that_is_down_or_unknown_is_asked_again(fetching: Fetching) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    for url in (f"http://127.0.0.1:{port}/f?page=hidden", "http://no-such-host.invalid/f"):
        feed = fetching(http(url))
        told = feed.fetch()
        assert told.status == "passing"
        assert "no connection to" in str(told.message)
        assert "hidden" not in feed.said()


def test_a_source_that_drips_or_floods_is_ended(fetching: Fetching, site: Site) -> None:
    slow = Reply(CSV, type="text/csv", pause=lambda: time.sleep(0.3))
    feed = fetching(http(site.answer("/slow", slow), time_limit="1s"))
    told = feed.fetch()
    assert (told.status, told.hint) == ("passing", "raise connector.time_limit")
    assert nothing_left(feed)

    stuck = fetching(
        http(site.answer("/stuck", Reply(CSV, type="text/csv", pause=lambda: time.sleep(4))), time_limit="1s")
    )
    assert stuck.fetch().status == "passing"
    assert nothing_left(stuck)

    # A megabyte on the way, a thousand when unpacked.
    bomb = Reply(b"x" * (3 << 20), type="text/csv").packed()
    feed = fetching(http(site.answer("/bomb", bomb), size_limit=1))
    told = feed.fetch()
    assert (told.status, told.message) == ("failed", "the answer is larger than 1 MiB")
    assert nothing_left(feed)


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "encrypted"])
def test_a_head_that_drips_is_ended_at_the_time_limit(
    fetching: Fetching, certificate: Path, monkeypatch: pytest.MonkeyPatch, tls: bool
) -> None:
    """No piece is late, and there is no end: left alone, this server would go on for half a minute."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    def drip(listener: socket.socket) -> None:
        with listener.accept()[0] as raw, contextlib.suppress(OSError):
            caller = context.wrap_socket(raw, server_side=True) if tls else raw
            caller.sendall(b"HTTP/1.1 200 OK\r\n")
            for number in range(300):
                caller.sendall(b"X-Header-%d: and on\r\n" % number)
                time.sleep(0.1)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=drip, args=[listener])
        thread.start()
        address = f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}/f"
        told = fetching(http(address, time_limit="1s")).fetch()
        thread.join()
    assert (told.status, told.hint) == ("passing", "raise connector.time_limit")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate that nobody signed, with its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    key, made = folder / "key.pem", folder / "made.pem"
    command = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
    command += " -addext subjectAltName=IP:127.0.0.1"
    subprocess.run(
        [*command.split(), "-keyout", str(key), "-out", str(made)], check=True, capture_output=True
    )
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


@pytest.fixture
def encrypted(certificate: Path) -> Iterator[Site]:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with serving(tls) as site:
        yield site


def test_a_certificate_must_be_trusted(
    fetching: Fetching, encrypted: Site, site: Site, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encrypted.answer("/f", Reply(CSV, type="text/csv"))
    told = fetching(http(encrypted.url("/f"))).fetch()
    assert told.status == "failed"
    assert "certificate" in str(told.message)
    assert "SSL_CERT_FILE" in str(told.hint)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    assert fetching(http(encrypted.url("/f"))).fetch().status == "done"

    encrypted.answer("/f", Reply(status=302, headers={"Location": site.answer("/f", Reply(CSV))}))
    told = fetching(http(encrypted.url("/f"), auth={"token_env": "KEY"}), {"KEY": SECRET}).fetch()
    assert told.status == "failed"
    assert "is not encrypted" in str(told.message)
    assert site.asked == []


def test_links_without_encryption_to_the_source_itself_are_mended(
    fetching: Fetching, encrypted: Site, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a proxy that adds the encryption, many programs do not know that they are asked with it."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    link = encrypted.url("/p?page=2").replace("https", "http")
    plain = encrypted.url("/p").replace("https", "http")
    encrypted.answer("/q", Reply(status=301, headers={"Location": plain}))

    def serve(request: Request) -> Reply:
        if request.headers.get("Authorization") != f"Bearer {SECRET}":
            return Reply.of({}, 401)
        number = int(request.query.get("page", 1))
        rows = [{"id": number, "at": "2026-10-01", "amount": 1}]
        return Reply.of({"rows": rows, "next": link if number == 1 else None})

    encrypted.answer("/p", serve)
    paging = {"by": "next"}
    feed = fetching(
        http(encrypted.url("/q"), paging=paging, auth={"token_env": "KEY"}),
        {"KEY": SECRET},
        format={"type": "json", "records": "rows"},
    )
    assert (feed.fetch().status, len(feed.spooled())) == ("done", 2)
