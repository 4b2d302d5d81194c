"""A connection to an SFTP server whose key is known beforehand, or none at all."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import StringIO
from typing import Final

import paramiko

from config.models.sftp import SftpConnector
from pipelines.connectors.base import Ask
from pipelines.errors import PassingFault, SourceError

_PATIENCE: Final = 15.0
"""Seconds for the server to answer a question."""
_KEYS: Final = (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey)


@contextmanager
def connected(ask: Ask, remote: SftpConnector) -> Iterator[paramiko.SFTPClient]:
    """A session for files. Raises SourceError for what is refused, PassingFault for what breaks."""
    key, password = _key(ask, remote), ask.secret(remote.password_env)
    where = f"{remote.host}:{remote.port}"
    try:
        with socket.create_connection((remote.host, remote.port), _PATIENCE) as line:
            transport = paramiko.Transport(line)
            try:
                transport.banner_timeout = transport.auth_timeout = _PATIENCE
                _demand_known(transport, remote)
                _log_in(transport, remote, key, password)
                client = paramiko.SFTPClient.from_transport(transport)
                assert client is not None  # None only for a transport that is not logged in
                client.get_channel().settimeout(_PATIENCE)  # type: ignore[union-attr]
                yield client
            finally:
                transport.close()
    except socket.gaierror as error:
        raise PassingFault(f"the name {remote.host} cannot be resolved: {error.strerror}") from error
    except (ConnectionError, TimeoutError, EOFError, paramiko.SSHException) as error:
        raise PassingFault(f"the connection to {where} broke: {error or type(error).__name__}") from error


def _demand_known(transport: paramiko.Transport, remote: SftpConnector) -> None:
    """Shake hands, and go on only with a server that shows one of the keys that are known."""
    options = transport.get_security_options()
    kinds = {known.partition(" ")[0] for known in remote.host_key if " " in known}
    if kinds and len(kinds) == len(remote.host_key):
        # A server has keys of several kinds: ask for one of those that are known.
        options.key_types = [kind for kind in options.key_types if _kind(kind) in kinds] or options.key_types
    transport.start_client(timeout=_PATIENCE)
    shown = transport.get_remote_server_key()
    if {shown.fingerprint, f"{shown.get_name()} {shown.get_base64()}"}.isdisjoint(remote.host_key):
        raise SourceError(
            f"{remote.host} shows the key {shown.get_name()} {shown.fingerprint}, which connector.host_key "
            "does not know",
            "ask its operator for the fingerprint, by another way than this one; "
            "if it differs from both, somebody stands in between",
        )


def _kind(algorithm: str) -> str:
    """The kind of key that an algorithm of signatures goes with."""
    return "ssh-rsa" if algorithm.startswith("rsa-sha2") else algorithm


def _log_in(
    transport: paramiko.Transport, remote: SftpConnector, key: paramiko.PKey | None, password: str | None
) -> None:
    try:
        if key is not None:
            transport.auth_publickey(remote.user, key)
        if not transport.is_authenticated() and password is not None:
            transport.auth_password(remote.user, password)
    except paramiko.BadAuthenticationType as error:
        raise SourceError(
            f"{remote.host} lets {remote.user} in by {', '.join(error.allowed_types)} alone",
            "give that in the connector",
        ) from error
    except paramiko.AuthenticationException as error:
        way = "the key" if key is not None else "the password"
        raise SourceError(
            f"{remote.host} refused {remote.user} with {way}",
            f"have the operator let {remote.user} in, or correct user, key and password",
        ) from error
    if not transport.is_authenticated():
        raise SourceError(f"{remote.host} wants more than one proof of {remote.user}", "ask its operator")


def _key(ask: Ask, remote: SftpConnector) -> paramiko.PKey | None:
    text = ask.secret(remote.key_env)
    words = ask.secret(remote.passphrase_env)
    if remote.key_file is not None:
        try:
            with open(remote.key_file, encoding="utf-8") as file:
                text = file.read()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise SourceError(
                f"the private key {remote.key_file} cannot be read: {reason}",
                "correct connector.key_file, or the rights of the file",
            ) from error
    if text is None:
        return None
    for kind in _KEYS:
        with suppress(paramiko.SSHException, ValueError):
            return kind.from_private_key(StringIO(text), password=words)
    raise SourceError(
        "the private key cannot be used",
        "give an OpenSSH or PEM key (Ed25519, ECDSA, RSA), and name its passphrase in passphrase_env",
    )
