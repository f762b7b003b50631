"""The records: people, cards, prints, lists and the audit, in SQLite or PostgreSQL.

``open_store`` opens them; ``store.transaction()`` and ``store.reading()`` give a
:class:`~cardsvc.records.unit.Transaction`. Everything raised is a :class:`RecordsError`.
"""

from cardsvc.records.applications import ApplicationRecord, NewApplication
from cardsvc.records.approvals import (
    ActRecord,
    ApprovalPrintRecord,
    ApprovalRecord,
    NewAct,
)
from cardsvc.records.approver_requests import ApproverRequestRecord
from cardsvc.records.audit import (
    ACT_RECORDED,
    AuditEntry,
    AuditHead,
    AuditQuery,
    AuditRecord,
    entry_bytes,
    read_entry,
)
from cardsvc.records.audit_check import AuditFault, AuditReport, Tampering
from cardsvc.records.cards import CardRecord, HoldRecord, NewCard
from cardsvc.records.cases import CaseRecord, FamilyRecord, ImportRecord, Page
from cardsvc.records.desk_tables import ActState, ApprovalState, CaseState, ItemState, JobState
from cardsvc.records.distrust import DistrustedKeyRecord
from cardsvc.records.entitlements import EntitlementRecord
from cardsvc.records.errors import Conflict, NotAlone, NotFound, RecordsError, Unavailable
from cardsvc.records.looks import LookKind, LookRecord
from cardsvc.records.office import BundleRecord, IssuerSettings, StaffMember, VenueRecord
from cardsvc.records.offices import OfficeRecord
from cardsvc.records.people import Facts, NewPerson
from cardsvc.records.print_jobs import ItemRecord, JobRecord, StockRecord
from cardsvc.records.prints import ChipRecord, NewPrint, PrintRecord, Signatures
from cardsvc.records.sealing import RecordKeys, make_record_keys
from cardsvc.records.sessions import SessionRecord
from cardsvc.records.signin import (
    AttemptRecord,
    CredentialRecord,
    FlowRecord,
    InvitationRecord,
    SecretRecord,
    hashed,
)
from cardsvc.records.status import ListSnapshot, Slot, Snapshot
from cardsvc.records.store import Store, issuer_of, migrate, open_store
from cardsvc.records.sun_chips import SunChipRecord
from cardsvc.records.tables import (
    ApplicationState,
    CardState,
    EntitlementValue,
    ListKind,
    PrintState,
    StaffState,
)
from cardsvc.records.unit import Transaction, UnitOfWork

__all__ = [
    "ACT_RECORDED",
    "ActRecord",
    "ActState",
    "ApplicationRecord",
    "ApplicationState",
    "ApprovalPrintRecord",
    "ApprovalRecord",
    "ApprovalState",
    "ApproverRequestRecord",
    "AttemptRecord",
    "AuditEntry",
    "AuditFault",
    "AuditHead",
    "AuditQuery",
    "AuditRecord",
    "AuditReport",
    "BundleRecord",
    "CardRecord",
    "CardState",
    "CaseRecord",
    "CaseState",
    "ChipRecord",
    "Conflict",
    "CredentialRecord",
    "DistrustedKeyRecord",
    "EntitlementRecord",
    "EntitlementValue",
    "Facts",
    "FamilyRecord",
    "FlowRecord",
    "HoldRecord",
    "ImportRecord",
    "InvitationRecord",
    "IssuerSettings",
    "ItemRecord",
    "ItemState",
    "JobRecord",
    "JobState",
    "ListKind",
    "ListSnapshot",
    "LookKind",
    "LookRecord",
    "NewAct",
    "NewApplication",
    "NewCard",
    "NewPerson",
    "NewPrint",
    "NotAlone",
    "NotFound",
    "OfficeRecord",
    "Page",
    "PrintRecord",
    "PrintState",
    "RecordKeys",
    "RecordsError",
    "SecretRecord",
    "SessionRecord",
    "Signatures",
    "Slot",
    "Snapshot",
    "StaffMember",
    "StaffState",
    "StockRecord",
    "Store",
    "SunChipRecord",
    "Tampering",
    "Transaction",
    "Unavailable",
    "UnitOfWork",
    "VenueRecord",
    "entry_bytes",
    "hashed",
    "issuer_of",
    "make_record_keys",
    "migrate",
    "open_store",
    "read_entry",
]
