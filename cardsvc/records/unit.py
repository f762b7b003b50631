"""The unit of work: one transaction a use case, with everything a use case may touch hanging on it."""

from types import TracebackType

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from cardsvc.records.applications import Applications
from cardsvc.records.approvals import Acts, Approvals
from cardsvc.records.approver_requests import ApproverRequests
from cardsvc.records.audit import AuditHead, AuditLog
from cardsvc.records.audit_check import AuditReport, verify_audit
from cardsvc.records.cards import Cards
from cardsvc.records.cases import Cases
from cardsvc.records.consents import Consents
from cardsvc.records.distrust import Distrusted
from cardsvc.records.engine import begin
from cardsvc.records.entitlements import Entitlements
from cardsvc.records.errors import translate
from cardsvc.records.gate_log import GateLog
from cardsvc.records.hotlist import Hotlist
from cardsvc.records.link import Link
from cardsvc.records.look_reviews import LookReviews
from cardsvc.records.looks import Looks
from cardsvc.records.office import IssuerRow, StaffRoll, Venues
from cardsvc.records.offices import Offices
from cardsvc.records.people import People, Vault
from cardsvc.records.phones import Phones
from cardsvc.records.police import PoliceCounts, PoliceRequests, PoliceScans
from cardsvc.records.preapplications import PreApplications
from cardsvc.records.print_jobs import PrintJobs
from cardsvc.records.prints import Chips, Prints
from cardsvc.records.reach import Reach
from cardsvc.records.readers import Readers
from cardsvc.records.rights import RightsLists
from cardsvc.records.sealing import RecordKeys
from cardsvc.records.sessions import Sessions
from cardsvc.records.signin import Attempts, Credentials, Flows, Invitations, Secrets
from cardsvc.records.status import StatusLists
from cardsvc.records.sun_chips import SunChips
from cardsvc.records.traces import Traces


class Transaction:
    """An open transaction, by purpose. It is worth nothing once its unit of work has ended."""

    def __init__(self, connection: Connection, keys: RecordKeys, *, alone: bool = True) -> None:
        """Hang the repositories on a begun transaction's connection; ``alone``: nobody else writes."""
        self._link = Link(connection)
        vault = Vault(self._link, keys)
        self.issuer = IssuerRow(self._link)
        self.staff = StaffRoll(self._link)
        self.offices = Offices(self._link)
        self.credentials = Credentials(self._link)
        self.secrets = Secrets(self._link, keys)
        self.sessions = Sessions(self._link)
        self.invitations = Invitations(self._link)
        self.flows = Flows(self._link)
        self.attempts = Attempts(self._link, keys)
        self.approver_requests = ApproverRequests(self._link)
        self.venues = Venues(self._link)
        self.people = People(self._link, vault)
        self.applications = Applications(self._link, keys)
        self.cases = Cases(self._link, keys)
        self.traces = Traces(self._link, keys)
        self.approvals = Approvals(self._link)
        self.acts = Acts(self._link)
        self.print_jobs = PrintJobs(self._link, keys)
        self.cards = Cards(self._link)
        self.prints = Prints(self._link, vault)
        self.chips = Chips(self._link)
        self.sun_chips = SunChips(self._link)
        self.entitlements = Entitlements(self._link)
        self.rights_lists = RightsLists(self._link)
        self.phones = Phones(self._link, keys)
        self.looks = Looks(self._link)
        self.consents = Consents(self._link)
        self.look_reviews = LookReviews(self._link)
        self.police_scans = PoliceScans(self._link)
        self.police_requests = PoliceRequests(self._link, keys)
        self.police_counts = PoliceCounts(self._link)
        self.hotlist = Hotlist(self._link)
        self.preapplications = PreApplications(self._link, keys)
        self.distrusted = Distrusted(self._link)
        self.status = StatusLists(self._link, self.issuer)
        self.readers = Readers(self._link, keys)
        self.reach = Reach(self._link)
        self.gate_log = GateLog(self._link)
        self.audit = AuditLog(self._link, alone=alone)

    def verify_audit(self, remembered: AuditHead | None = None) -> AuditReport:
        """Check the whole audit chain (see :func:`cardsvc.records.audit_check.verify_audit`)."""
        return verify_audit(self._link, remembered)


class UnitOfWork:
    """``with`` opens a :class:`Transaction`; leaving commits, an exception rolls everything back.

    A writer waits until no other writes, unless it may write beside others; a reader sees one unchanging
    state and cannot write. After a commit that raised, nothing of the transaction holds, unless the
    connection was lost during the commit.
    """

    def __init__(self, engine: Engine, keys: RecordKeys, *, write: bool, alone: bool = True) -> None:
        """Prepare; nothing is opened before ``with``."""
        self._engine = engine
        self._keys = keys
        self._write = write
        self._alone = alone
        self._connection: Connection | None = None

    def __enter__(self) -> Transaction:
        """Begin."""
        self._connection = begin(self._engine, write=self._write, alone=self._alone)
        return Transaction(self._connection, self._keys, alone=self._alone)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Commit if all went well, else roll back."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            # Closing an uncommitted connection rolls it back.
            with connection:
                if error is None:
                    connection.commit()
        except SQLAlchemyError as failure:
            if error is None:
                raise translate(failure) from failure
