"""``connector: {kind: sftp}``: files that a department lays out on its own server."""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from config.models.base import Duration
from config.models.remote import EnvironmentName, Remote

_FINGERPRINT: Final = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")
_PUBLIC: Final = re.compile(r"[a-z0-9@.-]+ [A-Za-z0-9+/]+=*")


def _host_key(text: str) -> str:
    if _FINGERPRINT.fullmatch(text) is None and _PUBLIC.fullmatch(text) is None:
        raise ValueError(
            f"{text!r} is no host key; write SHA256:… as `ssh-keygen -lf` shows it, or type and key as in "
            "known_hosts: ssh-ed25519 AAAA…"
        )
    return text


HostKeys = Annotated[
    tuple[Annotated[str, AfterValidator(_host_key)], ...],
    BeforeValidator(lambda value: (value,) if isinstance(value, str) else value),
    Field(min_length=1),
]


class SftpConnector(Remote):
    """Files on an SFTP server, fetched when they are new or changed (size, time of change).

    ``path`` is a pattern such as ``/outgoing/*.csv``; a relative one begins at the user's home. Files keep
    their names, by which they are ordered. ``host_key`` is the server's, as its operator tells it: a
    fingerprint ``SHA256:…`` or a line of known_hosts without the host's name; a list while it changes. The
    user is known by the private key in ``key_file`` or in the variable ``key_env`` (its words in that of
    ``passphrase_env``), or by the password in that of ``password_env``. A file is taken when it has not
    changed for ``settle``; with ``marker: .done`` when a file of its name and that ending lies beside it.
    """

    kind: Literal["sftp"]
    host: str = Field(min_length=1)
    port: int = Field(default=22, ge=1, le=65535)
    user: str = Field(min_length=1)
    key_file: str | None = None
    key_env: EnvironmentName | None = None
    passphrase_env: EnvironmentName | None = None
    password_env: EnvironmentName | None = None
    host_key: HostKeys
    path: str = Field(min_length=1)
    settle: Duration = Field(default="10s", validate_default=True)
    marker: str | None = Field(default=None, min_length=2, pattern=r"^\.")

    @model_validator(mode="after")
    def _some_way_in(self) -> SftpConnector:
        if self.key_file is not None and self.key_env is not None:
            raise ValueError("give either key_file or key_env")
        if self.key_file is None and self.key_env is None:
            if self.password_env is None:
                raise ValueError("give key_file, key_env or password_env: how the server knows the user")
            if self.passphrase_env is not None:
                raise ValueError("passphrase_env goes with key_file or key_env")
        if "**" in self.path:
            raise ValueError("** is not known here; write one * for each folder")
        return self
