"""The unit of work: one transaction a use case, with everything a use case may touch hanging on it."""

from types import TracebackType

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import SQLAlchemyError

from cardsvc.records.applications import Applications
from cardsvc.records.audit import AuditHead, AuditLog
from cardsvc.records.audit_check import AuditReport, verify_audit
from cardsvc.records.cards import Cards
from cardsvc.records.distrust import Distrusted
from cardsvc.records.engine import begin
from cardsvc.records.entitlements import Entitlements
from cardsvc.records.errors import translate
from cardsvc.records.link import Link
from cardsvc.records.office import IssuerRow, StaffRoll, Venues
from cardsvc.records.people import People, Vault
from cardsvc.records.prints import Chips, Prints
from cardsvc.records.sealing import RecordKeys
from cardsvc.records.status import StatusLists


class Transaction:
    """An open transaction, by purpose. It is worth nothing once its unit of work has ended."""

    def __init__(self, connection: Connection, keys: RecordKeys) -> None:
        """Hang the repositories on a connection whose transaction has begun."""
        self._link = Link(connection)
        vault = Vault(self._link, keys)
        self.issuer = IssuerRow(self._link)
        self.staff = StaffRoll(self._link)
        self.venues = Venues(self._link)
        self.people = People(self._link, vault)
        self.applications = Applications(self._link, keys)
        self.cards = Cards(self._link)
        self.prints = Prints(self._link, vault)
        self.chips = Chips(self._link)
        self.entitlements = Entitlements(self._link)
        self.distrusted = Distrusted(self._link)
        self.status = StatusLists(self._link, self.issuer)
        self.audit = AuditLog(self._link)

    def verify_audit(self, remembered: AuditHead | None = None) -> AuditReport:
        """Check the whole audit chain (see :func:`cardsvc.records.audit_check.verify_audit`)."""
        return verify_audit(self._link, remembered)


class UnitOfWork:
    """``with`` opens a :class:`Transaction`; leaving commits, an exception rolls everything back.

    A writer waits until no other writes; a reader sees one unchanging state and cannot write. After a
    commit that raised, nothing of the transaction holds, unless the connection was lost during the commit.
    """

    def __init__(self, engine: Engine, keys: RecordKeys, *, write: bool) -> None:
        """Prepare; nothing is opened before ``with``."""
        self._engine = engine
        self._keys = keys
        self._write = write
        self._connection: Connection | None = None

    def __enter__(self) -> Transaction:
        """Begin."""
        self._connection = begin(self._engine, write=self._write)
        return Transaction(self._connection, self._keys)

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
