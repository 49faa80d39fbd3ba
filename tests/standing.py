"""What somebody is to a ticket, told by hand from the rows: models/rules/permissions is not asked."""

from types import SimpleNamespace
from typing import Any

from sqlalchemy import Row, select

from models.ground.db import db
from models.people.person import Person
from models.record.link import Link
from models.record.relation import PARENT
from models.record.ticket import Ticket

Actor = Person | Link | None  # None is the desk itself

# P1, once more in our own words: who works the desk, who sees every harmless ticket, who sees the others, who is told.
DESK = {
    "first_line", "engineer", "duty_lead", "supervisor", "tech_manager", "director", "product_manager", "verifier",
    "approver", "dept_head",
}  # fmt: skip
CLEARED = LADDER = {"supervisor", "tech_manager", "director"}
ENDED = ("closed", "archived", "cancelled", "merged")
WORD_OF = {"progress": "link", "consent": "consent_link", "direction": "direction_link"}


def rows(table: str, **where: Any) -> list[Row[Any]]:
    columns = db.metadata.tables[table].c
    found = select(db.metadata.tables[table]).where(*(columns[name] == value for name, value in where.items()))
    return list(db.session.execute(found))


def human(person_id: int) -> int:
    """Their first account."""
    return rows("person", id=person_id)[0].same_as_id or person_id


def facts(ticket: Ticket) -> SimpleNamespace:
    """Every row that says what people are to the ticket."""
    here = {"ticket_id": ticket.id}
    (row,), plans = rows("ticket", id=ticket.id), sorted(rows("plan", **here), key=lambda plan: plan.revision)
    below = [rows("ticket", id=r.from_id)[0] for r in rows("relation", to_id=ticket.id, kind=PARENT, undone_at=None)]
    above = [rows("ticket", id=r.to_id)[0] for r in rows("relation", from_id=ticket.id, kind=PARENT, undone_at=None)]
    owed = [plan for plan in plans if plan.late == "owed" and row.emergency]
    is_known = (
        row.kind == "fault" and row.state not in ENDED and bool(row.triaged_at) and not row.resolved_at
        and row.category != "security" and (row.severity in ("P0", "P1") or any(b.state not in ENDED for b in below))
    )  # fmt: skip
    assigned = [SimpleNamespace(person_id=row.assignee_id)] if row.assignee_id else []
    return SimpleNamespace(
        row=row, newest=plans[-1:], late=owed, is_known=is_known,
        seats={plan.id: rows("approval", plan_id=plan.id) for plan in plans},
        copied={copy.person_id for plan in plans for copy in rows("plan_copy", plan_id=plan.id)},
        followers={f.person_id for f in rows("follower", **here)},
        asked={c.contact_id for c in rows("cooperation", **here)},
        affected={a.person_id for a in rows("affected", **here)},
        workers={human(w.person_id) for w in (*rows("work_step", **here), *assigned)},
        askers={human(e.asked_by_id) for e in rows("extension", **here, outcome="")},
        above={ticket.assignee_id for ticket in above},
        deeds=[e.actor_id for e in sorted(rows("event", **here), key=lambda e: e.seq) if e.actor_id or e.link_id],
        absences=rows("absence"),
    )  # fmt: skip


def words_of(actor: Actor, known: SimpleNamespace) -> set[str]:
    """What the actor is to the ticket; `reporter` is the one of the ticket, not the role that everybody holds."""
    if actor is None:
        return {"desk"}
    if isinstance(actor, Link):
        if actor.revoked_at:
            return set()
        return {"link_holder"} | ({WORD_OF[actor.purpose], "viewer"} if actor.ticket_id == known.row.id else set())
    if not actor.active:
        return set()
    held = rows("role_held", person_id=actor.id)
    here = {h.role for h in held if known.row.team_id is None or h.team_id in (None, known.row.team_id)} - {"reporter"}
    roles = {h.role for h in held}
    words = {"anyone"} | here | owned(actor, known, is_staff=bool(roles & DESK))
    words |= {"staff"} if roles & DESK else set()
    words |= {"told"} if known.row.escalation and here & LADDER else set()
    words |= {"told"} if known.row.escalation > 3 and "admin" in roles else set()
    return words | ({"viewer"} if sees(roles, known) or is_involved(actor, known) else set())


def owned(actor: Person, known: SimpleNamespace, *, is_staff: bool) -> set[str]:
    row, me, one = known.row, actor.id, human(actor.id)
    is_ = {
        "assignee": row.assignee_id == me,
        "reporter": row.reporter_id == me,
        "reporter_before_triage": row.reporter_id == me and row.state == "awaiting_triage",
        "registrar": row.registrar_id == me,
        "own_product_manager": row.kind == "request" and row.product_manager_id == me,
        "author": any(plan.author_id == me for plan in known.newest),
        "seat": any(sits(actor, plan, known, is_staff=is_staff) for plan in known.newest),
        "late_seat": any(sits(actor, plan, known, is_staff=is_staff) for plan in known.late),
        "copied": me in known.copied,
        "in_rounds": bool(rows("approval", person_id=me) or rows("plan_copy", person_id=me)),
        "asked_contact": me in known.asked,
        "affected": me in known.affected,
        "doer": known.deeds[-1:] == [me],
        "incident_assignee": me in known.above,
        "own_plan": any(human(plan.author_id) == one for plan in known.newest),
        "own_late_plan": any(human(plan.author_id) == one for plan in known.late),
        "implementer": one in known.workers,
        "own_request": one in known.askers,
    }
    return {word for word, holds in is_.items() if holds}


def sits(actor: Person, plan: Row[Any], known: SimpleNamespace, *, is_staff: bool) -> bool:
    """In a seat of their own, or for somebody who is absent and has not decided, while the round runs."""
    seats = known.seats[plan.id]
    away = {absence.person_id for absence in known.absences if absence.delegate_id == actor.id}
    runs = plan.late == "owed" or not (plan.outcome or plan.late)
    stands_in = is_staff and runs and any(seat.person_id in away and not seat.decision for seat in seats)
    return stands_in or any(seat.person_id == actor.id for seat in seats)


def sees(roles: set[str], known: SimpleNamespace) -> bool:
    if known.row.category == "security" and known.row.state != "awaiting_triage":
        return bool(roles & CLEARED)
    return bool(roles & (DESK | {"admin"})) or ("kb_admin" in roles and known.row.state in ("closed", "archived"))


def is_involved(actor: Person, known: SimpleNamespace) -> bool:
    sat = {seat.person_id for seats in known.seats.values() for seat in seats}
    by_row = {known.row.assignee_id, known.row.reporter_id, known.row.registrar_id}
    return actor.id in by_row | sat | known.copied | known.followers | known.asked
