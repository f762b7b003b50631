"""The records: people, cards, prints, lists and the audit, in SQLite or PostgreSQL.

``open_store`` opens them; ``store.transaction()`` and ``store.reading()`` give a
:class:`~cardsvc.records.unit.Transaction`. Everything raised is a :class:`RecordsError`.
"""

from cardsvc.records.applications import ApplicationRecord, NewApplication
from cardsvc.records.audit import AuditEntry, AuditHead, AuditRecord
from cardsvc.records.audit_check import AuditFault, AuditReport, Tampering
from cardsvc.records.cards import CardRecord, HoldRecord, NewCard
from cardsvc.records.distrust import DistrustedKeyRecord
from cardsvc.records.entitlements import EntitlementRecord
from cardsvc.records.errors import Conflict, NotFound, RecordsError, Unavailable
from cardsvc.records.office import IssuerSettings, StaffMember, VenueRecord
from cardsvc.records.people import Facts, NewPerson
from cardsvc.records.prints import ChipRecord, NewPrint, PrintRecord, Signatures
from cardsvc.records.sealing import RecordKeys, make_record_keys
from cardsvc.records.status import ListSnapshot, Slot, Snapshot
from cardsvc.records.store import Store, migrate, open_store
from cardsvc.records.tables import ApplicationState, CardState, EntitlementValue, ListKind, PrintState
from cardsvc.records.unit import Transaction, UnitOfWork

__all__ = [
    "ApplicationRecord",
    "ApplicationState",
    "AuditEntry",
    "AuditFault",
    "AuditHead",
    "AuditRecord",
    "AuditReport",
    "CardRecord",
    "CardState",
    "ChipRecord",
    "Conflict",
    "DistrustedKeyRecord",
    "EntitlementRecord",
    "EntitlementValue",
    "Facts",
    "HoldRecord",
    "IssuerSettings",
    "ListKind",
    "ListSnapshot",
    "NewApplication",
    "NewCard",
    "NewPerson",
    "NewPrint",
    "NotFound",
    "PrintRecord",
    "PrintState",
    "RecordKeys",
    "RecordsError",
    "Signatures",
    "Slot",
    "Snapshot",
    "StaffMember",
    "Store",
    "Tampering",
    "Transaction",
    "Unavailable",
    "UnitOfWork",
    "VenueRecord",
    "make_record_keys",
    "migrate",
    "open_store",
]
