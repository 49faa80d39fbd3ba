"""Sentences on the command line, where there is no reader whose language is known."""

from collections.abc import Iterator
from contextlib import contextmanager

import click
from flask import current_app

from blueprints.labels import LANGUAGES, in_language

language = click.option("--lang", type=click.Choice(LANGUAGES), default="en", help="The language of the sentences.")


@contextmanager
def speaking(lang: str) -> Iterator[None]:
    """Words and addresses of pages as in an answer to somebody who reads this language."""
    with current_app.test_request_context(base_url=current_app.config["SETTINGS"].base_url), in_language(lang):
        yield
