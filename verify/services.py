"""Services and card classes by their numbers (docs/format.md section 3). Numbers are never used again."""

from enum import IntEnum


class Service(IntEnum):
    """A use of the card; each belongs to one department, which alone grants and withdraws it."""

    BUS = 1
    HOSPITAL = 2
    LIBRARY = 3
    BICYCLE = 4
    PARKING = 5
    PAYMENT = 6
    HOTEL = 7
    COMMUNITY = 8
    STANDING = 9
    CREDIT = 10
    EXCHANGE = 11
    ENTERPRISE = 12
    PURCHASE = 13
    DESK = 14
    NETWORK = 15
    SCENIC = 16
    CAMPUS = 17

    @property
    def label(self) -> str:
        """The name outsiders use: ``library``."""
        return self.name.lower()


#: What may stand in a printed mask. Standing, credit and exchange change too often and say too much.
PRINTABLE = frozenset(Service) - {Service.STANDING, Service.CREDIT, Service.EXCHANGE}


class CardClass(IntEnum):
    """Claim -70001/1: why the holder has a card."""

    MERCHANT = 1
    RESIDENT = 2
    STUDENT = 3
    TALENT = 4
    FAMILY = 5

    @property
    def label(self) -> str:
        """The name outsiders use: ``merchant``."""
        return self.name.lower()
