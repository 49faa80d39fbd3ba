"""The web: translates HTTP to one command and back. `register` puts every room into the house."""

from flask import Flask

from blueprints import (
    access,
    assets,
    begun,
    clock_words,
    commands,
    house,
    kept,
    keys,
    labels,
    lists,
    one_time,
    pages,
    proof,
    refusals,
    safety,
    signs,
    undoing,
    viewing,
)
from blueprints.account import routes as account
from blueprints.admin import routes as admin
from blueprints.approval import routes as approval
from blueprints.archiving import routes as archiving
from blueprints.assessment import routes as assessment
from blueprints.board import routes as board
from blueprints.clocks import routes as clocks
from blueprints.cooperation import routes as cooperation
from blueprints.customer_verification import routes as customer_verification
from blueprints.diagnosis import routes as diagnosis
from blueprints.drafts import routes as drafts
from blueprints.extension import routes as extension
from blueprints.health import routes as health
from blueprints.intake import routes as intake
from blueprints.jobs import routes as jobs
from blueprints.knowledge import routes as knowledge
from blueprints.on_call import routes as on_call
from blueprints.palette import routes as palette
from blueprints.relations import routes as relations
from blueprints.repair import routes as repair
from blueprints.setup import routes as setup
from blueprints.tickets import routes as tickets
from blueprints.triage import routes as triage
from blueprints.views import routes as views

ROOMS = (
    account, intake, triage, assessment, diagnosis, approval, extension, cooperation, repair, customer_verification,
    archiving, relations, tickets, clocks, board, views, on_call, knowledge, palette, drafts, jobs, admin, health,
    setup,
)  # fmt: skip


def register(app: Flask) -> None:
    """Register rooms, helpers and commands; refuse to start when a route declares no permission."""
    access.register(app)
    safety.register(app)
    assets.register(app)
    one_time.register(app)
    refusals.register(app)
    pages.register(app)
    begun.register(app)
    proof.register(app)
    clock_words.register(app)
    kept.register(app)
    lists.register(app)
    house.register(app)
    signs.register(app)
    keys.register(app)
    undoing.register(app)
    viewing.register(app)
    labels.register(app)  # last: the components keep the globals of this moment
    commands.register(app)
    for room in ROOMS:
        app.register_blueprint(room.bp)
    access.refuse_undeclared(app)
