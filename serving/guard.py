"""Who may ask: the key when there is one, otherwise only programs of this machine that ask under its own name."""

from __future__ import annotations

import hmac
import ipaddress
from urllib.parse import urlsplit

from serving import errors

LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def is_loopback(host: str) -> bool:
    """Whether an address is reachable from this machine only.

    Examples
    --------
    >>> is_loopback("127.0.0.5"), is_loopback("localhost"), is_loopback("0.0.0.0")
    (True, True, False)
    """
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


class Guard:
    """The check that every request passes before anything else looks at it.

    Without a key, the request's ``Host`` must be this machine's: a web page that had its own name
    resolved to 127.0.0.1 (DNS rebinding) is refused. A request from a page of another site is always refused.

    Parameters
    ----------
    host : str
        Address that the server listens on.
    key : str
        The key expected as ``Authorization: Bearer …``; empty for none.

    Examples
    --------
    >>> Guard("127.0.0.1", "").check("localhost:3000", None, b"")
    >>> Guard("127.0.0.1", "").check("evil.example", None, b"")
    Traceback (most recent call last):
    ...
    serving.errors.ServingError: the host 'evil.example' is not this server's; ...
    """

    def __init__(self, host: str, key: str) -> None:
        self._hosts = LOOPBACK | {host.strip("[]").lower()}
        self._key = key.encode()

    def check(self, host: str, origin: str | None, authorisation: bytes) -> None:
        """Pass or raise.

        Parameters
        ----------
        host, origin, authorisation
            The headers of these names; an absent ``Origin`` is None, the others are empty.

        Raises
        ------
        ServingError
            401 without the key, 403 for a foreign host or a page of another site.
        """
        if self._key:
            scheme, _, given = authorisation.partition(b" ")
            if not hmac.compare_digest(given.strip(), self._key) or scheme.lower() != b"bearer":
                raise errors.unauthorised()
        elif hostname(host) not in self._hosts:
            raise errors.foreign_host(host)
        if origin is not None and origin.lower() not in (f"http://{host}".lower(), f"https://{host}".lower()):
            raise errors.foreign_origin(origin)


def hostname(host: str) -> str:
    """The name in a ``Host`` header, without port and brackets.

    Examples
    --------
    >>> hostname("LOCALHOST:3000"), hostname("[::1]:3000"), hostname("")
    ('localhost', '::1', '')
    """
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
