"""The programs that the house leans on: Redis and the mail server. Nothing is stored there, no letter is sent."""

from app import Settings
from workers import queues, valkey
from workers.channels import NotSent, mail
from workers.checks.finding import Finding, error, good, unless, unseen, warning
from workers.entrance import is_open_to_others

EMBEDDED = "An embedded Valkey serves, on a private socket"


def redis(settings: Settings) -> Finding:
    if not settings.redis_url:
        program = valkey.find_server()
        return unless(
            program is not None, "There is no Valkey and no Redis.", f"{EMBEDDED} ({program}).", do="Set REDIS_URL."
        )
    fine = "Redis answers."
    do = "Start it. Until then everything works, and the ticker does the work of the workers."
    return unless(queues.answers(settings.redis_url), "Redis does not answer.", fine, do=do)


def eviction(settings: Settings) -> Finding:
    if not settings.redis_url:
        return good(f"{EMBEDDED}, and throws nothing away.")
    policy = queues.eviction_policy(settings.redis_url)
    if policy is None:
        return unseen("Redis does not tell its maxmemory-policy.")
    do = "redis-cli config set maxmemory-policy noeviction, and in its configuration file."
    return unless(
        policy == "noeviction", f"Redis throws away what it has ({policy}).", "Redis throws nothing away.", do=do
    )


def redis_door(settings: Settings) -> Finding:
    if not settings.redis_url:
        return good(f"{EMBEDDED}; nobody else reaches it.")
    sentence = "Redis has no password, and others can reach it."
    fine = "Redis is behind a password, or on this machine only."
    return unless(
        not is_open_to_others(settings.redis_url),
        sentence,
        fine,
        do="Give it a password (ACL), and put it into REDIS_URL.",
    )


def post(settings: Settings) -> Finding:
    """Greets the mail server and leaves again."""
    if not settings.smtp_url:
        return warning("No mail server is set: letters wait on the outbox page.", "Set SMTP_URL.")
    try:
        mail.greet(settings.smtp_url)
    except NotSent as reason:
        return error(f"The mail server does not let us in: {reason}.", "Correct SMTP_URL, or look at the server.")
    return good("The mail server lets us in.")
