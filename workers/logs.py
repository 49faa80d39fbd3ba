"""Logs: one line per event on standard error, JSON in production, readable words elsewhere."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
CHATTY = ("rq", "alembic", "uvicorn", "asyncio", "werkzeug")


def set_up(*, level: str, as_json: bool) -> None:
    """Send structlog and the standard library's logging down the same road."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _on_one_line,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S" if not as_json else "iso", utc=as_json),
    ]
    ending: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]
    if not as_json:
        plain = structlog.dev.plain_traceback
        ending = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ending],
            foreign_pre_chain=shared,
        )
    )
    logging.basicConfig(handlers=[handler], level=level, force=True)
    for name in CHATTY:
        logging.getLogger(name).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _on_one_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """What people or programs have sent cannot begin another line (attack A13)."""
    for key, value in event.items():
        if isinstance(value, str):
            event[key] = BREAKS.sub(lambda found: ascii(found[0])[1:-1], value)
    return event
