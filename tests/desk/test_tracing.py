"""People recorded before there were traces are found again, once the service has run."""

from pathlib import Path

import pytest
from sqlalchemy import delete

from cardsvc.desk import tracing
from cardsvc.records.desk_tables import TRACE
from tests.desk.api import make_api
from tests.desk.office import Office, make_office
from tests.desk.town import application


def forget(office: Office) -> None:
    """Leave the records as they were before there were traces."""
    with office.site.store.transaction() as tx:
        tx.traces._link.run(delete(TRACE))  # the test plays an older installation


def found(office: Office, words: str = "mwangi") -> int:
    with make_api(office) as api:
        api.app.state.serving.jobs.run_now()
        return len(api.as_("clerk1").get(f"/cards?search={words}")["rows"])


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_a_card_from_before_is_found(database: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgresql" else None
    with make_office(tmp_path / "data", url) as office:
        office.issue(office.submitted())
        forget(office)
        assert found(office) == 1
        assert tracing.trace_people(office.site, office.clock.now) == 0
        likely = office.draft(application(2, given_names="Amina"))
        with make_api(office) as api:
            (warning,) = api.as_("clerk1").get(f"/cases/{likely}")["warnings"]
        assert warning["card"] is not None
        assert office.town.audit_is_whole()


def test_it_goes_on_part_by_part_and_leaves_the_erased_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "PART", 2)
    with make_office(tmp_path / "data") as office:
        cards = [office.town.card(application(number)) for number in range(1, 5)]
        with office.site.store.transaction() as tx:
            tx.people.erase(tx.cards.get(cards[0].number).person_id)
        forget(office)
        parts = [tracing.trace_people(office.site, office.clock.now) for _ in range(3)]
        assert parts == [2, 1, 0]
