"""The words of the field, spelled once: the same on the screen, in the code and in the process."""

from enum import StrEnum


class Role(StrEnum):
    """What a person may be (P1)."""

    REPORTER = "reporter"
    FIRST_LINE = "first_line"
    ENGINEER = "engineer"
    DUTY_LEAD = "duty_lead"
    SUPERVISOR = "supervisor"
    TECH_MANAGER = "tech_manager"
    DIRECTOR = "director"
    PRODUCT_MANAGER = "product_manager"
    VERIFIER = "verifier"
    APPROVER = "approver"
    CONTACT = "contact"
    KB_ADMIN = "kb_admin"
    DEPT_HEAD = "dept_head"
    ADMIN = "admin"


class State(StrEnum):
    """Where a ticket stands, named for whom it waits on."""

    AWAITING_TRIAGE = "awaiting_triage"
    AWAITING_ENGINEER = "awaiting_engineer"
    AWAITING_ASSESSMENT = "awaiting_assessment"  # of a request, as is the next
    AWAITING_DIRECTION = "awaiting_direction"
    AWAITING_PLAN = "awaiting_plan"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_CONSENT = "awaiting_consent"
    AWAITING_FIX = "awaiting_fix"
    AWAITING_TEST = "awaiting_test"
    AWAITING_CUSTOMER = "awaiting_customer"
    AWAITING_REVIEW = "awaiting_review"
    CLOSED = "closed"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Status(StrEnum):
    """The one line that everybody understands (P9)."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    IN_TESTING = "in_testing"
    RESOLVED = "resolved"
    CLOSED = "closed"
    ARCHIVED = "archived"
    CANCELLED = "cancelled"
    MERGED = "merged"


class Severity(StrEnum):
    """Levels of the default policy (P3.2)."""

    P0 = "P0"
    P1 = "P1"
    P2 = "P2"
    P3 = "P3"


class Impact(StrEnum):
    """How many are hit (P3.3)."""

    SINGLE = "single"
    DEPARTMENT = "department"
    MAJORITY = "majority"
    ALL = "all"


class Urgency(StrEnum):
    """How soon it hurts (P3.3)."""

    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class Category(StrEnum):
    """Fault categories (P3.1)."""

    SYSTEM = "system"
    FUNCTION = "function"
    PERFORMANCE = "performance"
    ACCOUNT = "account"
    SECURITY = "security"
    HARDWARE = "hardware"
    NETWORK = "network"
    CONFIGURATION = "configuration"
    QUESTION = "question"
    DATA = "data"
    OTHER = "other"


class Kind(StrEnum):
    """What a ticket is (P3.1). A request has a column of its own in every policy."""

    FAULT = "fault"
    REQUEST = "request"


class RequestType(StrEnum):
    """Types of requests (P3.1); they stand where a fault has its category."""

    OPTIMISATION = "optimisation"
    NEW_FEATURE = "new_feature"
    EXPERIENCE = "experience"


class Feasibility(StrEnum):
    """What an assessment comes to (P8.3)."""

    FEASIBLE = "feasible"
    NEEDS_CHANGE = "needs_change"
    NOT_NOW = "not_now"


class Channel(StrEnum):
    """How a report reached the desk (P2.1)."""

    WEB = "web"
    TELEPHONE = "telephone"


class ClockKind(StrEnum):
    """The obligations that a policy can time (P4.2), and three that the desk keeps for itself."""

    REGISTER = "register"
    TRIAGE = "triage"
    RESPOND = "respond"
    ASSESS = "assess"
    PLAN = "plan"
    APPROVE = "approve"
    RATIFY = "ratify"
    TEST = "test"
    RESOLVE = "resolve"
    RESOLVE_MAX = "resolve_max"
    UPDATE = "update"
    FOLLOW_UP = "follow_up"
    CLOSE = "close"
    COOPERATE = "cooperate"
    CALL_BACK = "call_back"
    DELIVER = "deliver"  # of a request: the date that was agreed (P8.3)
    SILENCE = "silence"  # reminders, then confirmation by silence (P10.4); nobody's promise
    ARCHIVE = "archive"  # seven days after closing (P11.3); nobody's promise
    WAIT = "wait"  # a waiting whose end is known beforehand (P4.5); nobody's promise


HOUSEKEEPING = (ClockKind.SILENCE, ClockKind.ARCHIVE, ClockKind.WAIT)


class Party(StrEnum):
    """Whom a ticket waits for outside the desk (P4.5)."""

    REPORTER = "reporter"
    CUSTOMER = "customer"
    VENDOR = "vendor"
    DEPARTMENT = "department"
    APPROVER = "approver"  # beyond the round of a plan, which is a state of its own
    WINDOW = "window"


class Turn(StrEnum):
    """To whom a minute of a ticket's life belongs (P4.5)."""

    CUSTOMER = "customer"  # or the reporter: whoever asked for it
    FIRST_LINE = "first_line"
    ENGINEER = "engineer"
    APPROVER = "approver"
    VERIFIER = "verifier"
    SUPERVISOR = "supervisor"
    PRODUCT = "product"
    DEPARTMENT = "department"
    VENDOR = "vendor"
    WINDOW = "window"
    CLOSED_HOURS = "closed_hours"
    NOBODY = "nobody"  # it has ended


class AbsenceKind(StrEnum):
    """Why somebody is away (P1)."""

    LEAVE = "leave"
    SICK = "sick"
    TRIP = "trip"
    TRAINING = "training"
    OTHER = "other"


class Risk(StrEnum):
    """Risk class of a plan (P7.2)."""

    STANDARD = "standard"
    NORMAL = "normal"
    MAJOR = "major"


class Rule(StrEnum):
    """How the seats of a round decide together (P7.2)."""

    ANY = "any"  # one suffices (或签)
    ALL = "all"  # everybody (会签)
    SEQUENCE = "sequence"  # everybody, one after the other (依次审批)
    QUORUM = "quorum"  # a number of them


class PlanKind(StrEnum):
    """What a plan is for (P7.1)."""

    FIX = "fix"
    WORKAROUND = "workaround"


class Decision(StrEnum):
    """What an approver can say (P7.3)."""

    APPROVED = "approved"
    RETURNED = "returned"


class Verdict(StrEnum):
    """What a customer can say of the result (P10.2)."""

    YES = "yes"
    PARTLY = "partly"
    NO = "no"


class Means(StrEnum):
    """How a confirmation came (P10.2, P10.4, P10.7)."""

    LINK = "link"
    PORTAL = "portal"
    SPOKEN = "spoken"
    SILENCE = "silence"
    JOINT_TEST = "joint_test"


class Cause(StrEnum):
    """Category of the root cause (P6.5)."""

    CODE = "code"
    CONFIGURATION = "configuration"
    CAPACITY = "capacity"
    HARDWARE = "hardware"
    NETWORK = "network"
    DATA = "data"
    THIRD_PARTY = "third_party"
    OPERATION = "operation"
    CHANGE = "change"
    UNKNOWN = "unknown"
