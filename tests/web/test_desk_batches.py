"""Many at once: a batch whose unusual cases and sample are opened first, and a family that stays together."""

import base64
import json
from typing import Any

from playwright.sync_api import expect

from issuance.nfc import read_ndef
from tests.web.applicants import HANEUL, HANEULS_PAPERS
from tests.web.conftest import Staff
from tests.web.house import EXAMPLES
from tests.web.people import PORTRAITS, Person
from tests.web.test_desk_people import allow, opened, order, submit
from verify.card import Card
from verify.cose import decode_sign1

#: Examples that can be submitted as they are, in as many scripts; from ten on, a sample is drawn.
BATCH = 10


def ask(person: Person, method: str, path: str, body: Any) -> Any:
    """A call as the page makes it, in the session of the window."""
    answer = person.context.request.fetch(
        f"{person.url}/api/desk{path}", method=method, data=body, headers={"Origin": person.url}
    )
    return answer.json() if answer.ok else None


def filed(clerk: Person) -> list[str]:
    """Whole cases from the examples, submitted; their ids."""
    found: list[str] = []
    for raw in json.loads((EXAMPLES / "applications.json").read_text("utf-8"))["applications"]:
        if raw.get("surname") == HANEULS_PAPERS["Surname"]:
            continue  # This one has a family, below.
        fields = {name: value for name, value in raw.items() if name not in ("portrait", "reference")}
        portrait = base64.b64encode((EXAMPLES / raw["portrait"]).read_bytes()).decode()
        case = ask(clerk, "POST", "/cases", {"application": fields})
        body = {"version": case["version"], "base64": portrait}
        case = ask(clerk, "POST", f"/cases/{case['id']}/portrait", body)
        if ask(clerk, "POST", f"/cases/{case['id']}/submit", {"version": case["version"]}):
            found.append(case["id"])
        if len(found) == BATCH:
            break
    return found


def test_a_batch_is_signed_once_after_what_must_be_opened(staff: Staff) -> None:
    clerk, chief = staff["clerk1"], staff["chief1"]
    cases = filed(clerk)
    assert len(cases) == BATCH
    chief.go("approve")
    chief.page.get_by_label("Choose all").check()
    chief.page.keyboard.press("y")
    dialog = chief.page.get_by_role("dialog")
    expect(dialog).to_contain_text("Look at these first")
    names = dialog.locator(".kin a").all_inner_texts()
    assert names
    dialog.locator(".kin a").first.click()
    expect(chief.button("Refuse")).to_be_visible()
    chief.page.keyboard.press("Escape")
    # Back at the batch, with everything ticked as it was.
    expect(chief.button(f"Approve {BATCH}")).to_be_enabled()
    for case in cases:
        opened(chief, case)
    chief.go("approve")
    expect(chief.button(f"Approve {BATCH}")).to_be_enabled()
    chief.page.keyboard.press("y")
    chief.button("Sign with my passkey").click()
    expect(dialog.locator("li.issued")).to_have_count(BATCH)
    dialog.get_by_role("button", name="Close").last.click()
    expect(chief.page.get_by_text("Nothing waits for your decision.")).to_be_visible()


def test_a_chip_is_asked_for_by_one_and_allowed_by_another(staff: Staff) -> None:
    clerk, chief = staff["clerk1"], staff["chief1"]
    number = ask(clerk, "GET", "/queue?state=issued", None)["rows"][0]["card_number"]
    clerk.go(f"cards/{number}")
    order(
        clerk, "Write a chip", {"Number of the chip (UID)": "04:A1:B2:C3:D4:E5:F6", "Reason": "A new card."}
    )
    allow(chief, "Write a chip")
    clerk.page.reload()
    chips = clerk.page.locator("[data-part=chips]")
    expect(chips).to_contain_text("04A1B2C3D4E5F6")
    clerk.accessible()
    with clerk.page.expect_download() as saved:
        chips.get_by_role("link", name="Save for the encoder").click()
    signed = decode_sign1(read_ndef(saved.value.path().read_bytes()))
    claims = Card.decode(signed.payload)
    assert (claims.number, claims.chip_uid) == (number, bytes.fromhex("04a1b2c3d4e5f6"))
    chips.get_by_role("button", name="It is on the chip").click()
    expect(clerk.page.locator(".history").last).to_contain_text("Chip written")


def test_a_family_is_accepted_together_and_parted_knowingly(staff: Staff) -> None:
    clerk, chief = staff["clerk1"], staff["chief1"]
    clerk.queue()
    clerk.read_passport(HANEUL)
    clerk.fill(HANEULS_PAPERS)
    clerk.portrait(PORTRAITS / "haneul.jpg")
    clerk.saved()
    parent = clerk.named()
    clerk.button("Add a relative").click()
    expect(clerk.field("Guardian")).to_have_value("GYEONBON, Haneul")
    expect(clerk.field("Class of the card")).to_have_value("family")
    assert clerk.named() != parent
    clerk.fill({"Given names": "Baram"})
    clerk.saved()
    clerk.page.locator(".kin").get_by_role("link", name="GYEONBON, Haneul").click()
    expect(clerk.page.locator(".kin")).to_contain_text("GYEONBON, Baram")
    submit(clerk)
    opened(chief, parent)
    chief.page.keyboard.press("y")
    dialog = chief.page.get_by_role("dialog")
    expect(dialog).to_contain_text("family")
    expect(chief.button("Sign with my passkey")).to_be_disabled()
    chief.button("Issue these without the rest of the family").click()
    chief.button("Sign with my passkey").click()
    expect(dialog).to_contain_text("Issued")
