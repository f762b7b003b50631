"""Setting up: killed anywhere it goes on, and what does not fit is refused in words."""

import os
import stat
from pathlib import Path

import pytest

from cardsvc.cli_keys import _COLUMNS, _row
from cardsvc.console import Speaker
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, open_installation, record_keys
from cardsvc.settings import Settings, read_settings
from cardsvc.setup import initialise, read_staff, read_venues
from keys import demo
from keys.files import Passphrase
from keys.keyring import Keyring
from keys.transcript import verify_transcript
from tests.desk.town import EXAMPLES, NOW, settings_for
from tests.keys.conftest import CHEAP, refused
from verify.errors import CardsvcError


class Killed(BaseException):
    """What no code catches, like a signal."""


def _init(settings: Settings, issuer: str = "cn-yiwu") -> dict[str, object]:
    staff, venues = EXAMPLES / "staff.toml", EXAMPLES / "venues.toml"
    return initialise(settings, issuer=issuer, staff=staff, venues=venues, now=NOW, cost=CHEAP)


def _kill_at(monkeypatch: pytest.MonkeyPatch, target: object, name: str, call: int) -> None:
    """Let the ``call``-th call of ``name`` die before it does anything."""
    genuine, calls = getattr(target, name), iter(range(10_000))

    def dying(*arguments: object, **named: object) -> object:
        if next(calls) == call:
            raise Killed
        return genuine(*arguments, **named)

    monkeypatch.setattr(target, name, dying)


@pytest.mark.parametrize(
    ("target", "name", "call"),
    [
        ("keys.keyring", "seal_record_keys", 0),
        ("keys.plan", "seal_key", 0),
        ("keys.plan", "seal_key", 7),
        ("keys.demo", "hold_ceremony", 0),
        ("keys.demo", "_move", 0),
        ("keys.demo", "_move", 1),
        ("keys.demo", "_move", 2),
        ("keys.demo", "_move", 3),
        ("keys.demo.Path", "rmdir", 0),
        ("cardsvc.setup", "open_store", 0),
        ("cardsvc.setup", "_fill", 0),
        ("cardsvc.setup", "init_demo", 0),
    ],
)
def test_killed_anywhere_the_next_run_goes_on(tmp_path: Path, target: str, name: str, call: int) -> None:
    settings = settings_for(tmp_path / "data")
    with pytest.MonkeyPatch.context() as patch:
        genuine = pytest.importorskip(target.removesuffix(".Path"))
        _kill_at(patch, genuine.Path if target.endswith(".Path") else genuine, name, call)
        with pytest.raises(Killed):
            _init(settings)
    assert _init(settings)["issuer"] == "cn-yiwu"
    with open_installation(settings) as installation:
        assert installation.keyring.card_signer(NOW)
    places = demo.DemoPlaces(settings.data)
    assert not places.unfinished.exists()
    assert not places.ready.exists()
    assert len(list(places.apart.glob("*.key"))) > 1
    assert verify_transcript(next(places.offline.rglob("ceremony-*.json")))


def test_keys_that_lie_there_are_never_made_over(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    _init(settings)
    settings.keys.rename(tmp_path / "lost")
    before = {path: path.read_bytes() for path in settings.data.rglob("*.key")}
    with refused("file_exists"):
        _init(settings)
    assert {path: path.read_bytes() for path in settings.data.rglob("*.key")} == before


def _production(tmp_path: Path) -> Settings:
    word = tmp_path / "word"
    word.write_text("correct horse battery\n")
    word.chmod(stat.S_IRUSR | stat.S_IWUSR)
    return Settings(
        data=tmp_path / "data",
        database_url=None,
        public_url="https://cards.example",
        key_passphrase_file=word,
        production=True,
    )


def _asked(settings: Settings, issuer: str = "cn-yiwu") -> str:
    with pytest.raises(ServiceError) as caught:
        _init(settings, issuer)
    assert caught.value.reason == "ceremony_needed"
    return str(caught.value)


@pytest.mark.parametrize(
    ("target", "name", "call"),
    [
        ("keys.keyring", "seal_record_keys", 0),
        ("keys.plan", "seal_key", 3),
        ("keys.keyring", "write_file", 0),
    ],
)
def test_production_asks_for_the_ceremony_again(tmp_path: Path, target: str, name: str, call: int) -> None:
    settings = _production(tmp_path)
    with pytest.MonkeyPatch.context() as patch:
        _kill_at(patch, pytest.importorskip(target), name, call)
        with pytest.raises(Killed):
            _init(settings)
    words = _asked(settings)
    proposal = settings.keys / "documents" / "keys-1.proposal"
    assert str(proposal) in words
    first = proposal.read_bytes()
    assert _asked(settings) == words
    assert proposal.read_bytes() == first
    _asked(settings, "cn-other")
    assert proposal.read_bytes() != first


def test_keys_of_another_issuer_are_refused(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    _init(settings)
    with refused("wrong_keyring"):
        _init(settings, "cn-other")
    word = Passphrase.from_file(settings.passphrase_file)
    own = record_keys(Keyring.open(settings.keys, word))
    for changed in ({"issuer": "cn-other"}, {"day_offset_s": 0}):
        other = settings_for(tmp_path / next(iter(changed)))
        options = {"issuer": "cn-yiwu", "day_offset_s": 28_800} | changed
        demo.init_demo(other.data, word, now=NOW, cost=CHEAP, **options)  # type: ignore[arg-type]  # a mixed map
        keyring = Keyring.open(other.keys, word)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Keyring, "open", lambda *_, keyring=keyring: keyring)
            patch.setattr("cardsvc.installation.record_keys", lambda _: own)
            with refused("wrong_keyring"), open_installation(settings):
                pass


@pytest.mark.parametrize(
    "text",
    [
        b'[[staff]]\nid = "a"\noffice = "x"\n',
        b'[[staff]]\nid = "a"\nrole = "clerk"\n',
        b'[[staff]]\nid = "a"\nrole = 5\noffice = "x"\n',
        b'[[staff]]\nid = 7\nrole = "clerk"\noffice = "x"\n',
        b'[[staff]]\nid = "a"\nrole = "clerk"\noffice = "x"\nservices = [1]\n',
        b'[[staff]]\nid = "\xff"\n',
        b"staff = 5\n",
        b"[[staff]\n",
        b"",
    ],
)
def test_a_bad_roll_is_refused(tmp_path: Path, text: bytes) -> None:
    path = tmp_path / "staff.toml"
    path.write_bytes(text)
    with refused("bad_file"):
        read_staff(path)
    with refused("bad_file"):
        read_venues(path)


def test_a_boolean_says_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_PRODUCTION", "perhaps")
    with pytest.raises(CardsvcError, match=r"CARDSVC_PRODUCTION.*true or false") as caught:
        read_settings()
    assert caught.value.reason == "bad_setting"


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    _init(settings)
    (settings.data / "issuing.lock").mkdir()
    with open_installation(settings) as opened:
        installation: Installation = opened
        with refused("cannot_lock"), installation.issuing_alone():
            pass


def test_an_unknown_name_and_a_second_init_say_what_to_do(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    _init(settings)
    with pytest.raises(CardsvcError, match="another CARDSVC_DATA"):
        _init(settings)
    words = pytest.raises(CardsvcError, match=r"ghost.*there are: .*chief1, .*clerk1")
    with open_installation(settings) as installation, installation.store.reading() as tx, words:
        tx.staff.get("ghost")


def test_the_list_of_keys_fits_into_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(os.environ, "COLUMNS", "80")
    item = {"kid": "8f03a1c2d4e5f607", "use": "status", "epoch": 12, "cards": 5000, "now": "distrusted"}
    item |= {"signs_from": "2026-03-02", "signs_until": "2026-05-31"}
    Speaker(as_json=False).table("Keys", _COLUMNS, [_row(item)])
    lines = capsys.readouterr().err.splitlines()
    assert any(all(str(part) in line for part in (*item.values(),)) for line in lines), lines
    assert max(map(len, lines)) <= 80
