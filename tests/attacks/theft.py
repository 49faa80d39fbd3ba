"""What somebody can do who has stolen the database or a backup: every word of it is tried as a key."""

import re
from collections import defaultdict
from contextvars import Context

from sqlalchemy import select

from models.ground import tokens
from models.ground.db import db, is_sqlite
from models.people.person import Person
from tests.attacks.figures import heavy, nothing
from tests.attacks.site import Site
from tests.conftest import KEY
from workers.keeping import copies

SECRETIVE = re.compile(r"token|hash|secret|nonce|salt|password|code|key|chain|digest")
LIKE_A_KEY = re.compile(r"[\w.$/+=:,-]{12,200}")
DOORS = ("/c/{}", "/password/{}", "/password/1.{}", "/ical/due/{}.ics", "/ical/oncall/{}.ics")


def a65(site: Site) -> str:
    """Whoever has every row: a few words of each column as links, cookies and passwords; backups hold no key."""
    return _stolen(site, each=6)


@heavy
def a65_all(site: Site) -> str:
    """Every word."""
    return _stolen(site, each=100_000)


def _stolen(site: Site, *, each: int) -> str:
    stolen = _words(each)
    assert _lets_in(site, _token_of(site, "chen")), "a true token opens, or this proves nothing"
    odd = []
    for word in stolen:
        for door in DOORS:
            answer = site.browser().open(door.format(word))
            odd += [f"{door}: {word}: {answer.status}"] * (answer.status == 200 and "/password" not in door)
            odd += [f"{door}: {word}"] * bool(answer.forms("use_reset"))
        odd += [f"cookie: {word}"] * _lets_in(site, word)
    nothing(odd)
    hashes = [word for word in stolen if word.startswith("$argon2")]
    for word in hashes[:3]:
        assert site.new_browser().submit("/login", "sign_in", login="admin", password=word).status == 422
    weak = ~Person.password_hash.like("$argon2id$%") & (Person.password_hash != "")
    nothing(db.session.scalars(select(Person.login).where(weak)).all())
    return f"{len(stolen)} words, {len(DOORS) + 1} doors, 0 opened; {_in_backup(site)}"


def _words(each: int) -> list[str]:
    """So many of every column that could hold a key, each column's first."""
    found: dict[str, list[str]] = defaultdict(list)
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(select(table).limit(each)):
            for name, value in row._mapping.items():
                if isinstance(value, str) and LIKE_A_KEY.fullmatch(value) and SECRETIVE.search(name):
                    found[f"{table.name}.{name}"].append(value)
    db.session.rollback()
    assert {"session.token_hash", "link.token_hash", "person.password_hash", "password_reset.nonce"} <= set(found)
    return sorted({value for values in found.values() for value in values[:each]})


def _token_of(site: Site, name: str) -> str:
    signer = site.app.session_interface.get_signing_serializer(site.app)  # type: ignore[attr-defined]
    token = str(signer.loads(site.cookies[name].cookie)["_user_id"])
    assert tokens.digest(token) in _words(1_000)
    return token


def _lets_in(site: Site, token: str) -> bool:
    """Whether a cookie with it is a session's, even when the thief can sign it."""
    signer = site.app.session_interface.get_signing_serializer(site.app)  # type: ignore[attr-defined]
    cookie = f"bihuan={signer.dumps({'_user_id': token, '_fresh': True})}"
    client = site.app.test_client(use_cookies=False)
    return Context().run(client.get, "/session", headers={"Cookie": cookie}).status_code == 200


def _in_backup(site: Site) -> str:
    """No true key, token or password is in any file of it."""
    if not is_sqlite():
        return "a backup is tried on SQLite"
    kept = copies.make(site.app.config["SETTINGS"], site.home / "stolen")
    given = [str(token) for name in ("token", "feeds", "reset") for token in site.world.values[name][:-1]]
    true = [KEY, _token_of(site, "chen"), *given]
    files = [path for path in kept.folder.rglob("*") if path.is_file()]
    nothing([f"{path}: {key[:8]}…" for path in files for key in true if key.encode() in path.read_bytes()])
    return f"{len(files)} files of a backup, 0 of {len(true)} keys in them"
