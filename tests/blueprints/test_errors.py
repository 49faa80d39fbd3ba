"""Every refusal is a page in its layout, in both languages, with a number to ask by and a way on."""

import pytest
from sqlalchemy.exc import OperationalError, ProgrammingError

from blueprints import refusals


@pytest.mark.parametrize("code", [400, 401, 403, 404, 405, 409, 410, 413, 422, 429, 500, 503, 507])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_each_has_its_page(app, code, language):
    with app.test_request_context("/", headers={"Accept-Language": language}):
        from flask import g

        g.request_id = "abc123"
        page = refusals.error_page(code, refusals.not_understood()).get_data(as_text=True)
    assert f'<html lang="{language}"' in page
    assert "abc123" in page
    assert '<header class="bar">' in page
    assert page.count("<h1") == 1


def test_a_403_says_whose_it_is(sign_in):
    page = sign_in("zhang").get("/triage")
    assert page.status == 403
    assert "First line" in page.text or "技术支持一线" in page.text
    assert page.all(data_copy=None), "the number can be copied"


def test_a_404_helps_to_find_the_number(sign_in):
    page = sign_in("zhang").get("/t/TS19990101001")
    assert page.status == 404
    assert [form for form in page.all("form", action="/search") if form.all(id="seek")]


def test_a_stranger_is_told_nothing_of_roles(browser):
    assert not browser.open("/c/unknown").all(class_="who")


def test_a_database_that_went_away_is_no_fault_of_the_page(app):
    """F17: between two statements of a look; another error of the database stays a trouble with a number."""
    gone = OperationalError("SELECT 1", None, Exception("server closed the connection"), connection_invalidated=True)
    wrong = ProgrammingError("SELECT 1", None, Exception("no such column"))
    for error, status in ((gone, 503), (wrong, 500)):
        with app.test_request_context("/"):
            assert app.make_response(app.handle_user_exception(error)).status_code == status


def test_more_parts_or_words_than_any_form_of_ours_has_are_not_read(sign_in):
    """A55: 200 parts, a megabyte of words beside files; before anything is kept of them."""
    zhang = sign_in("zhang")
    parts, words = {f"field{n}": "x" for n in range(250)}, {"description": "x" * (1024 * 1024 + 1)}
    for data in (parts, words):
        answer = zhang.open("/report", method="POST", data=data, content_type="multipart/form-data")
        assert answer.status == 413
    assert zhang.open("/report", method="POST", data={"a": "x"}, content_type="multipart/form-data").status == 403
