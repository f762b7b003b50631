"""Settings from the environment, refused by name where they are unsafe."""

import re
from collections.abc import Iterator, Sequence
from ipaddress import IPv6Address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from cardsvc.errors import ServiceError
from verify.card import MAX_URI

#: The address printed on a card ends in this and the three characters of a list's id.
STATUS_PATH = "/s/"
LIST_ID_CHARACTERS = 3
_DATABASE: Final = "cardsvc.db"
#: A host's name (RFC 1123, section 2.1), in ASCII as browsers send it, or an IPv4 address.
_HOST: Final = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)(\.(?!-)[a-z0-9-]{1,63}(?<!-))*", re.ASCII)
_PATH: Final = re.compile(r"[A-Za-z0-9/._~-]*", re.ASCII)


class Settings(BaseSettings):
    """Where things are. Every name stands in the environment with ``CARDSVC_`` before it."""

    model_config = SettingsConfigDict(env_prefix="CARDSVC_", extra="ignore")

    #: The directory of keys, documents and, by default, of the database.
    data: Path = Path("var")
    #: ``sqlite:///FILE`` or ``postgresql://…``; SQLite in the data directory where it is not set.
    database_url: str | None = None
    #: The address printed on cards, fixed at ``init``.
    public_url: str = "http://localhost:8000"
    #: The file that holds the passphrase of the key files; the demo makes one of its own.
    key_passphrase_file: Path | None = None
    #: Refuses what is good enough for a demo only.
    production: bool = False
    #: The user whose process may speak to the signer; its own where it is not set.
    service_uid: int | None = None
    #: Where checkpoints of the audit go: a folder elsewhere, or ``| COMMAND`` that reads one.
    checkpoints: str | None = None
    #: The folder of the built pages; the one beside their sources where it is not set.
    pages: Path | None = None
    #: How many days an application from a phone is kept that nobody takes over.
    preapplication_days: int = Field(default=30, ge=1, le=180)
    #: An OpenID provider that may sign staff in, and how this service is known there.
    oidc_issuer: str | None = None
    oidc_client_id: str | None = None
    oidc_client_secret_file: Path | None = None
    #: The claim of the provider's token that holds the staff id.
    oidc_claim: str = "sub"
    #: Hours after which an officer's shift ends by itself, and everything of it leaves the phone.
    shift_hours: int = Field(default=8, ge=1, le=12)
    #: The most days that a covert look-up is kept from the holder.
    covert_days: int = Field(default=90, ge=1, le=365)
    #: Budgets of officers' looks that differ from the usual ones: ``{"look_up.person.hour": 5}``.
    police_budgets: dict[str, int] = Field(default_factory=dict)
    #: The folder of typefaces that the set-up fetched; the one beside the layouts where it is not set.
    fonts: Path | None = Field(default=None)

    @property
    def database(self) -> str:
        """The URL of the database."""
        return self.database_url or f"sqlite:///{(self.data / _DATABASE).absolute()}"

    @property
    def keys(self) -> Path:
        """The service's keyring."""
        return self.data / "keys"

    @property
    def signer_socket(self) -> Path:
        """Where the signer listens."""
        return self.data / "signer" / "socket"

    @property
    def origin(self) -> str:
        """The origin of the staff's pages."""
        return origin_of(self.public_url)

    def address(self, fixed: str) -> str:
        """The origin to be opened: the one that is set, else that of the address that ``init`` fixed."""
        return self.origin if "public_url" in self.model_fields_set else origin_of(fixed)

    @property
    def rp_id(self) -> str:
        """The relying party of passkeys: the host of the staff's pages (WebAuthn level 3, section 5.1.2)."""
        return urlsplit(self.origin).hostname or ""

    @property
    def passphrase_file(self) -> Path:
        """The passphrase file in use; ``unsafe_setting`` in production where none is named.

        Asked for where keys are opened: the web service, which opens none, has no passphrase.
        """
        if self.key_passphrase_file is None and self.production:
            words = "CARDSVC_KEY_PASSPHRASE_FILE must name a file in production"
            raise ServiceError("unsafe_setting", words)
        return self.key_passphrase_file or self.demo_passphrase_file

    @property
    def demo_passphrase_file(self) -> Path:
        """The passphrase file that a demo makes for itself: convenient, and no protection."""
        return self.data / "demo-passphrase"


def origin_of(url: str) -> str:
    """The origin of an address (RFC 6454): scheme, host, port unless it is the usual one."""
    parts = urlsplit(url)
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")


def read_settings(*, serving: bool = False) -> Settings:
    """Read the environment; refuse what is unsafe, naming every such setting.

    ``serving`` wants what the web service needs besides.
    """
    try:
        settings = Settings()
    except SettingsError as error:
        raise ServiceError("bad_setting", f"cannot use a setting that wants JSON: {error}") from error
    except ValidationError as error:
        named = ", ".join(f"CARDSVC_{part['loc'][0]}".upper() for part in error.errors())
        first = error.errors()[0]
        words = "say true or false" if first["type"].startswith("bool_") else first["msg"]
        raise ServiceError("bad_setting", f"cannot use {named}: {words}") from error
    _check_public_url(settings.public_url)
    _refuse([*_unsafe(settings), *(_unsafe_served(settings) if serving else ())])
    return settings


def _check_public_url(url: str) -> None:
    """Refuse what no browser opens: the address is fixed for ever at ``init``."""
    if not _is_address(url):
        words = f"CARDSVC_PUBLIC_URL must be a web address like https://card.example.org, and {url!r} is none"
        raise ServiceError("bad_setting", words)
    longest = MAX_URI - len(STATUS_PATH) - LIST_ID_CHARACTERS
    if len(url.rstrip("/")) > longest:
        raise ServiceError(
            "public_url_too_long",
            f"CARDSVC_PUBLIC_URL has {len(url)} characters; at most {longest} fit into the code on a card",
        )


def _is_address(url: str) -> bool:
    if " " in url or not url.isprintable():  # urlsplit drops some of these, and cards would bear them.
        return False
    try:
        parts = urlsplit(url)
        if parts.hostname is None or parts.port == 0 or parts.netloc.endswith(":"):
            return False
        if "[" in parts.netloc:
            IPv6Address(parts.hostname)
        elif not _HOST.fullmatch(parts.hostname):
            return False
    except ValueError:  # Brackets that do not close, a port that is no number or too high.
        return False
    rest = parts.query or parts.fragment or "@" in parts.netloc
    return parts.scheme in ("http", "https") and not rest and _PATH.fullmatch(parts.path) is not None


def _unsafe(settings: Settings) -> Iterator[str]:
    """What production does not allow anybody."""
    if not settings.production:
        return
    passphrase = settings.key_passphrase_file
    if passphrase is not None and passphrase.resolve().is_relative_to(settings.data.resolve()):
        yield "CARDSVC_KEY_PASSPHRASE_FILE lies in the data directory, where every backup takes it along"
    if not settings.public_url.startswith("https://"):
        yield "CARDSVC_PUBLIC_URL must begin with https:// in production"


def _unsafe_served(settings: Settings) -> Iterator[str]:
    """What production does not allow the web service."""
    if not settings.production:
        return
    if settings.database_url is None and not (settings.data / _DATABASE).exists():
        yield "CARDSVC_DATABASE_URL must name the database that `cardsvc init` filled"
    place = settings.checkpoints
    if place is None:
        yield "CARDSVC_CHECKPOINTS must name a place elsewhere in production, so that a cut audit shows"
    elif not place.startswith("|") and Path(place).resolve().is_relative_to(settings.data.resolve()):
        yield "CARDSVC_CHECKPOINTS lies in the data directory: whoever changes the audit changes them too"


def _refuse(faults: Sequence[str]) -> None:
    if faults:
        raise ServiceError("unsafe_setting", "; ".join(faults))


def check_served(settings: Settings) -> None:
    """Refuse to serve with what is good enough for a demo only, naming the setting."""
    _refuse(list(_unsafe_served(settings)))
