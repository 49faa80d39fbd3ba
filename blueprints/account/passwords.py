"""Passwords that were forgotten, and the link from the mail."""

from flask import Response, flash, request, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import pages, rates
from blueprints.access import public
from blueprints.account import bp
from blueprints.account.forms import CodeForm, ForgottenForm, NewPasswordForm
from models.ground.db import aside
from models.ground.errors import Gone, Invalid
from models.people.person import Person, find_person
from models.people.session import reset_of
from models.rules import attempts
from models.rules.attempts import Attempt
from models.steps import accounts


@bp.route("/password", methods=["GET", "POST"])
@public("whoever forgot the password cannot sign in")
def forgotten() -> Response:
    """The same answer whether there is such an account or not."""
    form = ForgottenForm()

    def ask() -> None:
        person = find_person(form.login.data)
        if person and person.active and person.email:
            accounts.request_reset(person)
        else:
            accounts.pretend_reset()
        flash(_("If there is such an account, a link to set a new password is on its way by e-mail."))

    if request.method != "POST":
        return pages.show("account/forgotten.html", form=form)
    return pages.act(
        form,
        action="request_reset",
        page=lambda f: pages.show("account/forgotten.html", form=f),
        do=ask,
        then=lambda _: url_for("account.login"),
    )


@bp.route("/password/code", methods=["GET", "POST"])
@public("the code from the administrator proves who it is")
def password_by_code() -> Response:
    """A new password for whoever was given a code."""
    form = CodeForm()

    def page(shown: FlaskForm) -> Response:
        return pages.show("account/password_code.html", form=shown)

    def use() -> Person:
        attempt = Attempt("code", rates.address(), rates.address())
        with aside():
            used = attempts.count_try(attempt)
        try:
            return accounts.use_code(code=form.otp.data, password=form.password.data, tried=attempt)
        except Invalid:
            with aside():
                attempts.note_if_paused(attempt, person_id=0, used=used)
            raise

    if request.method != "POST":
        return page(form)
    return pages.act(form, action="use_code", page=page, do=use, then=lambda _: url_for("account.login"))


@bp.route("/password/<token>", methods=["GET", "POST"])
@public("the link from the mail proves who it is")
def new_password(token: str) -> Response:
    form = NewPasswordForm()

    def page(shown: FlaskForm) -> Response:
        return pages.show("account/new_password.html", form=shown, token=token)

    if request.method != "POST":
        with rates.guessing():
            if reset_of(token) is None:
                raise Gone("This link has been used or has expired. Please ask for a new one.")
        return page(form)
    return pages.act(
        form,
        action="use_reset",
        page=page,
        do=lambda: accounts.use_reset(token=token, password=form.password.data),
        then=lambda _: url_for("account.login"),
    )
