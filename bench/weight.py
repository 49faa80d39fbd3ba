"""What a browser that has never been here fetches for one page: the page, and all that it and its sheets name."""

import re
from urllib.parse import urljoin, urlsplit

from bench.visitor import Visitor

NAMED_IN_HTML = re.compile(
    r'<(?:script|img)[^>]*\bsrc="([^"]+)"|<link[^>]*\brel="(?:stylesheet|icon|preload)"[^>]*\bhref="([^"]+)"|<use[^>]*\bhref="([^"#]+)'
)
NAMED_IN_CSS = re.compile(r'url\(["\']?([^"\')]+)')


def weigh(visitor: Visitor, path: str) -> dict[str, int]:
    """Bytes as sent, heads included, of every address that the page needs."""
    found, waiting = {}, [path]
    while waiting:
        address = waiting.pop(0)
        if address in found:
            continue
        answer = visitor.get(address)
        found[address] = answer.size
        text = answer.plain.decode(errors="replace")
        named = NAMED_IN_CSS.findall(text) if address.endswith(".css") else ["".join(each) for each in NAMED_IN_HTML.findall(text)]
        if address == path or address.endswith(".css"):
            waiting += [_inside(urljoin(address, each)) for each in named if not each.startswith("data:")]
    return found


def _inside(url: str) -> str:
    parts = urlsplit(url)
    return parts.path + (f"?{parts.query}" if parts.query else "")
