"""Parts of pages, drawn once and shown to many.

The key is a promise: all that a part shows stands in it, or is never changed without something that does.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock

from flask import Flask
from markupsafe import Markup

from models.ground import clock

ROOM = 6_000_000  # characters that a process keeps; what was asked for longest ago goes first


@dataclass(eq=False)
class _Place:
    turn: Lock = field(default_factory=Lock)
    markup: Markup = field(default_factory=Markup)
    until: float = float("-inf")


_places: OrderedDict[Hashable, _Place] = OrderedDict()
_weight = 0
_lock = Lock()


def register(app: Flask) -> None:
    """For templates: `{% call kept('timeline', …) %}…{% endcall %}`, which asks for nothing while it is kept."""
    app.jinja_env.globals["kept"] = lambda *key, caller: kept(key, caller)


def kept(key: Hashable, draw: Callable[[], Markup], *, seconds: float | None = None) -> Markup:
    """What `draw` made for this key before, at most `seconds` ago; many who ask at once wait for one drawing."""
    place = _place(key)
    with place.turn:
        now = clock.steady()
        if now >= place.until:
            _keep(key, place, draw())
            place.until = float("inf") if seconds is None else now + seconds
        return place.markup


def forget() -> None:
    """Keep nothing: the database below is another one."""
    global _weight
    with _lock:
        _places.clear()
        _weight = 0


def _place(key: Hashable) -> _Place:
    with _lock:
        place = _places.setdefault(key, _Place())
        _places.move_to_end(key)
        return place


def _keep(key: Hashable, place: _Place, markup: Markup) -> None:
    global _weight
    with _lock:
        if _places.get(key) is place:  # else it had to go while it was drawn
            _weight += len(markup) - len(place.markup)
        place.markup = markup
        while _weight > ROOM:
            _, oldest = _places.popitem(last=False)
            _weight -= len(oldest.markup)
