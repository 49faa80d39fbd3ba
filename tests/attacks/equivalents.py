"""Guards without which nothing changes, and why: (file, what is written there) → the other guard that holds."""

EQUIVALENT: dict[tuple[str, str], str] = {
    ("models/people/session.py", "PasswordReset.used_at.is_(None)"): (
        "what is used stays used; without it only the moment of using would be written anew"
    ),
}
