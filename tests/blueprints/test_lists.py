"""The way along a list: a ticket opened from it has its neighbours there, and its deeds lead back to the same."""

from models.steps import comment, triage
from tests.factories import a_request, a_ticket, person

PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


def links(page) -> dict[str, str]:
    """What the keys of the ticket's page lead to."""
    return {link["data-key"]: link["href"] for link in page.all("a", data_key=None)}


def opened(page, number: str) -> str:
    """The address that the list gives the ticket."""
    return page.all(id=f"row-{number}")[0].all("a")[0]["href"]


def test_a_ticket_has_its_neighbours_of_the_list_that_it_was_opened_from(sign_in, cast):
    first, second, third = (a_ticket(severity=level).number for level in ("P1", "P2", "P3"))
    a_ticket("awaiting_fix", severity="P1")  # in no queue
    wang = sign_in("wang")
    url = opened(wang.get("/triage"), second)
    assert url == f"/t/{second}?from=/triage&at=1"
    way = links(wang.get(url))
    assert way["prev"] == f"/t/{first}?from=%2Ftriage&at=0"
    assert way["next"] == f"/t/{third}?from=%2Ftriage&at=2"
    assert way["list"] == f"/triage#row-{second}"
    assert "prev" not in links(wang.get(way["prev"]))
    assert "next" not in links(wang.get(way["next"]))


def test_the_filter_goes_along(sign_in):
    number = a_ticket("awaiting_fix", severity="P1").number
    other = a_ticket("awaiting_fix", severity="P1").number
    a_ticket("awaiting_fix", severity="P2")
    liu = sign_in("liu")
    way = links(liu.get(opened(liu.get("/watch?severity=P1"), number)))
    assert way["list"] == f"/watch?severity=P1#row-{number}"
    assert way["next"].startswith(f"/t/{other}?from=%2Fwatch%3Fseverity%3DP1")


def test_a_ticket_that_left_the_list_leads_to_what_stands_in_its_place(sign_in, cast):
    first, second, third = (a_ticket(severity=level) for level in ("P1", "P2", "P3"))
    wang = sign_in("wang")
    url = opened(wang.get("/triage"), second.number)
    triage.cancel_ticket(second, actor=cast.wang, reason="重复")
    way = links(wang.get(url))
    assert way["prev"].startswith(f"/t/{first.number}?")
    assert way["next"].startswith(f"/t/{third.number}?")


def test_the_way_goes_over_to_the_next_page(sign_in, monkeypatch):
    numbers = [a_ticket().number for _ in range(3)]
    monkeypatch.setattr("models.insight.paging.PAGE", 2)
    zhang = sign_in("zhang")
    listed = [row["data-ticket"] for row in zhang.get("/my?box=open").all("li", data_ticket=None)]
    assert listed == [numbers[2], numbers[1]]
    way = links(zhang.get(opened(zhang.get("/my?box=open"), listed[1])))
    assert way["next"].startswith(f"/t/{numbers[0]}?from=%2Fmy%3Fbox%3Dopen%26after%3D")
    assert way["next"].endswith("&at=0")


def test_a_request_is_stepped_to_under_its_own_address(sign_in):
    fault, wish = a_ticket("awaiting_fix").number, a_request().number
    zhang = sign_in("zhang")
    way = links(zhang.get(opened(zhang.get("/my"), fault)))
    assert way["prev"].startswith(f"/d/{wish}?")


def test_deeds_lead_back_to_the_same_list(sign_in):
    number = a_ticket("awaiting_engineer", severity="P3").number
    zhao = sign_in("zhao")
    url = opened(zhao.get("/bench"), number)
    page = zhao.get(url)
    answer = zhao.press(page.form("take"))
    assert answer.response.location == f"/t/{number}?from=%2Fbench&at=0"
    zhao.get(f"/t/{number}")  # opened from elsewhere: no list any more
    assert "?" not in zhao.submit(f"/t/{number}/steps", "step", done="看日志", seen="504").response.location


def test_only_lists_of_this_house_are_led_back_to(sign_in):
    number = a_ticket().number
    wang = sign_in("wang")
    for from_ in (
        "https://evil.example/triage",
        "//evil.example/triage",
        "/admin",
        "javascript:alert(1)",
        "[",
        "/triage" * 200,
    ):
        assert "list" not in links(wang.open(f"/t/{number}", query_string={"from": from_, "at": "1"}))
    way = links(wang.open(f"/t/{number}", query_string={"from": '/triage?box="><b>', "at": "x"}))
    assert way["list"].startswith("/triage?box=%22%3E%3Cb%3E#row-")


def test_a_fragment_of_the_ticket_does_not_forget_the_list(sign_in):
    number = a_ticket("awaiting_engineer", severity="P3").number
    zhao = sign_in("zhao")
    page = zhao.get(opened(zhao.get("/bench"), number))
    zhao.open(f"/t/{number}", headers={**PARTIAL, "HX-Target": "section#clocks"})
    assert "from=" in zhao.press(page.form("take")).response.location


def test_what_became_of_tickets_that_left_a_list(sign_in, english, cast):
    given, taken, hidden = a_ticket("awaiting_engineer"), a_ticket("awaiting_plan"), a_ticket(category="security")
    comment.post_update(taken, actor=cast.wang, text="正在查。")
    numbers = [("number", ticket.number) for ticket in (given, taken, hidden)]
    said = english("wang").open("/whereabouts", query_string=numbers).response.json
    assert said[given.number] == f"Given to {cast.zhao.name}"
    assert said[taken.number] == f"Taken up by {cast.zhao.name}"
    assert sign_in("feng").open("/whereabouts", query_string=[("number", "TS1")]).response.json == {}


def test_whereabouts_are_told_only_of_what_one_may_see(sign_in):
    number = a_ticket("awaiting_plan", reporter=person("feng")).number
    assert sign_in("zhang").open("/whereabouts", query_string={"number": number}).response.json == {}


def test_titles_say_how_many(english):
    a_ticket()
    a_ticket()
    page = english("wang").get("/triage")
    assert page.one("title").text.startswith("(2) Triage")
    assert page.one("section", id="queue")["data-counted"] == "2"
    assert english("feng").get("/my").one("title").text.startswith("What I reported")
