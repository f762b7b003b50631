"""What roles need their office to allow: a hotel takes applications, it prints no cards."""

from collections.abc import Mapping
from typing import Final

ROLES: Final = frozenset(
    {"clerk", "approver", "printer", "operator", "officer", "department", "auditor", "dpo"}
)
#: What the people of an office may do, whatever their roles.
POWERS: Final = frozenset({"file", "approve", "print", "police"})
#: The power that a role needs its office to have. Departments, operators and those who watch need none.
NEEDED: Final[Mapping[str, str]] = {
    "clerk": "file",
    "approver": "approve",
    "printer": "print",
    "officer": "police",
}
KINDS: Final = frozenset(
    {"centre", "community", "scenic", "company", "campus", "bank", "police", "department", "other"}
)
#: Whose sight or word is of no one office: an operator whom nobody is above lets them in, and no other.
CITY_ROLES: Final = frozenset({"auditor", "department", "dpo"})
#: Whose word changes cards, rights or staff, or opens people's files: a password would be too little.
PASSKEY_ROLES: Final = frozenset({"approver", "department", "officer", "operator"})
#: Whose passkeys the signer has to know.
KEYED_ROLES: Final = frozenset({"approver", "department"})
