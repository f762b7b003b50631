"""A shift on a phone: off line and over reloads; its log arrives once, and it leaves nothing."""

import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Route, expect

from tests.readers.program import until
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web_police.patrol import Card, Officer

#: A shift of eight hours, and a minute.
LATER_S = 8 * 3600 + 60


def records(house: House) -> list[int]:
    """The numbers of the records that the service has, in order; twice where one is there twice."""
    with closing(sqlite3.connect(house.data / "cardsvc.db", timeout=20)) as database:
        return [seq for (seq,) in database.execute("SELECT seq FROM gate_record ORDER BY seq")]


def test_without_a_shift_nothing_is_scanned(
    house: House, browser: Browser, camera: Path, cards: list[Card]
) -> None:
    stranger = Officer(browser, house, camera)
    stranger.page.goto(f"{house.url}/police")
    expect(stranger.button("Begin the shift")).to_be_visible()
    expect(stranger.page.locator(".scan")).to_have_count(0)
    stranger.fits()
    stranger.button("Begin the shift").click()
    expect(stranger.page.locator(".told")).to_contain_text("No passkey answered")
    stranger.close()


def test_a_phone_that_keeps_nothing_says_so(house: House, browser: Browser, camera: Path) -> None:
    private = Officer(browser, house, camera)
    private.page.add_init_script(
        "IDBFactory.prototype.open = () => { throw new DOMException('a test', 'InvalidStateError'); };"
    )
    private.page.goto(f"{house.url}/police")
    expect(private.page.get_by_role("alert")).to_contain_text("leave private browsing")
    private.button("中文").click()
    expect(private.page.get_by_role("alert")).to_contain_text("本机无法保存数据")
    private.close()


def test_a_clerk_is_no_officer(staff: Staff, house: House) -> None:
    clerk = staff["clerk2"]
    clerk.page.goto(f"{house.url}/police")
    clerk.button("Begin the shift").click()
    expect(clerk.page.locator(".told")).to_contain_text("not an officer")
    expect(clerk.page.locator(".scan")).to_have_count(0)


def test_a_shift_survives_reloads_and_a_dead_service_and_its_log_arrives_once(
    officer: Officer, house: House, cards: list[Card]
) -> None:
    page = officer.page
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    officer.type(cards[0].identity)
    officer.next()
    house.kill()
    page.reload()
    for card in cards[:2]:
        officer.type(card.identity)
        officer.next()
    officer.menu("Checks")
    expect(page.locator(".checks li")).to_have_count(3)
    expect(page.locator("#sent")).to_contain_text("to be sent")
    expect(page.locator(".checks li").first).to_contain_text(f"…{cards[1].number[-4:]}")
    # The line is cut after the service has committed: the phone has heard nothing, and sends all of it again.
    cut: list[int] = []

    def lose_the_answer(route: Route) -> None:
        with suppress(Error):  # The page that asked may be gone, the service not yet there.
            cut.append(route.fetch().status)
        with suppress(Error):
            route.abort()

    page.route("**/records", lose_the_answer)
    house.open()
    with page.expect_event("requestfailed", lambda request: request.url.endswith("/records")):
        page.reload()
    assert records(house) == [1, 2, 3]
    page.unroute("**/records")
    house.kill()
    house.open()
    page.reload()
    officer.ready()
    officer.menu("Checks")
    expect(page.locator("#sent")).to_have_text("All records are sent")
    assert cut
    assert set(cut) == {200}
    assert records(house) == [1, 2, 3]
    officer.home()


def test_the_network_goes_and_comes_and_the_page_says_so(officer: Officer) -> None:
    status = officer.page.locator(".top .data")
    officer.context.set_offline(True)
    expect(status).to_contain_text("offline · data")
    officer.context.set_offline(False)
    expect(status).to_contain_text("online · data")


def test_a_phone_is_let_in_anew_only_for_a_code_and_after_a_second_question(
    officer: Officer, house: House, cards: list[Card]
) -> None:
    page = officer.page
    page.route("**/records", lambda route: route.fulfill(status=403, json={"detail": "a test"}))
    page.route("**/api/police/phones", lambda route: route.abort())
    officer.type(cards[0].identity)
    officer.next()
    officer.menu("Data")
    officer.button("Update data").click()
    officer.button("Let this phone in anew").click()
    sheet = page.locator(".compare")
    expect(sheet).to_contain_text("Records that were not sent and will be lost: 1")
    officer.fits()
    sheet.get_by_role("button", name="Go back").click()
    officer.button("Let this phone in anew").click()
    sheet.get_by_role("button", name="Let this phone in anew").click()
    expect(page.locator(".told").last).to_contain_text("does not answer")
    # It goes on as the reader that it was.
    officer.home()
    officer.type(cards[1].identity)
    officer.next()
    officer.menu("Data")
    expect(page.locator("#sent")).to_contain_text("Records to be sent: 2")
    page.unroute("**/api/police/phones")
    officer.button("Let this phone in anew").click()
    sheet.get_by_role("button", name="Let this phone in anew").click()
    officer.set_up()
    page.unroute("**/records")


def test_no_storage_cache_or_log_holds_what_was_seen_and_sign_out_leaves_no_trace(
    officer: Officer, house: House, cards: list[Card]
) -> None:
    page, card = officer.page, cards[0]
    # What is looked for would be found, wherever it stands.
    page.evaluate(SOWN)
    seeded = officer.keeps()
    assert [seeded.count(f"CANARY-{place}") for place in ("local", "bytes", "cache")] == [1, 1, 1]
    page.evaluate(REAPED)

    name = officer.type(card.identity).locator(".name b").first.inner_text()
    officer.button("Details").click()
    expect(page.locator("#now-status")).to_contain_text("valid")
    secrets = [card.passport, card.number, name, card.identity[:40]]
    kept = officer.keeps()
    assert "cardsvc-officer" in kept
    assert "cardsvc-shift" in kept
    assert [one for one in secrets if one in kept] == []
    officer.next()
    officer.menu()
    officer.button("End the shift").click()
    officer.fits()
    officer.button("End it").click()
    expect(officer.button("Begin the shift")).to_be_visible()
    kept = officer.keeps()
    assert [one for one in [*secrets, "officer1", "Demo Officer", "Yiwu Police"] if one in kept] == []
    # The phone notes that it owes the service its sign-out until that is answered.
    until(lambda: page.evaluate(STORED, "cardsvc-shift") == 0, "something of the shift stayed")
    assert page.evaluate("async () => (await fetch('/api/session')).status") == 401
    told = "\n".join(officer.said) + (house.data.parent / "processes.log").read_text("utf-8")
    assert [one for one in secrets if one in told] == []


#: In each place where something can stay, and how it goes again.
SOWN = """async () => {
  localStorage.setItem("seed", "CANARY-local");
  const opening = indexedDB.open("seed");
  opening.onupgradeneeded = () => opening.result.createObjectStore("seed");
  const db = await new Promise((ok) => { opening.onsuccess = () => ok(opening.result); });
  const change = db.transaction("seed", "readwrite");
  change.objectStore("seed").put({ deep: [new TextEncoder().encode("CANARY-bytes")] }, 1);
  await new Promise((ok) => { change.oncomplete = ok; });
  db.close();
  await (await caches.open("seed")).put("/seed", new Response("CANARY-cache"));
}"""
REAPED = """async () => {
  localStorage.removeItem("seed");
  indexedDB.deleteDatabase("seed");
  await caches.delete("seed");
}"""
STORED = """async (name) => {
  const opening = indexedDB.open(name);
  const db = await new Promise((ok) => { opening.onsuccess = () => ok(opening.result); });
  let count = 0;
  for (const store of db.objectStoreNames) {
    const all = db.transaction(store).objectStore(store).count();
    await new Promise((ok) => { all.onsuccess = ok; });
    count += all.result;
  }
  db.close();
  return count;
}"""


def test_whom_an_officer_was_about_to_ask_for_the_next_one_does_not_see(officer: Officer) -> None:
    page = officer.page
    officer.button("Begin the shift").click()
    officer.ready()
    asks(officer)
    officer.field("Passport number").fill("07654321")
    officer.field("Case number").fill("A330782-2026-0117")
    officer.home()
    lists(officer)
    officer.field("Card number (13 digits)").fill("2026110400017")
    officer.field("Case number").fill("A330782-2026-0118")
    officer.home()
    officer.menu()
    officer.button("End the shift").click()
    officer.button("End it").click()
    officer.button("Begin the shift").click()
    officer.ready()
    for opens in (asks, lists):
        opens(officer)
        for field in page.locator(".form input").all():
            expect(field).to_have_value("")
        officer.home()
    officer.menu()
    officer.button("End the shift").click()
    officer.button("End it").click()


def asks(officer: Officer) -> None:
    """Open the look-up."""
    officer.menu("Look up")
    expect(officer.page.locator(".form input")).to_have_count(2)


def lists(officer: Officer) -> None:
    """Open what puts a card on the hotlist."""
    officer.menu("Hotlist")
    officer.button("Add a card").click()
    expect(officer.page.locator(".form input")).to_have_count(3)


def test_a_sign_out_without_a_network_is_told_when_there_is_one(officer: Officer, house: House) -> None:
    page = officer.page
    officer.button("Begin the shift").click()
    officer.ready()
    officer.context.set_offline(True)
    officer.menu()
    officer.button("End the shift").click()
    officer.button("End it").click()
    expect(officer.button("Begin the shift")).to_be_visible()
    officer.context.set_offline(False)
    # The page and its worker hear of the network one after the other: a request between the two still fails.
    until(
        lambda: page.evaluate("async () => (await fetch('/api/session').catch(() => ({}))).status") == 401,
        "the session went on",
    )
    until(lambda: page.evaluate(STORED, "cardsvc-shift") == 0, "the phone still owes its sign-out")


@pytest.mark.parametrize("way", ["time", "service"])
def test_a_shift_ends_by_itself(way: str, officer: Officer, house: House) -> None:
    page = officer.page
    officer.button("Begin the shift").click()
    officer.ready()
    if way == "time":
        officer.skew(LATER_S)
    else:
        page.evaluate("async () => (await fetch('/api/session', { method: 'DELETE' })).status")
    page.reload()
    expect(officer.button("Begin the shift")).to_be_visible()
    officer.skew(0)
    page.reload()
    expect(officer.button("Begin the shift")).to_be_visible()
    until(lambda: page.evaluate(STORED, "cardsvc-shift") == 0, "something of the shift stayed")
