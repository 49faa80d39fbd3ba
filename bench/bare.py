"""The measuring stick: a bare Flask route with one indexed query and a plain table of its 50 rows, and nothing else."""

from flask import Flask
from sqlalchemy import select

from app import Settings, _engine_options
from models.ground.db import db, prepare
from models.people.person import Person
from models.record.ticket import Ticket

PAGE = """<!doctype html>
<html lang="zh"><head><meta charset="utf-8"><title>Tickets</title></head><body>
<table><thead><tr><th>Number</th><th>Title</th><th>Severity</th><th>Reporter</th><th>Reported</th><th>Due</th></tr></thead>
<tbody>
{%- for row in rows %}
<tr><td><a href="/t/{{ row.number }}">{{ row.number }}</a></td><td>{{ row.title }}</td><td>{{ row.severity }}</td>
<td>{{ row.name or '' }}</td><td>{{ row.created_at }}</td><td>{{ row.next_due_at }}</td></tr>
{%- endfor %}
</tbody></table></body></html>"""


def create_bare(settings: Settings) -> Flask:
    """Same engine, same tables, same server; no sign-in, no rights, no languages, no clocks."""
    app = Flask("bare")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings.database_url),
    )
    db.init_app(app)
    with app.app_context():
        prepare(db.engine)
    page = app.jinja_env.from_string(PAGE)

    @app.get("/healthz")
    def alive() -> str:
        return "ok"

    @app.get("/")
    def rows() -> str:
        wanted = (
            select(Ticket.number, Ticket.title, Ticket.severity, Person.name, Ticket.created_at, Ticket.next_due_at)
            .outerjoin(Person, Person.id == Ticket.reporter_id)
            .where(Ticket.state == "awaiting_triage")
            .order_by(Ticket.next_due_at, Ticket.id)
            .limit(50)
        )
        return page.render(rows=db.session.execute(wanted).all())

    return app
