"""What the desk does on a disk with no room left: run by test_full_disk.py, where it may mount one."""

from pathlib import Path

from tests.desk.api import Api, make_api
from tests.desk.office import make_office
from tests.desk.town import application
from tests.keys.conftest import refused
from tests.small_disk import fill, on_a_small_disk


def scenario(data: Path) -> None:
    ballast = data.parent / "ballast"
    with make_office(data) as office, make_api(office) as api:
        api.app.state.serving.jobs.stop()
        clerk, raw = api.as_("clerk1"), {"application": {"surname": "Mwangi"}}
        case = office.submitted()
        begun = office.begin(case)
        fill(ballast)
        # Sessions are opened before; what is written now finds no room.
        answer = clerk.client.post("/api/desk/cases", json=raw)
        assert (answer.status_code, answer.json()["reason"]) == (507, "disk_full"), answer.text
        assert "free space" in answer.json()["detail"]
        assert clerk.get(f"/cases/{case}")["state"] == "approving"  # reads go on
        assert len(clerk.get("/queue")["rows"]) == 1
        with refused("disk_full"):
            office.sign(begun)
        with office.site.store.reading() as tx:
            (intent,) = tx.prints.of_card(str(tx.cases.get(case).card_number))
            assert (intent.state, intent.gate_signature) == ("intent", None)
        ballast.unlink()
        (card,) = office.sign(begun)
        assert office.judge(card.print_id) == ["allow ok", "allow ok"]
        clerk.post("/cases", raw, status=201)
        assert office.case(case).state == "issued"
        half_signed(api, data, ballast)
        assert office.town.audit_is_whole()


def half_signed(api: Api, data: Path, ballast: Path) -> None:
    """It fills up between the signer's answer and the records: the same card comes when there is room."""
    office = api.office
    begun = office.begin(office.submitted(application(2)))

    def full(point: str) -> None:
        if point == "signed":
            fill(ballast)

    with refused("disk_full"):
        office.sign(begun, reach=full)
    ballast.unlink()
    assert office.recover() == 1
    with office.site.store.reading() as tx:
        states = [tx.prints.get(one.print_id).state for one in tx.approvals.prints(begun.approval)]
    assert states == ["issued"]


if __name__ == "__main__":
    on_a_small_disk(scenario)
