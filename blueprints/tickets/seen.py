"""A ticket as one reader sees it, each part read when the page first asks for it."""

from collections.abc import Hashable
from functools import cached_property
from types import SimpleNamespace

from blueprints.labels import locale, zone
from blueprints.tickets.forms import NoteForm, UpdateForm
from blueprints.tickets.telling import told
from blueprints.tickets.ways import BESIDE, ROAD, Way, ways
from models.ground.vocabulary import State
from models.insight.case import Case, case_of
from models.insight.cast import cast_of
from models.insight.incidents import Progress, progress_of
from models.insight.relations import Belonging
from models.insight.standing_in import away_from_all
from models.insight.story import Moment
from models.insight.suggestion import suggest_senior
from models.people.person import Person
from models.record.attachment import Attachment, attachments_of
from models.record.deadline import Deadline
from models.record.link import Link, living_link, purpose_in
from models.record.relation import open_children
from models.record.ticket import Ticket
from models.rules import workflow
from models.rules.permissions import allows
from models.steps.closing import missing_pieces


class Seen:
    """A region that is fetched alone asks for little, and one that was drawn before for its key only."""

    note_form, update_form = NoteForm, UpdateForm

    def __init__(self, ticket: Ticket, reader: Person) -> None:
        self.ticket, self.reader = ticket, reader

    @cached_property
    def key(self) -> tuple[Hashable, ...]:
        """What record and timeline show: the chain stands for all that happened, the rest changes without an event."""
        ticket = self.ticket
        things = (ticket.reporter, ticket.registrar, ticket.contact, ticket.customer, ticket.service)
        return (
            ticket.id,
            ticket.chain,
            self.internal,
            workflow.can(self.reader, "redact", ticket),
            self._away,
            *(thing.version for thing in things if thing),
            *((person.id, person.name) for person in cast_of(ticket)),
            locale(),
            zone().key,
        )

    @property
    def _away(self) -> tuple[Hashable, ...]:
        """Who is away among those whose decision is waited for: it changes without an event."""
        waits = self.internal and (self.ticket.state == State.AWAITING_APPROVAL or self.ticket.emergency)
        away = away_from_all(self.ticket.plans) if waits else {}
        return tuple((id_, each.until, each.by.id if each.by else 0) for id_, each in sorted(away.items()))

    @property
    def head_key(self) -> tuple[Hashable, ...]:
        """What the line says that tells how the ticket stands."""
        ticket = self.ticket
        return ticket.id, ticket.chain, *(thing.version for thing in (ticket.assignee, ticket.team) if thing), locale()

    @property
    def links_key(self) -> tuple[Hashable, ...]:
        """What the links say that lead to further forms."""
        plan = self.case.plan
        return self.ticket.number, plan.id if plan else None, *(way.action for way in self.beside), locale()

    @cached_property
    def internal(self) -> bool:
        return allows(self.reader, "view_internal", self.ticket)

    @cached_property
    def case(self) -> Case:
        return case_of(self.ticket)

    @cached_property
    def belonging(self) -> Belonging:
        return Belonging(self.ticket, self.reader)

    @property
    def may_be_the_same(self) -> bool:
        """Whether it is asked if the ticket was reported already: as long as it can be merged and nobody has said."""
        return not self.belonging and workflow.can(self.reader, "merge", self.ticket)

    @property
    def sees_bearer(self) -> bool:
        bearer = self.belonging.bearer
        return bearer is not None and allows(self.reader, "view", bearer)

    @property
    def progress(self) -> Progress:
        """How the work stands there, of a ticket that is merged."""
        return progress_of(self.ticket)

    @property
    def merged(self) -> list[SimpleNamespace]:
        """Each report that was merged into it, with its files and all that was said there."""
        return [
            SimpleNamespace(
                ticket=one,
                files=[file for file in attachments_of(one.id) if file.is_of_report],
                moments=told(one, internal=self.internal),
            )
            for one in self.belonging.merged
        ]

    @property
    def below(self) -> int:
        """To how many reports below this incident an update can go, too (P3.8)."""
        return len(open_children(self.ticket)) if self.internal and self.belonging.ties.has_relations else 0

    @cached_property
    def road(self) -> list[Way]:
        return ways(ROAD, self.ticket, self.case, self.reader)

    @cached_property
    def beside(self) -> list[Way]:
        return ways(BESIDE, self.ticket, self.case, self.reader)

    @cached_property
    def deadlines(self) -> list[Deadline]:
        return self.case.deadlines

    @property
    def breached(self) -> list[Deadline]:
        return [d for d in self.deadlines if d.clock_state == "breached" and not d.acknowledged_at]

    @property
    def moments(self) -> list[Moment]:
        return told(self.ticket, internal=self.internal)

    @property
    def files(self) -> list[Attachment]:
        """Files of the report; those of a text stand with it in the timeline."""
        return [f for f in attachments_of(self.ticket.id) if f.is_of_report and (self.internal or f.public)]

    @property
    def missing(self) -> list[str]:
        in_review = self.internal and self.ticket.state == State.AWAITING_REVIEW
        return missing_pieces(self.ticket) if in_review else []

    @property
    def link(self) -> Link | None:
        return living_link(self.ticket, purpose=purpose_in(self.ticket.state))

    @property
    def senior(self) -> Person | None:
        return suggest_senior(self.ticket) if allows(self.reader, "hand_over", self.ticket) else None
