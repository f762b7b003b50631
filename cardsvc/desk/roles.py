"""Who may ask for what: the roles of the staff roll."""

from typing import Final

from cardsvc.errors import ServiceError
from cardsvc.records import StaffMember

#: The people of the centre's counter, who act on cards as such. Departments grant and withdraw, the others
#: look, print or watch over it.
DESK_ROLES: Final = frozenset({"clerk", "approver", "operator"})


def check_desk_role(member: StaffMember) -> None:
    """Let only the people of the desk issue, hold, end, extend and replace; raises ``not_your_role``."""
    if member.role not in DESK_ROLES:
        wanted = ", ".join(sorted(DESK_ROLES))
        words = f"{member.id} is {member.role}; a member of staff must do it who is one of: {wanted}"
        raise ServiceError("not_your_role", words)
