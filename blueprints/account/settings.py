"""What one sets for oneself: language, zone, colours, duty, password."""

from flask import Response, flash, request, session, url_for
from flask_babel import gettext as _
from flask_wtf import FlaskForm

from blueprints import pages
from blueprints.access import me, requires
from blueprints.account import bp
from blueprints.account.forms import ChangePasswordForm, SettingsForm
from blueprints.account.sign_in import remember
from blueprints.fields import team_choices
from blueprints.proof import check_own_password
from models.people.feed import feeds_of
from models.steps import accounts


@bp.get("/me")
@requires("use_account")
def show_settings() -> Response:
    return _settings_page(SettingsForm(obj=me()))


@bp.post("/me")
@requires("use_account")
def keep_settings() -> Response:
    form = SettingsForm()

    def keep() -> None:
        accounts.set_own_settings(
            me(),
            locale=form.locale.data,
            time_zone=form.time_zone.data,
            theme=form.theme.data,
            density=form.density.data,
            shortcuts=form.shortcuts.data,
            on_duty=form.on_duty.data,
        )
        session.pop("language", None)
        flash(_("Your settings are kept."))

    return pages.act(
        form,
        action="keep_settings",
        thing=me(),
        page=_settings_page,
        do=keep,
        then=lambda _: url_for("account.show_settings"),
    )


@bp.post("/me/password")
@requires("use_account")
def change_password() -> Response:
    """Every other session of this person ends; this browser gets a new one."""
    form = ChangePasswordForm()

    def change() -> None:
        check_own_password(form.old_password.data, field="old_password")
        person, browser = me(), request.user_agent.string
        remember(person, accounts.change_own_password(person, password=form.password.data, browser=browser))
        flash(_("Your password is changed. Every other session has ended."))

    return pages.act(
        form,
        action="change_password",
        thing=me(),
        page=lambda f: _settings_page(SettingsForm(formdata=None, obj=me()), password=f),
        do=change,
        then=lambda _: url_for("account.show_settings"),
    )


def _settings_page(form: FlaskForm, *, password: FlaskForm | None = None) -> Response:
    password = password or ChangePasswordForm(formdata=None)
    return pages.show("account/settings.html", form=form, password=password, feeds=feeds_of(me()), teams=team_choices())
