"""What every connector shares that asks a web server: one client, its limits, and what its faults mean.

Answers stream to disk. A fault is *passing* when the same question may be answered later (connection, time
out, 5xx, 408, 425, 429, an answer cut off), and final when somebody must act (credentials, address, a login
page where data were asked for, a certificate). Nothing that is told holds a secret: of addresses the query is
never shown, and of messages of the server the secrets are taken out.
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import ssl
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus

import httpx

from config.models import WebSource
from pipelines.connectors.answer import Answer
from pipelines.connectors.base import Ask
from pipelines.connectors.deadline import Deadline
from pipelines.connectors.status import refuse
from pipelines.errors import PassingFault, SourceError

CONNECT_SECONDS: Final = 15.0
SILENT_SECONDS: Final = 60.0
"""So long nothing at all may come."""
REDIRECTS: Final = 5
TRIES_HINT: Final = "it is tried again"

# It would write every address with its query, and so a token that stands in it, into the log.
logging.getLogger("httpx").setLevel(logging.WARNING)
logging.getLogger("httpcore").setLevel(logging.WARNING)


class Web:
    """Asks one source. ``header`` and ``prefix`` are where the protocol wants a token, unless the definition
    says otherwise.

    Use it as a context: the connection is closed at its end.
    """

    def __init__(self, ask: Ask, header: str = "Authorization", prefix: str = "Bearer ") -> None:
        source = ask.connector
        if not isinstance(source, WebSource):
            raise TypeError(f"{source.kind} is not asked over HTTP")
        self.drop = ask.drop
        self._home = httpx.URL(source.url)
        self._own: dict[str, str] = dict(source.headers)
        self._query: dict[str, str] = {}
        self._secrets: set[str] = set()
        self._show_who_asks(ask, source, header, prefix)
        # Packed is asked for alone, so that what is received can be checked for having come whole.
        self._client = httpx.Client(headers={"User-Agent": "toan-canh", "Accept-Encoding": "gzip"})
        self._deadline = Deadline(ask.drop.deadline)

    def __enter__(self) -> Web:
        return self

    def __exit__(self, *_: object) -> None:
        self._deadline.cancel()
        self._client.close()

    def _show_who_asks(self, ask: Ask, source: WebSource, header: str, prefix: str) -> None:
        auth = source.auth
        if auth is None:
            return
        # Who writes a secret into a file often leaves a line's end behind it.
        token, password = ((ask.secret(name) or "").strip() for name in (auth.token_env, auth.password_env))
        if auth.user_env is not None:
            token = base64.b64encode(f"{ask.secret(auth.user_env)}:{password}".encode()).decode()
            self._secrets.add(password)
            header, prefix = "Authorization", "Basic "
        elif auth.header is not None:
            header, prefix = auth.header, ""
        if not (token and token.isascii() and token.isprintable()):
            raise SourceError(f"the secret in {auth.token_env} holds what cannot be sent", "set it anew")
        self._secrets |= {token, quote(token, safe=""), quote_plus(token)}
        if auth.query is not None:
            self._query[auth.query] = token
            return
        if auth.prefix is not None:
            prefix = f"{auth.prefix} " if auth.prefix else ""
        self._own[header] = prefix + token

    @contextlib.contextmanager
    def ask(
        self,
        url: str | httpx.URL,
        params: Mapping[str, str] | None = None,
        *,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        also: Collection[int] = (),
    ) -> Iterator[Answer]:
        """The answer to one request, 2xx or 304, or of a status that is in ``also``.

        ``params`` are added to those of ``url``.

        Raises PassingFault and SourceError, also while the answer is read inside the block.
        """
        self.drop.check()
        there = self._as_safe(httpx.URL(url))
        there = there.copy_merge_params({**(params or {}), **self._query_for(there)})
        request = self._client.build_request(
            method,
            there,
            content=body,
            headers={**(headers or {}), **self._own_for(there)},
            timeout=self._timeout(),
            extensions={"trace": self._deadline.trace},
        )
        with self._told(there):
            response = self._client.send(request, stream=True)
            for _ in range(REDIRECTS):
                if response.next_request is None:
                    break
                response.close()
                response = self._client.send(self._redirected(there, response.next_request), stream=True)
            else:
                raise SourceError(f"{shown(there)} redirects again and again", "open the address and see")
            try:
                answer = Answer(
                    response, self.drop, shown(response.url), redirected=bool(response.url.path != there.path)
                )
                if answer.status not in also:
                    refuse(answer, self._without_secrets)
                yield answer
            finally:
                response.close()

    def _redirected(self, asked: httpx.URL, request: httpx.Request) -> httpx.Request:
        """The request to which a redirect leads: who asks is shown to the source itself alone."""
        request.url = self._as_safe(request.url)
        if asked.scheme == "https" and request.url.scheme != "https":
            raise SourceError(
                f"{shown(asked)} redirects to {shown(request.url)}, which is not encrypted",
                "ask its owner why",
            )
        if self._is_home(request.url):
            request.headers.update(self._own)
            request.url = request.url.copy_merge_params(self._query)
        else:
            for name in self._own:
                request.headers.pop(name, None)
        request.extensions = {"timeout": self._timeout().as_dict(), "trace": self._deadline.trace}
        return request

    def _as_safe(self, url: httpx.URL) -> httpx.URL:
        """A source behind a proxy that adds the encryption often gives links without it to itself."""
        same = url.host == self._home.host and url.port in (None, self._home.port)
        if same and url.scheme == "http" and self._home.scheme == "https":
            return url.copy_with(scheme="https", port=self._home.port)
        return url

    def _is_home(self, url: httpx.URL) -> bool:
        return (url.scheme, url.host, url.port) == (self._home.scheme, self._home.host, self._home.port)

    def _own_for(self, url: httpx.URL) -> dict[str, str]:
        return self._own if self._is_home(url) else {}

    def _query_for(self, url: httpx.URL) -> dict[str, str]:
        return self._query if self._is_home(url) else {}

    def _timeout(self) -> httpx.Timeout:
        left = max(0.1, self.drop.deadline - time.monotonic())
        return httpx.Timeout(min(SILENT_SECONDS, left), connect=min(CONNECT_SECONDS, left))

    def _without_secrets(self, text: str) -> str:
        for secret in sorted(filter(None, self._secrets), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text

    @contextlib.contextmanager
    def _told(self, url: httpx.URL) -> Iterator[None]:
        """What goes wrong on the way, in words. The cause is left out: it may hold the address asked."""
        where = shown(url)
        try:
            yield
        except httpx.TimeoutException:
            self.drop.check()
            raise PassingFault(f"{where} does not answer in time", TRIES_HINT) from None
        except httpx.RemoteProtocolError as error:
            self.drop.check()
            raise PassingFault(f"the answer of {where} was cut off: {error}", TRIES_HINT) from None
        except (
            httpx.UnsupportedProtocol,
            httpx.InvalidURL,
            httpx.LocalProtocolError,
            httpx.TooManyRedirects,
        ) as error:
            raise SourceError(
                f"{where} cannot be asked: {self._without_secrets(str(error))}", "correct connector.url"
            ) from None
        except httpx.RequestError as error:
            self.drop.check()
            if (fault := _certificate(error)) is not None:
                raise SourceError(
                    f"the certificate of {where} is not trusted: {fault}",
                    "have it renewed, or name the file of the authority that signed it in SSL_CERT_FILE",
                ) from None
            raise PassingFault(
                f"no connection to {where}: {self._without_secrets(str(error))}", TRIES_HINT
            ) from None


def shown(url: httpx.URL) -> str:
    """An address as it may be told: without user, query and fragment, any of which may hold a secret."""
    port = f":{url.port}" if url.port else ""
    return f"{url.scheme}://{url.host}{port}{url.path}"


def _certificate(error: BaseException | None) -> str | None:
    """What is wrong with the server's certificate or its TLS, if that is the cause."""
    while error is not None:
        if isinstance(error, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return None  # the connection broke
        if isinstance(error, ssl.SSLError):
            return getattr(error, "verify_message", None) or str(error.reason or error)
        error = error.__cause__ or error.__context__
    return None


def small_json(answer: Answer) -> object:
    """A short answer as JSON. Raises SourceError when it is none."""
    try:
        return json.loads(answer.small())
    except ValueError as error:
        raise SourceError(
            f"the answer of {answer.url} is not JSON", "is connector.url that of the service?"
        ) from error
