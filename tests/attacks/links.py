"""What is tried on customers' signed links."""

import string
from collections.abc import Iterator

from models.record.link import find_link
from models.record.ticket import find_ticket
from models.rules.permissions import allows
from tests.attacks.figures import nothing
from tests.attacks.site import STRANGER, Seen, Site
from tests.database import everything
from tests.factories import person

LETTERS = string.ascii_letters + string.digits + "-_"
MAY_SHOW = ("/c/", "/admin/outbox/")  # the page itself, and letters as they were sent


def a47(site: Site) -> str:
    """Tokens with one letter changed, cut, doubled, in other cases, and those of other purposes: never a hint."""
    tokens = [token for token in site.world.values["token"] if find_link(str(token))]
    tried, odd = 0, []
    numbers = site.world.tickets.values()
    for at, token in enumerate(map(str, tokens)):
        for bent in _bent(token) if at < 2 else _bent(token, step=11):
            answer = site.browser().open(f"/c/{bent}")
            says = answer.response.get_data(as_text=True)
            odd += [f"{bent}: {answer.status}"] * (answer.status not in (400, 404, 308))
            odd += [f"{bent} tells of a ticket"] * any(number in says for number in numbers)
            tried += 1
    for purpose in ("/password/{}", "/ical/due/{}.ics", "/ical/oncall/{}.ics", "/t/{}", "/files/{}"):
        answer = site.browser().open(purpose.format(tokens[0]))
        odd += [f"{purpose}: {answer.status}"] * (answer.status == 200 and bool(answer.forms("use_reset")))
        tried += 1
    for other in (*site.world.values["reset"], *site.world.values["feeds"]):
        odd += [f"/c/{other}"] * (site.browser().open(f"/c/{other}").status != 404)
        tried += 1
    nothing(odd)
    return f"{tried} tokens, 0 let in, 0 hints"


def a48(site: Site) -> str:
    """The tokens in rows, titles, other people's pages and headers: nowhere but on the page that they open."""
    tokens = [str(token) for token in site.world.values["token"] if find_link(str(token))]
    rows = "\n".join(row for table in everything().values() for row in table)
    nothing([token for token in tokens if token in rows])
    odd = []
    for seen in site.seen:
        text = seen.page.response.get_data().decode(errors="replace")
        may = seen.url.startswith(MAY_SHOW) or _may_send(site, seen)
        odd += [str(seen)] * (not may and any(token in text for token in tokens))
        titles = seen.page.all("title") if seen.is_html else []
        odd += [f"{seen}: title"] * any(token in title.text for title in titles for token in tokens)
        for name, value in seen.page.response.headers.items():
            odd += [f"{seen}: {name}"] * any(token in value for token in tokens)
    nothing(odd)
    return f"{len(tokens)} tokens, {len(rows)} characters of rows, {len(site.seen)} pages, 0 found"


def _may_send(site: Site, seen: Seen) -> bool:
    """Whether it is the page of a ticket, shown to somebody who may hand its link to the customer."""
    numbers = [part for part in seen.url.partition("?")[0].split("/") if part in site.numbers()]
    ticket = find_ticket(numbers[0]) if numbers else None
    return ticket is not None and seen.name != STRANGER and allows(person(seen.name), "send_link", ticket)


def _bent(token: str, *, step: int = 1) -> Iterator[str]:
    for at in range(0, len(token), step):
        for letter in (
            LETTERS[(LETTERS.index(token[at]) + 1) % 64],
            LETTERS[LETTERS.index(token[at]) ^ 32 if LETTERS.index(token[at]) < 32 else 0],
        ):
            yield token[:at] + letter + token[at + 1 :]
        yield token[:at] + token[at + 1 :]
    yield from (
        token + "A",
        token + "=",
        token + "%00",
        token + "%20",
        token.lower(),
        token.upper(),
        token.swapcase(),
        token[:10],
        token * 2,
        token[::-1],
        "A" * 43,
        "..",
        "%2e%2e",
        token + ".html",
        token + ";x",
    )
