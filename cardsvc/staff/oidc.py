"""Signing in with an OpenID provider: authorisation code with PKCE (OpenID Connect Core; RFC 7636, RFC 9700).

The provider says who somebody is; what the person may do is said here. Approving takes a passkey all the
same, because only a passkey signs a request. A session opened this way is not fresh: what wants a fresh proof
wants it here.
"""

import hashlib
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cardsvc.errors import ServiceError
from cardsvc.records import StaffState, Store
from cardsvc.settings import Settings
from cardsvc.staff import lockout
from cardsvc.staff.signin import SignedIn, admit, begin_flow, member_or_none

#: The provider's answers: a document and a few keys.
TIMEOUT_S: Final = 10.0
MAX_ANSWER_BYTES: Final = 256 * 1024
#: A provider that failed is left alone for so long: each try may take a thread for all of the time above.
AGAIN_AFTER_S: Final = 30.0
#: Never `none`, never an HMAC: the key that signs is not the one that everybody may know.
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
#: Clocks differ; a token is fetched the moment it is made.
LEEWAY: Final = timedelta(seconds=60)
CALLBACK: Final = "/api/session/oidc/callback"
_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Discovered:
    """What the provider's configuration says (OpenID Connect Discovery, section 3)."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


@dataclass(slots=True)
class Provider:
    """One provider, asked for its configuration when it is first needed."""

    issuer: str
    client_id: str
    client_secret: str | None
    claim: str
    redirect_uri: str
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _found: Discovered | None = None
    _failed_at: float | None = None

    def begin(self, store: Store, now: datetime) -> tuple[str, str]:
        """Where to send the browser, and the state it keeps in a cookie of its own."""
        found = self._discovered()
        verifier, nonce = secrets.token_urlsafe(_BYTES), secrets.token_urlsafe(_BYTES)
        with store.transaction() as tx:
            state, _ = begin_flow(tx, "oidc", now, data={"verifier": verifier, "nonce": nonce})
        challenge = urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        query = {
            "response_type": "code",
            "client_id": self.client_id,
            "redirect_uri": self.redirect_uri,
            "scope": "openid",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{found.authorization_endpoint}?{urlencode(query)}", state

    def finish(
        self, store: Store, state: str, kept: str | None, code: str, address: str, now: datetime
    ) -> SignedIn:
        """Sign in whom the provider names; raises ``flow_over``, ``oidc_refused``, ``oidc_unavailable``."""
        if kept is None or not secrets.compare_digest(state.encode(), kept.encode()):
            raise _refused("this browser did not begin it")
        with store.transaction() as tx:
            lockout.check_open(tx, None, address, now)
            begun = tx.flows.take(state, "oidc", now)
        staff = self._subject(self._token(code, begun.data["verifier"]), begun.data["nonce"], now)
        with store.transaction() as tx:
            lockout.check_open(tx, staff, address, now)
            member = member_or_none(tx, staff)
            if member is not None and member.state is StaffState.ACTIVE:
                return admit(tx, staff, "oidc", now, fresh=False)
            lockout.count_failure(tx, None, address, now)
        raise _refused("nobody here has that name")

    def _token(self, code: str, verifier: str) -> str:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
            "client_id": self.client_id,
        }
        auth = None if self.client_secret is None else (self.client_id, self.client_secret)
        answer = _asked(lambda client: client.post(self._discovered().token_endpoint, data=form, auth=auth))
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise _refused("the provider gave no token")
        return token

    def _subject(self, token: str, nonce: str, now: datetime) -> str:
        """The staff id in a token, once every check holds (OpenID Connect Core, section 3.1.3.7)."""
        keys = _asked(lambda client: client.get(self._discovered().jwks_uri))
        try:
            known = KeySet.import_key_set({"keys": keys["keys"]})
            claims = jwt.decode(token, known, algorithms=list(ALGORITHMS)).claims
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _refused(f"its token does not hold ({type(error).__name__})") from error
        _check_claims(claims, self.issuer, self.client_id, nonce, now)
        staff = claims.get(self.claim)
        # A NUL or half a surrogate pair is nobody's name, and no database holds it.
        if not isinstance(staff, str) or not staff or not staff.isprintable():
            raise _refused(f"its token has no {self.claim}")
        return staff

    def _discovered(self) -> Discovered:
        if self._found is not None:
            return self._found
        # While a provider that failed is asked anew, nobody else waits for it.
        if not self._lock.acquire(blocking=self._failed_at is None):
            raise _failed_lately()
        try:
            if self._found is None:
                self._found = self._ask()
            return self._found
        finally:
            self._lock.release()

    def _ask(self) -> Discovered:
        if self._failed_at is not None and time.monotonic() - self._failed_at < AGAIN_AFTER_S:
            raise _failed_lately()
        at = f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
        try:
            told = _asked(lambda client: client.get(at))
            if told.get("issuer") != self.issuer:
                raise _unavailable("its configuration names another issuer")
            return Discovered(*(str(told[name]) for name in Discovered.__slots__))
        except KeyError as error:
            self._failed_at = time.monotonic()
            raise _unavailable(f"its configuration lacks {error}") from error
        except ServiceError:
            self._failed_at = time.monotonic()
            raise


def provider_of(settings: Settings) -> Provider | None:
    """The provider of the settings, if there is one; raises ``bad_setting``."""
    if settings.oidc_issuer is None:
        return None
    local = urlsplit(settings.oidc_issuer).hostname in ("localhost", "127.0.0.1") and not settings.production
    if not settings.oidc_issuer.startswith("https://") and not local:
        raise ServiceError("bad_setting", "CARDSVC_OIDC_ISSUER must begin with https://")
    if settings.oidc_client_id is None:
        raise ServiceError("bad_setting", "CARDSVC_OIDC_CLIENT_ID is needed with CARDSVC_OIDC_ISSUER")
    secret = settings.oidc_client_secret_file
    try:
        word = None if secret is None else secret.read_text("utf-8").strip()
    except OSError as error:
        words = f"CARDSVC_OIDC_CLIENT_SECRET_FILE cannot be read: {error.strerror}"
        raise ServiceError("bad_setting", words) from error
    redirect = f"{settings.origin}{CALLBACK}"
    return Provider(settings.oidc_issuer, settings.oidc_client_id, word, settings.oidc_claim, redirect)


def _check_claims(claims: Mapping[str, Any], issuer: str, client: str, nonce: str, now: datetime) -> None:
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    instant, leeway = now.timestamp(), LEEWAY.total_seconds()
    expires, made = claims.get("exp"), claims.get("iat")
    if claims.get("iss") != issuer:
        raise _refused("its token is another issuer's")
    if client not in audiences or claims.get("azp", client) != client:
        raise _refused("its token is for another service")
    if not isinstance(expires, int | float) or expires + leeway <= instant:
        raise _refused("its token is over")
    if not isinstance(made, int | float) or made - leeway > instant:
        raise _refused("its token is of the future")
    if not secrets.compare_digest(str(claims.get("nonce", "")).encode("utf-8", "replace"), nonce.encode()):
        raise _refused("its token answers another question")


def _asked(call: Any) -> dict[str, Any]:
    """The JSON object that the provider answers with."""
    try:
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
            answer = call(client)
            answer.raise_for_status()
            if len(answer.content) > MAX_ANSWER_BYTES:
                raise ValueError("the answer is too long")
            told = answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unavailable(type(error).__name__) from error
    if not isinstance(told, dict):
        raise _unavailable("its answer is no object")
    return told


def _refused(words: str) -> ServiceError:
    return ServiceError("oidc_refused", f"signing in with the provider failed: {words}")


def _failed_lately() -> ServiceError:
    return _unavailable("it failed just now, and is asked again in half a minute")


def _unavailable(words: str) -> ServiceError:
    return ServiceError("oidc_unavailable", f"the provider cannot be used now: {words}")
