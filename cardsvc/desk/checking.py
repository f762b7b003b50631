"""Whether an application may become a card, before anything is reserved for it."""

from datetime import date

from cardsvc.desk import printing
from cardsvc.desk.designs import newest_layout
from cardsvc.desk.drawing import MEASURING
from cardsvc.desk.facts import facts_of
from cardsvc.installation import fonts_folder
from cardsvc.records import Facts
from cardsvc.settings import Settings
from issuance.application import Application
from issuance.errors import FieldError
from verify.services import CardClass

#: Thirteen noughts are no card's number: their check digit would be another. They take the room of any.
NOBODY = "0" * 13
#: Which field of the application a text on the card comes from, where it is not called the same.
_FIELD_OF_TEXT = {
    "name": "surname",
    "nationality_named": "nationality",
    "card_class": "class",
    "permit_until": "permit_expiry",
}


def check_application(settings: Settings, application: Application, office: str = "") -> None:
    """Refuse what the card has no room or no letters for, as :class:`FieldError` of the field.

    ``office`` is the one that stands on the card, where it is known already.
    """
    check_texts(
        settings,
        facts_of(application, office),
        layout=newest_layout(application.design),
        card_class=application.card_class,
        valid_until=application.valid_until,
        permit_until=application.permit_expiry,
    )


def check_texts(
    settings: Settings,
    facts: Facts,
    *,
    layout: str,
    card_class: CardClass,
    valid_until: date,
    permit_until: date | None,
) -> None:
    """Fit every text of both sides: what was signed and cannot be printed helps nobody."""
    page = printing.page_of(
        facts, number=NOBODY, card_class=card_class, valid_until=valid_until, permit_until=permit_until
    )
    try:
        with MEASURING:
            printing.printer_for(fonts_folder(settings), layout).check_texts(page)
    except FieldError as error:
        name = _FIELD_OF_TEXT.get(error.field, error.field)
        raise FieldError(name, error.reason, str(error)) from error
