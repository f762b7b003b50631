"""With production settings commands file drafts and do what one person may, and nothing else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cardsvc.cli import app as command
from cardsvc.desk.acts import Wish
from cardsvc.desk.filing import file_act, file_cases
from cardsvc.desk.outcomes import Request
from cardsvc.errors import Explained
from cardsvc.installation import ServedInstallation
from cardsvc.settings import Settings
from tests.desk.office import Office, make_office
from tests.desk.town import EXAMPLES, PUBLIC_URL, application
from tests.keys.conftest import refused


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with make_office(tmp_path / "data") as made:
        yield made
        assert made.town.audit_is_whole()


def test_applications_become_cases_once_and_wait(office: Office) -> None:
    raws = [application(1), application(2, birth="1990-02-30"), application(3)]
    filed = [
        list(
            file_cases(
                office.site,
                [Request(place, raw) for place, raw in enumerate(raws, 1)],
                base=EXAMPLES,
                submitted_by="clerk1",
                now=office.clock.now,
            )
        )
        for _ in range(2)
    ]
    assert [(one.repeated, bool(one.errors)) for one in filed[0]] == [
        (False, False),
        (False, True),
        (False, False),
    ]
    assert [one.repeated for one in filed[1]] == [True, False, True]
    assert [one.case for one in filed[0]] == [one.case for one in filed[1]]
    cases = [one.case for one in filed[0] if one.case is not None]
    assert [office.case(case).state for case in cases] == ["draft", "draft"]
    for case in cases:
        assert office.case(case).submitted_by is None
        office.desk().submit(case, office.case(case).version)
    assert office.issue(*cases)[0].state == "issued"


def test_an_approver_with_a_shell_is_no_second_person(office: Office) -> None:
    """What a command files in a clerk's name reaches no approver before a clerk has signed in."""
    (filed,) = file_cases(
        office.site,
        [Request(1, application())],
        base=EXAMPLES,
        submitted_by="clerk1",
        now=office.clock.now,
    )
    assert filed.case is not None
    with pytest.raises(Explained) as caught:
        office.begin(filed.case)
    assert caught.value.reason == "cannot_approve"
    (card,) = office.issue(office.submitted(application(2)))
    for act in ("revoke", "reinstate", "extend", "replace", "grant"):
        with refused("ask_at_the_desk"):
            file_act(office.site, card.number, Wish(act, "why"), by="clerk1", now=office.clock.now)
    with office.site.store.reading() as tx:
        assert tx.acts.of_card(card.number) == []


def test_only_clerks_file_and_only_staff_holds(office: Office) -> None:
    with refused("not_your_role"):
        list(file_cases(office.site, [], base=EXAMPLES, submitted_by="chief1", now=office.clock.now))
    (card,) = office.issue(office.submitted())
    with refused("staff_not_found"):
        file_act(office.site, card.number, Wish("suspend", "lost"), by="stranger", now=office.clock.now)
    assert office.judge(card.print_id) == ["allow ok", "allow ok"]
    file_act(office.site, card.number, Wish("suspend", "lost"), by="clerk1", now=office.clock.now)
    assert office.judge(card.print_id) == ["deny suspended", "deny suspended"]


def test_the_command_files_in_the_design_that_was_asked_for(
    office: Office, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @contextmanager
    def opened(_settings: Settings) -> Iterator[ServedInstallation]:
        yield office.site

    monkeypatch.setattr("cardsvc.cli_filing.served", opened)
    for name, value in (("PRODUCTION", "true"), ("DATA", str(tmp_path)), ("PUBLIC_URL", PUBLIC_URL)):
        monkeypatch.setenv(f"CARDSVC_{name}", value)
    path = EXAMPLES / "applications.json"
    words = ["issue", str(path), "--submitted-by", "clerk1", "--design", "private", "--json"]
    # As a script that was written for a demonstration calls it.
    answer = CliRunner().invoke(command, [*words, "--approved-by", "chief1", "--out", str(tmp_path / "out")])
    assert "nobody approves" in answer.stderr
    assert not (tmp_path / "out").exists()
    lines = map(json.loads, answer.stdout.splitlines())
    (first, *_) = (office.case(line["case"]) for line in lines if line["status"] == "filed")
    assert first.content["application"]["design"] == "private"
