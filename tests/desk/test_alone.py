"""Nobody alone: whatever one member of staff calls, in whatever order, no card gets signed.

A state machine calls every route of the desk as one person who holds a session and a registered key, over
cases that this person filed. A second machine has the approver alone. After every step the signer's ledger
and the records are asked for signatures.
"""

import base64
from collections.abc import Callable
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from cardsvc.desk.actor import CLERK
from cardsvc.records import PrintState
from cardsvc.staff.powers import ROLES
from tests.desk.api import Person, make_api
from tests.desk.office import as_base64, face, make_office
from tests.desk.town import application
from tests.service.api_fuzz import described, roles_of, send_by

ACTS = st.sampled_from(["suspend", "revoke", "reinstate", "extend", "replace", "chip", "grant", "withdraw"])


@cache
def open_to(role: str) -> list[Any]:
    """All that this role may call, but for leaving."""
    return [one for one in described() if role in roles_of(one) and one.path != "/api/session"]


class Alone(RuleBasedStateMachine):
    """One clerk, who somehow also holds an approver's key in the signer's store."""

    staff, role = "clerk1", CLERK

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = self.stack.enter_context(TemporaryDirectory())
        self.office = self.stack.enter_context(make_office(Path(folder) / "data"))
        self.api = self.stack.enter_context(make_api(self.office))
        if self.staff not in self.office.devices:
            self.office.give_key(self.staff)
        self.person: Person = self.api.as_(self.staff)
        self.cases: list[str] = []
        self.approvals: list[tuple[str, Any]] = []
        self.acts: list[str] = []
        self.statuses: set[int] = set()

    def teardown(self) -> None:
        assert 500 not in self.statuses
        self.stack.close()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.person.client.request(method, f"/api/desk{path}", json=body)
        self.statuses.add(answer.status_code)
        return answer.json() if "json" in answer.headers.get("content-type", "") else {}

    def pick(self, at: int) -> str:
        return self.cases[at % len(self.cases)]

    @initialize()
    def begin(self) -> None:
        """There is always one case to try it on."""
        self.file(1)

    @rule(number=st.integers(1, 3))
    def file(self, number: int) -> None:
        raw = {name: value for name, value in application(number).items() if name != "portrait"}
        case = self.call("POST", "/cases", {"application": raw}).get("id")
        if case:
            body = {"version": 1, "base64": as_base64(face())}
            self.call("POST", f"/cases/{case}/portrait", body)
            self.cases.append(case)

    @precondition(lambda self: self.cases)
    @rule(at=st.integers(0, 9), step=st.sampled_from(["submit", "recall", "withdraw", "return", "refuse"]))
    def step(self, at: int, step: str) -> None:
        case = self.pick(at)
        body: dict[str, Any] = {"version": self.call("GET", f"/cases/{case}").get("version", 1)}
        body |= {"words": "why"} if step in ("return", "refuse") else {}
        body |= {"reason": "other"} if step == "refuse" else {}
        self.call("POST", f"/cases/{case}/{step}", body)

    @precondition(lambda self: self.cases)
    @rule(at=st.integers(0, 9), apart=st.booleans())
    def approve(self, at: int, apart: bool) -> None:
        begun = self.call("POST", "/approvals", {"cases": self.person.seen(self.pick(at)), "apart": apart})
        if "approval" in begun:
            self.approvals.append((begun["approval"], begun["options"]))

    @rule(real=st.booleans(), at=st.integers(0, 9))
    def sign(self, real: bool, at: int) -> None:
        """With this person's own key, over a request that was really made or over one made up."""
        approval, options = "0" * 32, {"challenge": base64.urlsafe_b64encode(b"c" * 32).decode().rstrip("=")}
        if real and self.approvals:
            approval, options = self.approvals[at % len(self.approvals)]
        credential = self.office.device(self.staff).get(options)
        self.call("POST", f"/approvals/{approval}/sign", {"credential": credential})

    @rule(act=ACTS)
    def act(self, act: str) -> None:
        body = {"act": act, "reason": "why", "service": "bus", "permit_until": "2027-01-01"}
        body |= {"chip": "04A1B2C3D4E5F6", "tag": "ntag216"} if act == "chip" else {}
        self.call("POST", "/cards/0000000000000/acts", body)

    @rule()
    def print(self) -> None:
        self.call("POST", "/print-jobs", {"cards": ["0000000000000"]})

    @rule(at=st.integers(0, 9))
    def preview(self, at: int) -> None:
        if self.cases:
            self.call("GET", f"/cases/{self.pick(at)}/preview/front.png")

    @rule(data=st.data())
    def call_whatever_there_is(self, data: st.DataObject) -> None:
        """Any operation that the service describes for this role, with what it describes for it."""
        operation = data.draw(st.sampled_from(open_to(self.role)))
        case = data.draw(operation.as_strategy())
        known = {"case": self.cases, "approval": [one for one, _ in self.approvals]}
        for name in set(case.path_parameters or {}) & set(known):
            if known[name]:
                case.path_parameters[name] = data.draw(st.sampled_from(known[name]))
        answer = send_by(self.person.client, case)
        self.statuses.add(answer.status_code)

    @rule()
    def let_the_service_work(self) -> None:
        self.office.recover()

    @invariant()
    def nothing_was_signed(self) -> None:
        with self.office.ledger.transaction() as db:
            assert db.execute("SELECT count(*) FROM slot").fetchone() == (0,)
            assert db.execute("SELECT count(*) FROM chip").fetchone() == (0,)
            assert db.execute("SELECT count(*) FROM phone").fetchone() == (0,)
        with self.office.site.store.reading() as tx:
            for case in tx.cases.get_many(self.cases):
                assert case.state != "issued"
                if case.card_number is not None:
                    prints = tx.prints.of_card(case.card_number)
                    assert all(one.state is not PrintState.ISSUED for one in prints)


class ChiefAlone(Alone):
    """One approver, with a real key and nobody who files."""

    staff, role = "chief1", "approver"


class OperatorAlone(Alone):
    """One operator, who invites whom they like, and somehow also holds an approver's key."""

    staff, role = "operator1", "operator"


QUICK = settings(
    max_examples=3,
    stateful_step_count=10,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestClerkAlone = Alone.TestCase
TestClerkAlone.settings = QUICK
TestChiefAlone = ChiefAlone.TestCase
TestChiefAlone.settings = QUICK
TestOperatorAlone = OperatorAlone.TestCase
TestOperatorAlone.settings = QUICK


@pytest.mark.parametrize("role", sorted(ROLES - {CLERK, "approver"}))
def test_no_other_role_files_or_approves(role: str, tmp_path: Path) -> None:
    staff = {
        "printer": "printer1", "operator": "operator1", "officer": "officer1", "auditor": "auditor1",
        "dpo": "dpo1", "department": "library1",
    }[role]  # fmt: skip
    with make_office(tmp_path / "data") as office, make_api(office) as api:
        case = api.as_("clerk1").submitted()
        person = api.as_(staff)
        tried: dict[str, Callable[[], str]] = {
            "file": lambda: person.reason("POST", "/cases", {}),
            "approve": lambda: person.reason("POST", "/approvals", {"cases": person.seen(case["id"])}),
            "read": lambda: person.reason("GET", f"/cases/{case['id']}"),
        }
        assert {name: call() for name, call in tried.items()} == dict.fromkeys(tried, "not_your_role")
