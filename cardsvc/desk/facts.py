"""The personal facts of a holder, as they are sealed in the records and as the card wants them."""

from datetime import date

from cardsvc.records import Facts
from issuance.application import Application
from issuance.issuer import Holder


def facts_of(application: Application, office: str) -> Facts:
    """What is kept of an application: all that a card says, and how to reach its holder."""
    return {
        "full_name": application.full_name,
        "surname": application.surname,
        "given_names": application.given_names,
        "birth": application.birth.isoformat(),
        "sex": application.sex,
        "nationality": application.nationality,
        "passport": application.passport,
        "passport_country": application.passport_country,
        "passport_expiry": application.passport_expiry.isoformat(),
        "name_native": application.name_native,
        "language_native": application.language_native,
        "name_chinese": application.name_chinese,
        "permit_kind": application.permit_kind,
        "permit": application.permit,
        "permit_class": application.permit_class,
        "guardian": application.guardian,
        "language": application.language,
        "phone": application.phone,
        "email": application.email,
        "address": application.address,
        "office": office,
    }


def text_of(facts: Facts, name: str) -> str:
    """A fact that is always there."""
    value = facts[name]
    if not isinstance(value, str):
        raise TypeError(f"the fact {name} is no text")
    return value


def optional_text_of(facts: Facts, name: str) -> str | None:
    """A fact that may be missing."""
    return None if facts.get(name) is None else text_of(facts, name)


def holder_of(facts: Facts) -> Holder:
    """The holder as the codes and the card name them."""
    return Holder(
        full_name=text_of(facts, "full_name"),
        birth=date.fromisoformat(text_of(facts, "birth")),
        sex=text_of(facts, "sex"),
        nationality=text_of(facts, "nationality"),
        passport=text_of(facts, "passport"),
        passport_country=text_of(facts, "passport_country"),
        name_native=optional_text_of(facts, "name_native"),
        language_native=optional_text_of(facts, "language_native"),
        name_chinese=optional_text_of(facts, "name_chinese"),
        language=optional_text_of(facts, "language"),
        guardian=optional_text_of(facts, "guardian"),
    )
