"""Views: somebody keeps a list as it is narrowed now, or gives a view up. No event: it concerns nobody else."""

from models.ground.db import command, db
from models.ground.errors import Invalid, Missing, Refused
from models.people.person import Person
from models.people.view import LONGEST_NAME, PAGES, View, views_of
from models.rules.permissions import allows

AT_MOST = 10  # views of one page: more are a list to search, not tabs


@command
def keep_view(person: Person, *, page: str, name: str, query: str) -> View:
    """A further tab on the page. Raises Invalid for a name that does not fit or is taken, and where there are ten."""
    name = " ".join(name.split())
    if page not in PAGES:
        raise Missing("There is no such list.")
    if not allows(person, f"view_{page}"):
        raise Refused("You may not do this. Ask a supervisor or an administrator if you need to.")
    _refuse_wrong(name, query, taken={view.name.casefold() for view in views_of(person.id, page)})
    view = View(person_id=person.id, page=page, name=name, query=query)
    db.session.add(view)
    return view


@command
def remove_view(view: View, *, actor: Person) -> None:
    """The tab is gone; the list stays as it is."""
    if view.person_id != actor.id:
        raise Missing("There is no such view.")
    db.session.delete(view)


def _refuse_wrong(name: str, query: str, *, taken: set[str]) -> None:
    if not 1 <= len(name) <= LONGEST_NAME:
        raise Invalid("A name has 1 to 30 characters.", field="name")
    if name.casefold() in taken:
        raise Invalid("You have a view of this name already.", field="name")
    if len(taken) >= AT_MOST:
        raise Invalid("You keep ten views of this list already. Please remove one first.")
    if not query or len(query) > View.query.type.length:
        raise Invalid("The list is not narrowed down: there is nothing to keep.")
