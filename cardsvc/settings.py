"""Settings from the environment, refused by name where they are unsafe."""

from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from cardsvc.errors import ServiceError
from verify.card import MAX_URI

#: The address printed on a card ends in this and the three characters of a list's id.
STATUS_PATH = "/s/"
LIST_ID_CHARACTERS = 3


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
        return self.database_url or f"sqlite:///{(self.data / 'cardsvc.db').absolute()}"

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
        """The origin of the staff's pages (RFC 6454): scheme, host, port unless it is the usual one."""
        parts = urlsplit(self.public_url)
        usual = {"http": 80, "https": 443}[parts.scheme]
        host = (parts.hostname or "").lower()
        return f"{parts.scheme}://{host}" + (f":{parts.port}" if parts.port not in (None, usual) else "")

    @property
    def rp_id(self) -> str:
        """The relying party of passkeys: the host of the staff's pages (WebAuthn level 3, section 5.1.2)."""
        return urlsplit(self.origin).hostname or ""

    @property
    def passphrase_file(self) -> Path:
        """The passphrase file in use."""
        return self.key_passphrase_file or self.demo_passphrase_file

    @property
    def demo_passphrase_file(self) -> Path:
        """The passphrase file that a demo makes for itself: convenient, and no protection."""
        return self.data / "demo-passphrase"


def read_settings() -> Settings:
    """Read the environment; refuse what is unsafe, naming the setting."""
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
    if settings.production:
        _check_production(settings)
    return settings


def _check_public_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ServiceError("bad_setting", f"CARDSVC_PUBLIC_URL must be a web address, and {url!r} is none")
    longest = MAX_URI - len(STATUS_PATH) - LIST_ID_CHARACTERS
    if len(url.rstrip("/")) > longest:
        raise ServiceError(
            "public_url_too_long",
            f"CARDSVC_PUBLIC_URL has {len(url)} characters; at most {longest} fit into the code on a card",
        )


def _check_production(settings: Settings) -> None:
    passphrase = settings.key_passphrase_file
    if passphrase is None:
        raise ServiceError("unsafe_setting", "CARDSVC_KEY_PASSPHRASE_FILE must name a file in production")
    if passphrase.resolve().is_relative_to(settings.data.resolve()):
        raise ServiceError(
            "unsafe_setting",
            "CARDSVC_KEY_PASSPHRASE_FILE lies in the data directory, where every backup takes it along",
        )
    if not settings.public_url.startswith("https://"):
        raise ServiceError("unsafe_setting", "CARDSVC_PUBLIC_URL must begin with https:// in production")


def check_served(settings: Settings) -> None:
    """Refuse to serve with what is good enough for a demo only, naming the setting."""
    if not settings.production:
        return
    if settings.checkpoints is None:
        words = "CARDSVC_CHECKPOINTS must name a place elsewhere in production, so that a cut audit shows"
        raise ServiceError("unsafe_setting", words)
    own = settings.checkpoints.startswith("|")
    if not own and Path(settings.checkpoints).resolve().is_relative_to(settings.data.resolve()):
        words = "CARDSVC_CHECKPOINTS lies in the data directory: whoever changes the audit changes them too"
        raise ServiceError("unsafe_setting", words)
