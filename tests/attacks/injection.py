"""What is typed into the house: markup, templates and ends of lines."""

import re

from tests.attacks.figures import heavy, nothing
from tests.attacks.infected import infected
from tests.attacks.payloads import CANARY, MARKUP
from tests.attacks.site import Seen, Site

NEVER = ("style", "iframe", "object", "embed", "base", "math", "marquee", "video", "audio", "frame", "frameset")


LINKS = ("href", "src", "action", "formaction", "data", "poster", "xlink:href", "hx-get", "hx-post")


OURS = re.compile(r"(/(?!/)|#|\?|https?://|mailto:|tel:|data:,|data:image/(png|svg\+xml)|$)")


def a01(site: Site) -> str:
    """The corpus of markup in every text field of every form; then every page that can show it, as several roles."""
    found = infected(site)
    nothing([problem for seen in found.html for problem in _alive(seen)])
    literal = sum("<script>kanarie()</script>" in seen.page.raw_text for seen in found.html)
    assert literal > 15, literal
    assert found.accepted > 15, found.accepted
    pages = len(found.html)
    return f"{len(MARKUP)} payloads, {len(found.echoes)} forms, {found.accepted} accepted, {pages} pages, 0 alive"


def a02(site: Site) -> str:
    """Schemes that run something, however they are spelt, in texts, solutions and fields for addresses."""
    links = [
        (seen, e.get(name))
        for seen in infected(site).html
        for e in seen.page.node.iter()
        if isinstance(e.tag, str)
        for name in LINKS
        if e.get(name)
    ]
    nothing([f"{seen}: {link}" for seen, link in links if not OURS.match(re.sub(r"[\x00-\x20]", "", link))])
    return f"{len(links)} links, 0 of a scheme that runs something"


def a03(site: Site) -> str:
    """hx-get, hx-on:, data-hx-*, <form>, <base> and <meta refresh> in what people wrote are words."""
    odd = []
    for seen in infected(site).html:
        for e in seen.page.node.iter():
            if isinstance(e.tag, str):
                odd += [
                    f"{seen}: {name}"
                    for name, value in e.attrib.items()
                    if _is_for_htmx(name) and value == f"/{CANARY}"
                ]
                odd += [f"{seen}: {e.tag}"] * ("evil.example" in (e.get("action") or e.get("content") or ""))
    nothing(odd)
    return f"{len(infected(site).html)} pages, 0 that htmx or the browser would obey"


def a04(site: Site) -> str:
    """Names that would break out of title=, aria-label= and value= stay inside them."""
    held = 0
    for seen in infected(site).html:
        for e in seen.page.node.iter():
            if isinstance(e.tag, str):
                nothing([f"{seen}: {name}" for name in e.attrib if CANARY in name or re.search(r"[\"'<>=`]", name)])
                held += any(CANARY in value for value in e.attrib.values())
    assert held > 100, held
    return f"{held} attributes that hold a payload, 0 broken out of"


def a09(site: Site) -> str:
    """Templates, formats and braces in tickets, names and letters are words."""
    found = infected(site)
    shown = [seen.page.text for seen in found.html] + [letter.subject + letter.text for letter in found.letters]
    nothing([text[:200] for text in shown if "1337" in text or "<Config" in text or "<module" in text])
    literal = sum("{{191*7}}" in text for text in shown)
    assert literal > 20, literal
    return f"{len(found.letters)} letters, {len(found.html)} pages, {literal} with the braces as they were typed"


def a10(site: Site) -> str:
    """Ends of lines, NUL and their like in subjects, names and addresses: one Subject, one To, no header more."""
    found = infected(site)
    mails = [mail for mail in found.mails if not isinstance(mail, Exception)]
    for mail in mails:
        raw = mail.as_bytes().partition(b"\r\n\r\n")[0]
        for header in (b"subject", b"to", b"from"):
            assert len(re.findall(rb"(?im)^%s:" % header, raw)) == 1, raw
        assert b"bcc" not in {line.partition(b":")[0].lower() for line in raw.splitlines()}
    assert len(mails) > 20, len(mails)
    for seen in found.pages:
        assert "Bcc" not in seen.page.response.headers, seen
    return f"{len(mails)} mails and {len(found.pages)} answers, 0 headers more"


@heavy
def a01_all(site: Site) -> str:
    """The same pages in a real browser: nothing of it is called, no policy is violated."""
    from tests.attacks.real_browser import canaries_called

    pages = [seen for seen in infected(site).html if CANARY in seen.page.response.get_data(as_text=True)]
    called, violations = canaries_called(site, pages)
    assert (called, violations) == (0, [])
    return f"{len(pages)} pages in Chromium, 0 calls, 0 violations"


def _alive(seen: Seen) -> list[str]:
    """What of the page would run, or load something, that is not ours."""
    found = []
    for e in seen.page.node.iter():
        if not isinstance(e.tag, str):
            continue
        script = e.tag == "script" and not (e.get("src") or "").startswith("/static/")
        refresh = e.tag == "meta" and (e.get("http-equiv") or "").lower() == "refresh"
        found += [f"{seen}: <{e.tag}>"] * (e.tag in NEVER or script or refresh)
        found += [
            f"{seen}: <{e.tag} {name}>" for name in e.attrib if re.match(r"(on|style$|srcdoc$|hx-on|data-hx-)", name)
        ]
    return found


def _is_for_htmx(name: str) -> bool:
    return name.startswith(("hx-", "data-hx-"))
