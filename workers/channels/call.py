"""Calling an address outside: one GET to an address that was looked up once, no redirects, a few seconds (rule 37).

Whatever way an address is written in – decimal, octal, mapped into IPv6 –, what counts is where it leads.
"""

import http.client
import ipaddress
import socket
import ssl
from urllib.parse import urlsplit

SECONDS = 5.0
MOST_READ = 1_000  # bytes of the answer
Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class NotCalled(Exception):
    """It was not called, or did not answer as it should; the message says why."""


def call(url: str, *, allowed: str = "") -> None:
    """GET the address; anything but 2xx is a refusal. Raises NotCalled."""
    where = urlsplit(url)
    found = addresses_of(url, allowed=allowed)
    door = _Pinned(where.hostname or "", _port(url), found[0], is_secure=where.scheme == "https")
    try:
        path = (where.path or "/") + (f"?{where.query}" if where.query else "")
        door.request("GET", path, headers={"User-Agent": "Bihuan", "Connection": "close"})
        answer = door.getresponse()
        answer.read(MOST_READ)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise NotCalled(f"{type(error).__name__}: {error}") from error
    finally:
        door.close()
    if not 200 <= answer.status < 300:
        raise NotCalled(f"it answered {answer.status}")


def addresses_of(url: str, *, allowed: str = "") -> list[str]:
    """Where the name leads, each address public or in a network of `allowed`. Raises NotCalled."""
    where = urlsplit(url)
    if where.scheme not in ("http", "https") or not where.hostname:
        raise NotCalled("it is not an http address")
    if where.username or where.password:
        raise NotCalled("it has a user name in it")
    try:
        networks = [ipaddress.ip_network(each.strip()) for each in allowed.split(",") if each.strip()]
        rows = socket.getaddrinfo(where.hostname, _port(url), type=socket.SOCK_STREAM)
    except (OSError, ValueError) as error:
        raise NotCalled(str(error)) from error
    found = list(dict.fromkeys(str(row[4][0]) for row in rows))
    if closed := [each for each in found if not _may_be_called(each, networks)]:
        raise NotCalled(f"{closed[0]} is not a public address")
    return found


def _may_be_called(said: str, networks: list[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
    each = _inner(ipaddress.ip_address(said.partition("%")[0]))
    return (each.is_global and not each.is_multicast) or any(each in network for network in networks)


def _inner(address: Address) -> Address:
    """The IPv4 address that an IPv6 one only wraps."""
    if isinstance(address, ipaddress.IPv4Address):
        return address
    wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo or (None, None))[1]
    if wrapped is None and address in NAT64:
        wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return wrapped or address


def _port(url: str) -> int:
    try:
        return urlsplit(url).port or (443 if urlsplit(url).scheme == "https" else 80)
    except ValueError as error:
        raise NotCalled(str(error)) from error


NAT64 = ipaddress.ip_network("64:ff9b::/96")


class _Pinned(http.client.HTTPConnection):
    """Speaks to one address and no other, whatever its name leads to by now; the certificate must be the name's."""

    def __init__(self, host: str, port: int, address: str, *, is_secure: bool) -> None:
        super().__init__(host, port, timeout=SECONDS)
        self.default_port = 443 if is_secure else 80
        self._address, self._is_secure = address, is_secure

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._is_secure:
            self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)
