"""Files, second persons, letters before they are sent, and the audit's proofs."""

import re

from playwright.sync_api import Browser, FilePayload, Route, expect

from tests.staff.provider import local_provider
from tests.web.applicants import HANEUL, HANEULS_PAPERS, SALIM, SALIMS_PAPERS
from tests.web.conftest import Staff
from tests.web.house import House
from tests.web.people import PORTRAITS, Person

LIST = (
    "surname,given_names,nationality,birth,sex,passport,passport_country,passport_expiry,class,name_chinese\n"
    "SPECIMEN,Ana,PRT,1990-02-30,F,AB123456,PRT,2031-01-01,merchant,样本\n"
    "MUSTERMANN,Erika,D,1985-05-05,F,C01X00T47,D,2030-01-01,student,范例\n"
)


def submit(clerk: Person) -> None:
    clerk.saved()
    clerk.button("Submit for approval").click()
    expect(clerk.page.get_by_role("heading", name="Work queue")).to_be_visible()


def opened(chief: Person, case: str) -> None:
    chief.go(f"case/{case}")
    expect(chief.button("Approve")).to_be_visible()


def issued(clerk: Person, chief: Person) -> str:
    """Haneul's card: filed by one, signed by the other; its number."""
    clerk.queue()
    clerk.read_passport(HANEUL)
    clerk.fill(HANEULS_PAPERS)
    clerk.portrait(PORTRAITS / "haneul.jpg")
    clerk.saved()
    case = clerk.named()
    submit(clerk)
    opened(chief, case)
    chief.page.keyboard.press("y")
    chief.button("Sign with my passkey").click()
    dialog = chief.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Issued")
    number = dialog.get_by_role("link").inner_text().replace(" ", "")
    dialog.get_by_role("button", name="Close").last.click()
    return number


def test_a_file_is_seen_before_anything_is_kept(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("import")
    # As a spreadsheet in Chinese saves it.
    listed: FilePayload = {"name": "list.csv", "mimeType": "text/csv", "buffer": LIST.encode("gb18030")}
    chooser = clerk.page.locator("main input[type=file]")
    chooser.set_input_files(listed)
    wrong = clerk.page.locator("td.wrong")
    expect(wrong).to_contain_text("1990-02-30")
    expect(clerk.page.get_by_text("Read as GB 18030")).to_be_visible()
    # Empty again: a browser tells nobody of the same name chosen twice, and the file may have been corrected.
    expect(chooser).to_have_value("")
    clerk.button("Make 1 draft").click()
    expect(clerk.page.get_by_text("1 draft made")).to_be_visible()
    clerk.page.get_by_role("link", name="✓ 3").click()
    expect(clerk.field("Surname")).to_have_value("MUSTERMANN")
    expect(clerk.field("Chinese name")).to_have_value("范例")


def test_a_file_whose_letters_would_be_lost_is_not_read(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("import")
    # As a spreadsheet in Western Europe saves it.
    western = "surname,given_names\nJosé,Ana\n".encode("cp1252")
    listed: FilePayload = {"name": "list.csv", "mimeType": "text/csv", "buffer": western}
    clerk.page.locator("main input[type=file]").set_input_files(listed)
    expect(clerk.page.get_by_role("alert")).to_contain_text("neither UTF-8 nor GB 18030")
    expect(clerk.page.locator("main td")).to_have_count(0)


def test_what_a_cut_line_leaves_of_a_long_file_is_still_chosen(staff: Staff) -> None:
    clerk = staff["clerk1"]
    clerk.go("import")
    rows = [
        f"MUSTERMANN,{name},D,1985-05-05,F,C01X{n:05d},D,2030-01-01,student,范例\n"
        for n, name in enumerate(f"{a}{b}" for a in "ABC" for b in "ABCDEFGHIJ")
    ]
    listed: FilePayload = {
        "name": "list.csv",
        "mimeType": "text/csv",
        "buffer": "".join([LIST.splitlines(True)[0], *rows]).encode(),
    }
    clerk.page.locator("main input[type=file]").set_input_files(listed)
    sent: list[int] = []

    def cut(route: Route) -> None:
        sent.append(len(route.request.post_data_json["rows"]))
        if len(sent) == 2:
            route.abort()
        else:
            route.continue_()

    clerk.page.route("**/accept", cut)
    clerk.button("Make 30 drafts").click()
    expect(clerk.page.get_by_text("25 drafts made")).to_be_visible()
    clerk.button("Make 5 drafts").click()
    expect(clerk.page.get_by_text("30 drafts made")).to_be_visible()
    assert sent == [25, 5, 5]
    clerk.page.unroute("**/accept")


def test_who_holds_a_card_needs_another_to_free_it(staff: Staff) -> None:
    clerk, chief = staff["clerk1"], staff["chief1"]
    number = issued(clerk, chief)
    clerk.go(f"cards/{number}")
    order(clerk, "Suspend", {"Reason": "Reported lost."})
    expect(clerk.page.locator(".casehead")).to_contain_text("Suspended")
    order(clerk, "Reinstate", {"Reason": "Found again."})
    expect(clerk.page.get_by_text("waits for a second person")).to_be_visible()
    allow(chief, "Reinstate")
    clerk.page.reload()
    expect(clerk.page.locator(".casehead")).to_contain_text("Valid")
    order(clerk, "Extend the stay", {"Reason": "A new permit.", "Permit now valid until": "20310531"})
    allow(chief, "Extend the stay")
    clerk.page.reload()
    expect(clerk.page.locator(".facts")).to_contain_text("2031-05-31")


def order(clerk: Person, act: str, fields: dict[str, str]) -> None:
    clerk.page.locator("aside").get_by_role("button", name=act, exact=True).click()
    dialog = clerk.page.get_by_role("dialog")
    for name, value in fields.items():
        dialog.get_by_label(name, exact=True).fill(value)
    dialog.get_by_role("button", name=act, exact=True).click()
    expect(dialog).to_be_hidden()


def allow(chief: Person, act: str) -> None:
    chief.go("acts")
    row = chief.page.get_by_role("row", name=re.compile(act))
    row.get_by_role("button", name="Approve").click()
    expect(row).to_have_count(0)


def test_a_refusal_is_read_before_it_is_sent(staff: Staff) -> None:
    clerk, chief = staff["clerk1"], staff["chief1"]
    clerk.queue()
    clerk.read_passport(SALIM)
    clerk.saved()  # an application of his that nobody has finished
    clerk.queue()
    clerk.read_passport(SALIM)
    twins = clerk.page.locator(".twins").first
    expect(twins.locator("figure")).to_have_count(2)
    clerk.fill({**SALIMS_PAPERS, "Surname": "AL NAMUDHAJ"})
    clerk.portrait(PORTRAITS / "salim.jpg")
    clerk.saved()
    case = clerk.named()
    submit(clerk)
    opened(chief, case)
    chief.page.keyboard.press("x")
    dialog = chief.page.get_by_role("dialog")
    chief.field("Reason").select_option("already_has_card")
    expect(dialog.locator(".letter [lang=ar]")).to_be_visible()
    chief.field("The office adds").fill("Ask for a new print.")
    expect(dialog.locator(".letter [lang=en]")).to_contain_text("Ask for a new print.")
    # No letter is shown for another reason than it gives.
    chief.page.route("**/refuse/preview", lambda route: route.abort())
    chief.field("Reason").select_option("permit_missing")
    expect(dialog.get_by_role("alert")).to_be_visible()
    expect(dialog.locator(".letter")).to_be_hidden()
    chief.page.unroute_all()
    dialog.get_by_role("button", name="Try again").click()
    expect(dialog.locator(".letter [lang=ar]")).to_be_visible()
    chief.page.keyboard.press("Escape")
    expect(chief.button("Refuse")).to_be_visible()


def test_the_audit_shows_its_proofs(staff: Staff) -> None:
    auditor = staff["auditor1"]
    auditor.go("audit")
    auditor.button("Proof").first.click()
    dialog = auditor.page.get_by_role("dialog")
    expect(dialog.locator("dd code").first).to_have_text(re.compile("^[A-Za-z0-9+/]{43}=$"))
    with auditor.page.expect_download() as saved:
        dialog.get_by_role("button", name="Save as a file").click()
    assert re.fullmatch(r"entry-\d+\.json", saved.value.suggested_filename)
    auditor.accessible()
    auditor.page.keyboard.press("Escape")
    auditor.button("Signed checkpoint").click()
    expect(dialog.locator("pre")).to_contain_text("—")


def test_a_city_account_opens_the_desk_and_a_refusal_is_read_there(house: House, browser: Browser) -> None:
    with local_provider() as provider:
        house.kill()
        house.open(CARDSVC_OIDC_ISSUER=provider.issuer, CARDSVC_OIDC_CLIENT_ID="cardsvc")
        guest = Person(browser, house.url)
        way = guest.page.get_by_role("link", name="Sign in with your city account")
        provider.lets_in = False
        guest.page.goto(f"{house.url}/desk")
        way.click()
        expect(guest.page.get_by_text("The city account was not accepted")).to_be_visible()
        guest.accessible()
        guest.page.reload()
        expect(way).to_be_visible()
        expect(guest.page.get_by_text("The city account was not accepted")).to_be_hidden()
        provider.lets_in = True
        way.click()
        expect(guest.page.get_by_role("heading", name="Work queue")).to_be_visible()
        # The provider's own pages, and nothing else of elsewhere.
        guest.wrong = [one for one in guest.wrong if provider.issuer not in one]
        guest.close()
