"""A shift: one session from the passkey to its end, and the phone that becomes a reader of the patrols."""

from datetime import datetime, timedelta

from cardsvc.errors import ServiceError
from cardsvc.installation import Site
from cardsvc.police.patrols import police_venue
from cardsvc.readers.enrolling import Given, make_code
from cardsvc.readers.kinds import Kind
from cardsvc.readers.places import Place
from cardsvc.staff.caller import Caller


def begin_shift(site: Site, caller: Caller, now: datetime) -> datetime:
    """Let the session last as long as the shift, counted from its sign-in, with no idle end; when it ends.

    A phone locks itself when nobody uses it; what a session opens besides is bound to scans, budgets and
    other officers' passkeys.
    """
    with site.store.transaction() as tx:
        length = timedelta(hours=site.settings.shift_hours)
        ends = tx.sessions.begin_shift(bytes.fromhex(caller.session), length)
        if ends is None or ends <= now:
            raise ServiceError("not_signed_in", "sign in again: the shift is over")
        tx.audit.append(caller.id, "shift_begun", caller.id, {"ends": int(ends.timestamp())}, now)
    return ends


def phone_code(site: Site, caller: Caller, now: datetime) -> Given:
    """A one-time code that makes this officer's phone a reader of the patrols."""
    with site.store.transaction() as tx:
        place = Place(Kind.PHONE)
        return make_code(tx, police_venue(tx), caller.id, now, name=None, profile=None, place=place)
