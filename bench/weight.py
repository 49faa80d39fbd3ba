"""What a browser that has never been here fetches for one page: the page, and all that it and its sheets name."""

import re
from urllib.parse import urljoin, urlsplit

from bench.visitor import Visitor

NAMED = re.compile(
    r"""
    <(?:script|img)[^>]*\bsrc="([^"]+)" | <link[^>]*\bhref="([^"]+)" | <use[^>]*\bhref="([^"#]+) |
    \burl\(["']?([^"')]+)
    """,
    re.VERBOSE,
)


def weigh(visitor: Visitor, path: str) -> dict[str, int]:
    """Bytes as sent, heads included, of every address that the page needs."""
    found, waiting = {}, [path]
    while waiting:
        address = waiting.pop(0)
        if address in found:
            continue
        answer = visitor.get(address)
        found[address] = answer.size
        if address == path or address.endswith(".css"):
            named = NAMED.findall(answer.plain.decode())
            waiting += [_inside(urljoin(address, "".join(each))) for each in named if "data:" not in "".join(each)]
    return found


def _inside(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
