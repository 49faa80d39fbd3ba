"""The way along a list: a ticket opened from it has its neighbours there, and its deeds lead back to the same."""

from datetime import timedelta

from models.ground import clock
from models.steps import comment, extension, triage
from tests.factories import a_request, a_ticket, newest_plan, person

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


def planned(count: int) -> list[int]:
    """So many plans before the same approvers; the newest first, as their list has them."""
    return [newest_plan(a_ticket("awaiting_approval")).id for _ in range(count)][::-1]


def test_whoever_decides_steps_on_in_the_list_of_approvals(sign_in):
    """V09, U9: to the one before and the next, to what was asked for more time, and back to the same box."""
    newest, middle, oldest = planned(3)
    late = a_ticket("awaiting_plan")
    asked = extension.ask_for_extension(
        late, actor=late.assignee, reason="等备件", until=clock.now() + timedelta(days=20)
    )  # fmt: skip
    chen = sign_in("chen")
    url = opened_plan(chen.get("/approvals"), middle)
    way = links(chen.get(url))
    assert way["prev"] == f"/approvals/{newest}?from=%2Fapprovals&at=0"
    assert way["next"] == f"/approvals/{oldest}?from=%2Fapprovals&at=2"
    assert way["list"] == f"/approvals#row-plan-{middle}"
    way = links(chen.get(way["next"]))
    assert way["next"] == f"/extensions/{asked.id}?from=%2Fapprovals&at=3"
    way = links(chen.get(way["next"]))
    assert way["list"] == f"/approvals#row-extension-{asked.id}"
    assert way["prev"] == f"/approvals/{oldest}?from=%2Fapprovals&at=2"
    assert "next" not in way


def opened_plan(page, plan_id: int) -> str:
    return page.one(id=f"row-plan-{plan_id}").one(class_="c-title").one("a")["href"]


def test_after_the_decision_one_is_back_in_the_list_that_one_came_from(sign_in):
    newest, oldest = planned(2)
    chen, zhao = sign_in("chen"), sign_in("zhao")
    page = chen.get(opened_plan(chen.get("/approvals?box=todo"), newest))
    assert chen.press(page.form("approve")).response.location == "/approvals?box=todo"
    listed = chen.get("/approvals")
    assert listed.one(role="status").text.startswith("已同意:TS".replace(":", "："))
    assert not listed.all(class_="empty"), "the other one still waits"
    chen.press(chen.get(f"/approvals/{oldest}").form("approve"))
    lately = [a["href"] for a in chen.get("/approvals").one(id="plans").one("ul", class_="rows").all("a")]
    assert lately == [f"/approvals/{newest}", f"/approvals/{oldest}"], "where nothing waits, what one decided last"
    assert "next" not in links(chen.get(f"/approvals/{newest}?from=%2Fapprovals&at=0")), "both have left the list"
    done = links(chen.get(f"/approvals/{newest}?from=%2Fapprovals%3Fbox%3Ddone&at=0"))
    assert done["next"].startswith(f"/approvals/{oldest}?")
    assert "next" not in links(zhao.get(f"/t/{a_ticket().number}?from=/approvals&at=0")), "a ticket is not in it"
    way = links(zhao.get(opened_plan(zhao.get("/approvals?box=mine"), oldest)))
    assert way["list"] == f"/approvals?box=mine#row-plan-{oldest}"


def test_what_a_search_has_found_is_stepped_through(sign_in):
    """V16: one leads to the next, and back to the hit from which one went."""
    numbers = [a_ticket(description=f"打印机卡纸,第 {n} 台").number for n in range(3)][::-1]
    wang = sign_in("wang")
    url = opened(wang.get("/search?q=打印机"), numbers[1])
    way = links(wang.get(url))
    assert way["prev"].startswith(f"/t/{numbers[0]}?from=%2Fsearch%3Fq%3D")
    assert way["next"].startswith(f"/t/{numbers[2]}?from=%2Fsearch%3Fq%3D")
    assert way["list"].startswith("/search?q=")
    assert way["list"].endswith(f"#row-{numbers[1]}")


def turned(page, rel: str) -> str:
    """The address of the page before or after it; "" where there is none."""
    return next((link["href"] for link in page.all("a", rel=rel)), "")


def shown(page) -> list[str]:
    return [row["data-ticket"] for row in page.all("li", data_ticket=None)]


def test_pages_are_turned_both_ways(english, monkeypatch):
    numbers = [a_ticket().number for _ in range(4)][::-1]
    monkeypatch.setattr("models.insight.paging.PAGE", 1)
    zhang = english("zhang")
    pages = [zhang.get("/my?box=open")]
    while url := turned(pages[-1], "next"):
        pages.append(zhang.get(url))
    assert [shown(page) for page in pages] == [[number] for number in numbers]
    assert not turned(pages[0], "prev")
    back = [pages[-1]]
    while url := turned(back[-1], "prev"):
        back.append(zhang.get(url))
    assert [shown(page) for page in back] == [[number] for number in numbers[::-1]]
    assert [page.one("a", rel="prev").text for page in back[:-1]] == ["Page before", "Page before", "First page"]
    assert turned(back[1], "next") == turned(pages[2], "next"), "one and the same, whichever way one came"
    way = links(zhang.get(opened(pages[2], numbers[2])))
    assert way["list"].endswith(f"#row-{numbers[2]}")
    assert "past" not in way["list"], "where one stood, not how one came there"


def test_a_search_is_turned_back_with_its_filters(sign_in):
    for _ in range(21):
        a_ticket(severity="P3", description="门禁读卡器没有反应")
    wang = sign_in("wang")
    first = wang.open("/search", query_string={"q": "门禁", "severity": "P3"})
    second = wang.get(turned(first, "next"))
    assert (len(shown(first)), len(shown(second))) == (20, 1)
    assert shown(wang.get(turned(second, "prev"))) == shown(first)
    assert "severity=P3" in turned(second, "prev")


def test_a_later_page_that_has_run_out_leads_to_the_first(sign_in, cast, monkeypatch):
    first, second = a_ticket(severity="P1"), a_ticket(severity="P3")
    monkeypatch.setattr("models.insight.paging.PAGE", 1)
    wang = sign_in("wang")
    url = turned(wang.get("/triage?sev="), "next")
    triage.cancel_ticket(second, actor=cast.wang, reason="重复")
    for headers in ({}, {**PARTIAL, "HX-Target": "section#queue"}):
        answer = wang.open(url, headers=headers)
        assert (answer.status, answer.response.location) == (303, "/triage")
    assert wang.get("/triage").all(id=f"row-{first.number}")
