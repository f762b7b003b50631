"""Whether an application may become a card, before anything is reserved for it."""

from cardsvc.desk import printing
from cardsvc.desk.designs import newest_layout
from cardsvc.desk.drawing import MEASURING
from cardsvc.installation import fonts_folder
from cardsvc.settings import Settings
from issuance.application import Application
from issuance.errors import FieldError

#: Which field of the application a name on the card comes from, where it is not called the same.
_FIELD_OF_NAME = {"name": "surname"}


def check_names(settings: Settings, application: Application) -> None:
    """Refuse names that the card has no room or no letters for, as :class:`FieldError` of their field."""
    try:
        with MEASURING:
            layout = newest_layout(application.design)
            printing.printer_for(fonts_folder(settings), layout).check_names(
                name=application.full_name,
                name_native=application.name_native,
                language_native=application.language_native,
                name_chinese=application.name_chinese,
            )
    except FieldError as error:
        name = _FIELD_OF_NAME.get(error.field, error.field)
        raise FieldError(name, error.reason, str(error)) from error
