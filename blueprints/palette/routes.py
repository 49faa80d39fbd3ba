"""The command palette: what was typed may mean. What can be done on the page, and the places to go, the page knows."""

from flask import Blueprint, Response, redirect, request, url_for

from blueprints import pages
from blueprints.access import me, requires
from models.insight import reach
from models.insight.finds import reads_internal

bp = Blueprint("palette", __name__)
bp.add_app_template_global(reads_internal)


@bp.get("/palette")
@requires("use_account")
def palette() -> Response:
    """Nothing typed: the tickets that this browser opened last, as far as they may still be seen."""
    q, scope = request.args.get("q", "").strip()[:200], request.args.get("scope", "")
    scope = scope if scope in reach.SCOPES else ""
    if not pages.is_fragment():
        return redirect(url_for("knowledge.search", q=q or None), 303)  # type: ignore[return-value]
    numbers = request.args.get("recent", "")[:400].split(",")
    recent = reach.recent(me(), numbers) if not q and scope in ("", "tickets") else []
    reached = reach.reach(me(), q, scope=scope)
    return pages.show("palette/palette.html", q=q, reached=reached, recent=recent)
