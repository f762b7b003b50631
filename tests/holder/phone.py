"""A phone in software: its key, what it signs, and the codes it would show."""

import base64
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cardsvc.holder.enrolling import enrol_message
from keys.phonebook import proof_message
from keys.signer import Signer, new_signer
from tests.desk.api import Api, Person, TestClient
from tests.desk.town import PUBLIC_URL, seconds
from verify.cose import ES256, encode_sign1, protected_header, sign1_tbs, thumbprint
from verify.phone import PhoneCode


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def sealed_code(phone: Signer, token: bytes, time: int, **more: Any) -> bytes:
    """What the phone's screen says at ``time``, as COSE bytes."""
    payload = PhoneCode(time, token, **more).encode()
    head = protected_header(ES256)
    return encode_sign1(head, payload, phone.sign(sign1_tbs(head, payload)))


@dataclass
class Phone:
    """Somebody's phone, before the service."""

    api: Api
    key: Signer = field(default_factory=lambda: new_signer(ES256))

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        client = TestClient(self.api.app, base_url=PUBLIC_URL, headers={"origin": PUBLIC_URL})
        return client.post(f"/api/holder/{path}", json=dict(body))

    def bring(self, code: str, **bent: Any) -> Any:
        proof = self.key.sign(enrol_message(code))
        body = {"code": code, "key": url64(self.key.public.raw), "proof": url64(proof)}
        return self.post("enrol", body | bent)

    def proof(self, act: str = "renew", by: Signer | None = None, **bent: Any) -> dict[str, Any]:
        key, nonce, time = by or self.key, secrets.token_bytes(16), seconds(self.api.office.clock.now)
        signature = key.sign(proof_message(act, nonce, time))
        body = {
            "key": url64(key.public.raw),
            "nonce": url64(nonce),
            "time": time,
            "signature": url64(signature),
        }
        return body | bent

    def renew(self) -> Any:
        answer = self.post("renew", self.proof())
        assert answer.status_code == 200, answer.text
        return answer.json()

    def token(self) -> bytes:
        return base64.b64decode(self.renew()["token"])

    def lost(self, what: str, by: Signer | None = None) -> None:
        answer = self.post("lost", self.proof(f"lost-{what}", by) | {"what": what})
        assert answer.status_code == 200, answer.text

    @property
    def thumb(self) -> str:
        return thumbprint(self.key.public).hex()

    def asks(self, path: str, act: str, **more: Any) -> Any:
        """A call that the phone's key signs; what was answered."""
        answer = self.post(path, self.proof(act) | more)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def give(self, new: "Phone") -> Any:
        """Hand the card on to another phone, which lies on the same table."""
        code = new.asks("move/offer", "offer")["code"]
        found = self.asks("move/look", "look", code=code)
        assert found["thumbprint"] == new.thumb
        return self.post("move", self.proof(f"move:{found['thumbprint']}") | {"code": code})

    def paper(self) -> Signer:
        """A recovery key, made from a code that is written down, and registered."""
        key = new_signer(ES256)
        act = f"recovery:{thumbprint(key.public).hex()}"
        self.asks("recovery", act, recovery=url64(key.public.raw))
        return key

    def recover(self, paper: Signer) -> Any:
        """Ask for the card of a lost phone with its paper."""
        body = {"recovery": self.proof(f"recover:{self.thumb}", paper), "phone": self.proof("carry")}
        return self.post("recover", body)


def card_of(api: Api, **changed: Any) -> str:
    """A card that an approver signed at this office."""
    case = api.as_("clerk1").submitted(**changed)
    (issued,) = api.as_("chief1").approved(case["id"])
    return str(issued["number"])


def approve(chief: Person, phone: str) -> Any:
    begun = chief.post(f"/phones/{phone}/challenge")
    credential = chief.office.device(chief.id).get(begun["options"])
    return chief.post(f"/phones/{phone}/approve", {"credential": credential})


def enrolled(api: Api, number: str) -> tuple[Phone, str]:
    """A phone that carries the card, and its id."""
    phone = Phone(api)
    made = api.as_("clerk1").post(f"/cards/{number}/phones", status=201)
    answer = phone.bring(made["code"])
    assert answer.status_code == 200, answer.text
    approve(api.as_("chief1"), made["phone"])
    return phone, made["phone"]
