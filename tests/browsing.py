"""A browser without JavaScript: reads pages, fills in the forms that are there, and presses their buttons."""

from collections.abc import Iterator
from contextvars import Context
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import Flask, has_app_context
from lxml import etree
from werkzeug.test import TestResponse

from models.ground.db import db

UNSENT = ("submit", "button", "image", "reset", "file")


UNSEEN = ("script", "style", "template")


@dataclass(frozen=True)
class Element:
    """A tag with its attributes and what is inside."""

    node: Any

    @property
    def tag(self) -> str:
        return str(self.node.tag)

    @property
    def attributes(self) -> dict[str, str]:
        return self.node.attrib  # type: ignore[no-any-return]

    @property
    def inside(self) -> "list[Element | str]":
        parts: list[Element | str] = [self.node.text or ""]
        for part in self.node.iterchildren(etree.Element, etree.Comment):
            parts += [Element(part)] if isinstance(part.tag, str) else []
            parts += [part.tail or ""]
        return [part for part in parts if part != ""]

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    def get(self, attribute: str, default: str = "") -> str:
        return self.attributes.get(attribute, default)

    @property
    def text(self) -> str:
        """The words in it, spaces made one."""
        return " ".join("".join(self._words()).split())

    @property
    def raw_text(self) -> str:
        return "".join(self._words())

    def all(self, *tags: str, **attributes: str | None) -> "list[Element]":
        """Every element inside with one of the tags and these attributes; None: with any value. `data_action` is
        `data-action`."""
        wanted = {name.strip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [e for e in self._elements(tags) if e._has(wanted)]

    def one(self, *tags: str, **attributes: str | None) -> "Element":
        """The first of all()."""
        found = self.all(*tags, **attributes)
        assert found, f"no {tags or 'element'} with {attributes}"
        return found[0]

    def _has(self, wanted: dict[str, str | None]) -> bool:
        return all(name in self.attributes and value in (None, self.attributes[name]) for name, value in wanted.items())

    def _elements(self, tags: tuple[str, ...]) -> "Iterator[Element]":
        around = {self.node, *self.node.iterancestors("template")}
        for part in self.node.iterdescendants(*(tags or (etree.Element,))):
            template = next(part.iterancestors("template"), None)
            if template is None or template in around:  # what a template holds is not on the page
                yield Element(part)

    def _words(self) -> Iterator[str]:
        for part in self.inside:
            if isinstance(part, str):
                yield part
            elif part.tag not in UNSEEN:
                yield from part._words()


class Page(Element):
    """An HTML answer."""

    def __init__(self, response: TestResponse) -> None:
        object.__setattr__(self, "response", response)

    response: TestResponse

    @property
    def status(self) -> int:
        return self.response.status_code

    @cached_property
    def node(self) -> Any:  # type: ignore[override]
        """Read at the first look: half of all pages are only passed through."""
        html = self.response.get_data() if self.response.mimetype == "text/html" else b""
        read, page = etree.HTML(html or b"<html></html>", etree.HTMLParser(encoding="utf-8", huge_tree=True)), None
        if html.lstrip()[:9].lower() != b"<!doctype":  # a part of a page: without what the reader has put around it
            page = read.find("body")
        if page is None:
            page = etree.Element("document")
            page.append(read)
        return page

    def forms(self, action: str | None = None) -> "list[Form]":
        """The forms that act, or those of one action (their `data-action`)."""
        found = self.all("form", method="post")
        return [Form(e) for e in found if action is None or e.get("data-action") == action]

    def form(self, action: str | None = None) -> "Form":
        """The form of an action; without a word, the only one outside the page's frame."""
        found = self.forms(action)
        assert found, f"no form {action or ''} on this page ({self.status}): {self.text[:400]}"
        return found[0]


class Form:
    """A form with what it would send if nobody touched it."""

    def __init__(self, element: Element) -> None:
        self.element, self.url = element, element.get("action")
        self.action = element.get("data-action")

    @cached_property
    def values(self) -> dict[str, list[str]]:
        sent: dict[str, list[str]] = {}
        for control in self.element.all("input", "textarea", "select"):
            if (name := control.get("name")) and "disabled" not in control.attributes:
                sent.setdefault(name, []).extend(_value_of(control))
        return sent

    @property
    def names(self) -> set[str]:
        """The fields that are there to be filled in, buttons that send something included."""
        return {e["name"] for e in self.element.all("input", "textarea", "select", "button") if e.get("name")}

    def filled(self, **fields: Any) -> dict[str, Any]:
        """What is sent when these fields have been filled in; a field that is not there cannot be."""
        unknown = set(fields) - self.names
        assert not unknown, f"the form {self.action} has no field {unknown}; it has {self.names}"
        return self.values | dict(fields.items())


class Browser:
    """Keeps cookies, follows what it is told, and never shares the test's own database session."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "en"

    def get(self, url: str, **more: Any) -> Page:
        """The answer to a GET, redirects followed."""
        return self.open(url, follow_redirects=True, **more)

    def open(self, url: str, **more: Any) -> Page:
        """Any request, as it is; `status`, `response.headers` and the page itself."""
        # In a context of its own: the test's application context would lend its session and its `g`.
        response = Context().run(self.client.open, url, **more)
        if has_app_context():
            db.session.rollback()
            db.session.expire_all()  # whatever the test holds is read anew at its next look
        return Page(response)

    def submit(self, url: str, action: str | None = None, *, leave_out: tuple[str, ...] = (), **fields: Any) -> Page:
        """Load the page at `url`, fill in its form and press its button; the answer, not followed.

        A file is `(io.BytesIO(b"…"), "name.png")`. `leave_out` are fields that are not sent at all.
        """
        return self.press(self.get(url).form(action), leave_out=leave_out, **fields)

    def press(self, form: Form, *, leave_out: tuple[str, ...] = (), **fields: Any) -> Page:
        """Send a form that was read before: a page that has lain open."""
        sent = {name: value for name, value in form.filled(**fields).items() if name not in leave_out}
        is_multipart = form.element.get("enctype") == "multipart/form-data"
        kind = "multipart/form-data" if is_multipart else "application/x-www-form-urlencoded"
        return self.open(form.url, method="POST", data=sent, content_type=kind)

    def does(self, url: str, action: str | None = None, **fields: Any) -> Page:
        """submit(), which must succeed; the page that it leads to."""
        answer = self.submit(url, action, **fields)
        problems = " ".join(e.text for e in answer.all(role="alert"))
        assert answer.status == 303, f"{action} at {url} answered {answer.status}: {problems or answer.text[:400]}"
        return self.get(answer.response.location)

    def sign_in(self, login: str, password: str) -> Page:
        """Sign in by hand at /login."""
        return self.does("/login", "sign_in", login=login, password=password)


def _value_of(control: Element) -> list[str]:
    if control.tag == "textarea":
        return [control.raw_text.removeprefix("\r").removeprefix("\n")]
    if control.tag == "select":
        options = control.all("option")
        chosen = [o for o in options if "selected" in o.attributes]
        if not chosen and "multiple" not in control.attributes:
            chosen = options[:1]
        return [o.get("value", o.text) for o in chosen]
    kind = control.get("type", "text")
    if kind in UNSENT:
        return []
    if kind in ("checkbox", "radio"):
        return [control.get("value", "on")] if "checked" in control.attributes else []
    return [control.get("value")]
