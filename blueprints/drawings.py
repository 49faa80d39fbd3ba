"""Keeps the pages of docs/ that are drawn from tables: `flask docs` writes them, a test compares."""

import json
import re
from pathlib import Path

from flask import Flask
from werkzeug.routing import Rule

from models.rules import drawing

DOCS = Path(__file__).parent.parent / "docs"
HEADING = "## The states, drawn from the table\n"
RIGHTS = """# Who may do what

Drawn by `./run docs` from `models/rules/workflow.py` (STEPS, INSTEAD) and `models/rules/permissions.py` (MAY, NEVER);
what is not written here is forbidden. A test asks the product about every state, action, role and ownership and
compares the answers with this page.

A role is meant in the ticket's team where it is held per team. Whoever may not see a ticket may do nothing on it, but
for `join`, `leave` and `view_incident`, where it is a known incident or they have joined it. What else a command asks
(that there is a plan, that time was asked for) is not said here.

- `assignee`, `reporter`, `registrar`: of the ticket; `reporter_before_triage` the second, until the triage;
  `own_product_manager`: of the request.
- `author`: of the newest plan; `seat`: in its round, their own or that of somebody absent whose delegate on the staff
  they are; `late_seat`: the same of a plan that was carried out first; `sat`: has or had one in that plan's round;
  `copied`: has a copy of a plan.
- `told`: supervisor, manager or director once the ladder has been climbed, and the administrator when it has been
  climbed to its end; `asked_contact`: was asked to cooperate; `affected`: has joined; `incident_assignee`: works on
  the incident above.
- `link`, `consent_link`, `direction_link`: whoever holds one that lives; `link_holder`: any of them.
- `staff`: everybody who works the desk; `viewer`: whoever may see the ticket; `desk`: the clockwork itself.
- Never: `own_plan`, `own_late_plan` (they wrote it, by whichever of their accounts), `implementer` (is the assignee or
  has carried out a step, by whichever account), `own_request` (they asked for the time).

"""

ROUTES = """# Which address asks for which right

Drawn by `./run docs` from `@requires` and `@public`; who holds a right stands in `PERMISSIONS.md`. The third column is
what the address loads before it asks: whoever may not see it is told that there is nothing. The application does not
start while a route declares neither, and a test compares every address with this page.

| address | methods | right | of |
|---|---|---|---|
"""


def drawn() -> dict[Path, str]:
    """Every page that is drawn, as it has to read now."""
    architecture = DOCS / "ARCHITECTURE.md"
    head = re.split(re.escape(HEADING), architecture.read_text("utf-8"))[0]
    states = f"{head}{HEADING}\n```mermaid\n{drawing.states_as_mermaid()}\n```\n"
    return {architecture: states, DOCS / "PERMISSIONS.md": RIGHTS + "\n".join(_chapters())}


def drawn_of_routes(app: Flask) -> dict[Path, str]:
    """Every address, and the right that it asks for."""
    rows = sorted(_row_of(app, rule) for rule in app.url_map.iter_rules() if rule.endpoint != "static")
    return {DOCS / "ROUTES.md": ROUTES + "\n".join(rows) + "\n"}


def drawn_of_packages() -> dict[Path, str]:
    """What the product is made of beside itself, in the format of CycloneDX, for whoever looks for a known fault."""
    root = DOCS.parent
    pins = re.findall(
        r"^([a-z0-9._-]+)(?:\[[\w,-]+\])?==([^ \\;]+)", (root / "requirements.txt").read_text("utf-8"), re.M
    )
    vendored = json.loads((root / "static/vendor/VENDORED.json").read_text("utf-8"))
    parts = [(name, version, f"pkg:pypi/{name}@{version}") for name, version in pins]
    parts += sorted({(e["name"], e["version"], f"pkg:npm/{e['name']}@{e['version']}") for e in vendored})
    components = [{"type": "library", "name": n, "version": v, "purl": purl} for n, v, purl in parts]
    bill = {"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": components}
    return {DOCS / "sbom.json": json.dumps(bill, indent=1) + "\n"}


def redraw(app: Flask) -> None:
    """Write the pages."""
    for page, text in (drawn() | drawn_of_routes(app) | drawn_of_packages()).items():
        page.write_text(text, "utf-8")


def _row_of(app: Flask, rule: Rule) -> str:
    kind, what, of = app.view_functions[rule.endpoint].access  # type: ignore[attr-defined]
    methods = " ".join(sorted({"GET", "POST", "PUT", "PATCH", "DELETE"} & (rule.methods or set())))
    right = f"`{what}`" if kind == "requires" else f"everybody: {what}"
    thing = getattr(of, "__name__", "") if of else ""
    return f"| `{rule.rule}` | {methods} | {right} | {'by id' if thing == 'load' else thing} |"


def _chapters() -> list[str]:
    return [
        f"## {title}\n\n{table}\n"
        for title, table in (
            ("On a ticket, by its state", drawing.rights_as_table()),
            ("By another right", drawing.rights_instead_as_table()),
            ("Whatever else they are", drawing.refusals_as_table()),
            ("Around the tickets", drawing.other_rights_as_table()),
            ("What an action turns", drawing.steps_as_table()),
        )
    ]
