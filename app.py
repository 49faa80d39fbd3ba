"""Bihuan: settings from the environment and create_app(). Nothing else lives here."""

import secrets
from pathlib import Path
from typing import Literal

from flask import Flask
from flask_migrate import Migrate
from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict
from werkzeug.middleware.proxy_fix import ProxyFix

import blueprints
import models
from models.clockwork import anchor
from models.ground import clock, tokens
from models.ground.db import READ, db, prepare
from models.record import attachment, demo_clock
from models.rules import limits

DIFFERENT_CHARACTERS = 10  # in a secret; of 32 random hexadecimal digits one in ten thousand has fewer
SILENT: dict[str, object] = {"execution_options": READ, "hide_parameters": True}  # what an error says goes to the log
LARGEST_BODY = 64 * 1024 * 1024  # bytes of one request, files included
migrate = Migrate(compare_type=True, render_as_batch=True)


class Settings(BaseSettings):
    """What is in force, from the environment or `.env`; the names are those of docs/OPERATIONS.md."""

    model_config = SettingsConfigDict(env_file=".env", env_prefix="BIHUAN_", extra="ignore", populate_by_name=True)

    port: int = Field(8000, validation_alias="PORT")
    bind: str = Field("127.0.0.1", validation_alias="BIND")
    home: Path = Field(Path("var"), validation_alias="BIHUAN_HOME")
    database_url: str = Field("", validation_alias="DATABASE_URL")
    redis_url: str | None = Field(None, validation_alias="REDIS_URL")
    base_url: str = Field("", validation_alias="BASE_URL")
    secret_key: str = Field("", validation_alias="SECRET_KEY")
    secret_key_file: Path | None = Field(None, validation_alias="SECRET_KEY_FILE")
    signing_keys: str = Field("", validation_alias="SIGNING_KEYS")
    env: Literal["demo", "production", "test"] = Field("demo", validation_alias="BIHUAN_ENV")
    smtp_url: str | None = Field(None, validation_alias="SMTP_URL")
    mail_from: str = Field("Bihuan <bihuan@localhost>", validation_alias="MAIL_FROM")
    desk_phone: str = Field("", validation_alias="DESK_PHONE")
    heartbeat_url: str = Field("", validation_alias="HEARTBEAT_URL")
    outbound_private: str = Field("", validation_alias="OUTBOUND_PRIVATE")
    proxy_hops: int = Field(0, ge=0, le=9, validation_alias="PROXY_HOPS")
    rate_limits: bool = Field(True, validation_alias="RATE_LIMITS")
    log_level: str = Field("INFO", validation_alias="LOG_LEVEL")
    debug: bool = Field(False, validation_alias="FLASK_DEBUG")

    def model_post_init(self, _context: object) -> None:
        self.home = self.home.resolve()
        self.database_url = self.database_url or f"sqlite:///{self.home / 'bihuan.sqlite3'}"
        self.database_url = self.database_url.replace("postgres://", "postgresql://", 1)
        if self.database_url.startswith("postgresql://"):
            self.database_url = self.database_url.replace("postgresql://", "postgresql+psycopg://", 1)
        self.secret_key = self.secret_key or self._kept_secret()
        self.refuse_unsafe()
        self.base_url = (self.base_url or f"http://localhost:{self.port}").rstrip("/")

    @property
    def signers(self) -> list[str]:
        """What cookies, forms and streams are signed with, the newest first; the others are still accepted."""
        return [key.strip() for key in self.signing_keys.split(",") if key.strip()] or [self.secret_key]

    def refuse_unsafe(self) -> None:
        """Production does not start on what only a demonstration may have; each reason has its number."""
        if self.env == "production" and (wrong := [f"{number}: {reason}" for number, reason in self.unsafe()]):
            raise SystemExit("Bihuan does not start in production:\n  " + "\n  ".join(wrong))

    def unsafe(self) -> list[tuple[str, str]]:
        """What in these settings only a demonstration may have; workers/entrance.py goes on counting."""
        reasons = {
            ("E01", "SECRET_KEY or SECRET_KEY_FILE must hold at least 32 characters, and each of SIGNING_KEYS."): (
                min(map(len, (self.secret_key, *self.signers))) < 32
            ),
            ("E02", "FLASK_DEBUG must be off."): self.debug,
            ("E03", "BASE_URL must be set to the address that people use, with https."): not self.base_url.startswith(
                "https://"
            ),
            ("E04", "SECRET_KEY and SIGNING_KEYS must be random: one has hardly any different characters."): (
                min(len(set(key)) for key in (self.secret_key, *self.signers)) < DIFFERENT_CHARACTERS
            ),
        }
        return [reason for reason, is_so in reasons.items() if is_so]

    def _kept_secret(self) -> str:
        """From SECRET_KEY_FILE; outside production a file of the data folder, made at the first start."""
        if self.secret_key_file:
            return self.secret_key_file.read_text().strip()
        if self.env == "production":
            return ""
        file = self.home / "secret-key"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(48))
        return file.read_text().strip()


def create_app(settings: Settings | None = None) -> Flask:
    """Make the application. Raises RuntimeError when a route declares no permission."""
    settings = settings or Settings()  # type: ignore[call-arg]
    app = Flask(__name__, static_folder="static", template_folder="templates")
    app.config.update(
        SETTINGS=settings,
        SECRET_KEY=settings.signers[0],
        SECRET_KEY_FALLBACKS=settings.signers[1:],
        WTF_CSRF_SECRET_KEY=settings.signers[::-1],
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings.database_url),
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=1024 * 1024,
        MAX_FORM_PARTS=200,
        SESSION_COOKIE_NAME="__Host-bihuan" if settings.base_url.startswith("https://") else "bihuan",
        SESSION_COOKIE_SECURE=settings.base_url.startswith("https://"),
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        BABEL_TRANSLATION_DIRECTORIES=str(Path(__file__).parent / "translations"),
        WTF_CSRF_TIME_LIMIT=None,
    )
    if hops := settings.proxy_hops:  # nobody else is believed about where a request comes from
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    tokens.use_key(settings.secret_key)
    limits.enforce(on=settings.rate_limits)
    attachment.use_folder(settings.home / "files")
    anchor.use_folder(settings.home / "anchors")
    db.init_app(app)
    migrate.init_app(app, db, directory=str(Path(__file__).parent / "migrations"))
    with app.app_context():
        prepare(db.engine)
    clock.follow(_demo_offset(app) if settings.env == "demo" else None)
    blueprints.register(app)
    assert models.__all__
    return app


def _engine_options(url: str) -> dict[str, object]:
    if url.startswith("sqlite"):
        return SILENT
    limits = "-c statement_timeout=15000 -c lock_timeout=5000 -c idle_in_transaction_session_timeout=60000"
    return SILENT | {"pool_pre_ping": True, "connect_args": {"options": limits, "connect_timeout": 5}}


def _demo_offset(app: Flask):  # type: ignore[no-untyped-def]
    def read():  # type: ignore[no-untyped-def]
        with app.app_context():
            return demo_clock.read_offset()

    return read
