"""How request bodies are read: strictly, unknown fields refused by name."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, StringConstraints, model_validator

#: No body of ours goes deeper than ten; what checks it walks down by calling itself.
MAX_DEPTH: Final = 32


class Body(BaseModel):
    """A request's body. Text that no database holds, a NUL or half a surrogate pair, is refused here.

    So is what goes too deep, before any work.
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _plain(cls, data: Any) -> Any:
        if isinstance(data, dict) and not all(map(_is_text, [*data, *data.values()])):
            raise ValueError("text holds a NUL or half a character, or the body goes too deep")
        return data


def _is_text(value: Any, depth: int = 2) -> bool:
    if depth > MAX_DEPTH:
        return False
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= one <= "\udfff" for one in value)
    if isinstance(value, dict):
        return all(_is_text(one, depth + 1) for one in [*value, *value.values()])
    return all(_is_text(one, depth + 1) for one in value) if isinstance(value, list) else True


class Answer(BaseModel):
    """An answer's body."""

    model_config = ConfigDict(frozen=True, from_attributes=True)


#: A staff id, an office's id: letters, digits and a few marks, no space at either end.
Name = Annotated[str, StringConstraints(pattern=r"^[\w.@-]([\w.@ -]{0,62}[\w.@-])?$")]
#: One line that somebody typed.
Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
