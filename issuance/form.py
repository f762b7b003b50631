"""A raw application while it is read: takes field after field and keeps everything that is wrong."""

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import TypeVar

from issuance.errors import FieldError, LinesRefused
from issuance.fields import MAX_SHOWN, Reader, shown

T = TypeVar("T")
#: Of a raw mapping that is no application at all, so many names are enough to see it.
MAX_UNKNOWN_NAMED = 20


class Form:
    """The raw fields, and what is wrong with them so far."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        self.raw = raw
        self.errors: list[FieldError] = []

    def wrong(self, field: str, reason: str, words: str) -> None:
        """Keep one error."""
        self.errors.append(FieldError(field, reason, words))

    def fine(self, *names: str) -> bool:
        """Whether nothing was wrong with any of these fields: only then is a rule between them judged."""
        return not any(error.field in names for error in self.errors)

    def has(self, field: str) -> bool:
        """Whether the field says anything; null and empty text do not."""
        value = self.raw.get(field)
        return value is not None and not (isinstance(value, str) and not value.strip())

    def take(self, field: str, read: Reader[T]) -> T | None:
        """Read a field that may be missing; None also when it is wrong."""
        if not self.has(field):
            return None
        try:
            return read(field, self.raw[field])
        except FieldError as error:
            self.errors.append(error)
        except LinesRefused as refused:
            self.errors.extend(refused.errors)
        return None

    def need(self, field: str, read: Reader[T], stand_in: T) -> T:
        """Read a field that must be there; when it is not, keep the error and go on with ``stand_in``."""
        if not self.has(field):
            self.wrong(field, "missing", "This field is missing; fill it in.")
        value = self.take(field, read)
        return stand_in if value is None else value

    def refuse_unknown(self, known: Sequence[str]) -> None:
        """Keep an error for every field that is not ``known``, by its name."""
        for name in [name for name in self.raw if name not in known][:MAX_UNKNOWN_NAMED]:
            close = get_close_matches(str(name)[:MAX_SHOWN], known, 1)
            advice = f"did you mean {close[0]}?" if close else "leave it out."
            # The name came from outside and goes to terminals: short, and printable alone.
            self.wrong(shown(name)[1:-1], "unknown_field", f"There is no field {shown(name)}; {advice}")
