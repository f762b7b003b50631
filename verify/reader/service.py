"""The service as a reader sees it: enrolment, tokens, bundles, month keys, records (docs/readers.md)."""

import base64
import binascii
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

from verify.errors import Refused, Unchecked
from verify.fields import Fields, malformed
from verify.reader.client import MAX_ANSWER, Answer, Client
from verify.reader.device import Device, base64url
from verify.trust import MAX_BUNDLE_BYTES

ENROL_PATH: Final = "/api/v1/readers/enrol"
TOKEN_PATH: Final = "/oauth/token"  # noqa: S105 - an address
ENROL_TYP: Final = "cardsvc-enrol+jwt"
BUNDLE_MEDIA: Final = "application/cardsvc-bundle+cose"
_ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: An assertion is used at once; five minutes allow for clocks that differ.
ASSERTION_LIFE_S: Final = 300
#: A token is asked for anew this long before it runs out, so that none runs out on the way.
TOKEN_MARGIN_S: Final = 30


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What the service calls this device, and where it is."""

    url: str
    reader: str
    venue: str

    def to_json(self) -> str:
        """As it is kept in the state directory."""
        return json.dumps(
            {"format": 1, "url": self.url, "reader": self.reader, "venue": self.venue}, indent=1
        )

    @classmethod
    def from_json(cls, data: bytes) -> "Enrolment":
        """Read it; raises ``malformed``."""
        fields = _object(data, "the enrolment")
        return cls(fields.text("url"), fields.text("reader"), fields.text("venue"))


def enrol(client: Client, code: str, device: Device, now: int) -> Enrolment:
    """Offer the device's public keys for a one-time code, with proof that it holds the private one.

    The same code and key again get the same answer, so that a cut line does no harm. Raises
    ``enrolment_refused`` and what the client raises.
    """
    claims: dict[str, object] = {
        "aud": client.url,
        "iat": now,
        "jti": secrets.token_hex(16),
        "code": code,
        "jwk": device.jwk(),
        "seal": base64url(device.seal_public),
    }
    body = json.dumps({"code": code, "proof": device.jws(claims, ENROL_TYP)}).encode()
    answer = client.ask("POST", ENROL_PATH, headers={"Content-Type": "application/json"}, body=body)
    if answer.status not in (200, 201):
        raise _said_no(answer, "enrolment_refused")
    fields = _object(answer.body, "the answer to the enrolment")
    return Enrolment(client.url, fields.text("reader"), fields.text("venue"))


class Service:
    """One enrolled reader's side of the service."""

    def __init__(
        self,
        client: Client,
        enrolment: Enrolment,
        device: Device,
        *,
        clock: Callable[[], int],
        uptime: Callable[[], float],
    ) -> None:
        """``clock`` dates assertions (epoch seconds); ``uptime`` ages tokens, whatever the clock does."""
        self._client, self._device, self._clock, self._uptime = client, device, clock, uptime
        self._reader = enrolment.reader
        self._base = f"/api/v1/readers/{quote(enrolment.reader, safe='')}"
        self._token: str | None = None
        self._good_until = 0.0

    def bundle(self, etag: str | None) -> tuple[bytes | None, str | None]:
        """The venue's bundle and its ETag; None where it is the one that ``etag`` names.

        Raises ``service_refused`` and what the client raises.
        """
        headers = {"Accept": BUNDLE_MEDIA} | ({} if etag is None else {"If-None-Match": etag})
        answer = self._authorised("GET", "/bundle", headers, limit=MAX_BUNDLE_BYTES)
        if answer.status == 304 and etag is not None:
            return None, etag
        if answer.status != 200:
            raise _said_no(answer, "service_refused")
        return answer.body, answer.etag

    def month_keys(self) -> dict[int, bytes]:
        """The pseudonym keys of this venue, by month (202611), each still sealed to the device."""
        answer = self._authorised("GET", "/month-keys", {"Accept": "application/json"})
        if answer.status != 200:
            raise _said_no(answer, "service_refused")
        fields = _object(answer.body, "the month keys")
        found = (Fields(item, "a month key") for item in fields.array("keys"))
        return {key.uint("month", 999_912): _bytes(key.text("sealed")) for key in found}

    def upload(self, batch: Mapping[str, object]) -> dict[int, tuple[str, str]]:
        """Send records; gives what became of each: (answer, reason) by seq.

        Raises ``service_refused`` and what the client raises; then nothing is known, and all is sent again.
        """
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        answer = self._authorised("POST", "/records", headers, body=json.dumps(batch).encode())
        if answer.status != 200:
            raise _said_no(answer, "service_refused")
        found: dict[int, tuple[str, str]] = {}
        for item in _object(answer.body, "the answer to the records").array("answers"):
            fields = Fields(item, "the answer to a record")
            reason = fields.any("reason") if fields.has("reason") else None
            found[fields.uint("seq")] = fields.text("answer"), str(reason or "")
        return found

    def _authorised(
        self,
        method: str,
        path: str,
        headers: dict[str, str],
        *,
        body: bytes | None = None,
        limit: int = MAX_ANSWER,
    ) -> Answer:
        """With a token; once more with a new one where the service no longer takes the old."""
        for fresh in (False, True):
            authorised = headers | {"Authorization": f"Bearer {self._bearer(fresh=fresh)}"}
            answer = self._client.ask(method, self._base + path, headers=authorised, body=body, limit=limit)
            if answer.status != 401:
                break
        return answer

    def _bearer(self, *, fresh: bool) -> str:
        """An access token by client credentials with ``private_key_jwt`` (RFC 7523)."""
        if self._token is None or fresh or self._uptime() >= self._good_until:
            now = self._clock()
            claims: dict[str, object] = {
                "iss": self._reader,
                "sub": self._reader,
                "aud": self._client.url + TOKEN_PATH,
                "iat": now,
                "exp": now + ASSERTION_LIFE_S,
                "jti": secrets.token_hex(16),
            }
            form = {
                "grant_type": "client_credentials",
                "client_assertion_type": _ASSERTION,
                "client_assertion": self._device.jws(claims, "JWT"),
            }
            headers = {"Content-Type": "application/x-www-form-urlencoded"}
            answer = self._client.ask("POST", TOKEN_PATH, headers=headers, body=urlencode(form).encode())
            if answer.status != 200:
                raise _said_no(answer, "service_refused")
            fields = _object(answer.body, "the token")
            token = fields.text("access_token")
            if not (token.isascii() and token.isprintable() and " " not in token):
                raise malformed("the token: expected printable characters without spaces")
            self._token = token
            self._good_until = self._uptime() + fields.uint("expires_in") - TOKEN_MARGIN_S
        return self._token


def _object(data: bytes, what: str) -> Fields:
    try:
        return Fields(json.loads(data), what)
    except (ValueError, RecursionError) as error:
        raise malformed(f"{what}: {error}") from error


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error) as error:
        raise malformed(f"expected base64: {error}") from error


def _said_no(answer: Answer, reason: str) -> Refused | Unchecked:
    """What a refusal says for itself (RFC 9457), in few words; 5xx and 429 are no word on us."""
    try:
        fields = _object(answer.body, "problem details")
        words = fields.text("detail") if fields.has("detail") else fields.text("error")
    except Refused:
        words = "without words"
    text = f"the service answered {answer.status}: {words:.200}"
    if answer.status == 429 or answer.status >= 500:
        return Unchecked("unreachable", text)
    return Refused(reason, text)
