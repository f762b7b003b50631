"""Setting up: killed anywhere it goes on, and what does not fit is refused in words."""

import os
import stat
from importlib.metadata import version
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cardsvc.cli import app as command
from cardsvc.cli_keys import _COLUMNS, _row
from cardsvc.console import Speaker
from cardsvc.errors import ServiceError
from cardsvc.installation import Installation, open_installation, record_keys
from cardsvc.settings import Settings, read_settings
from cardsvc.setup import initialise, read_offices, read_staff, read_venues
from keys import demo
from keys.files import Passphrase
from keys.keyring import Keyring
from keys.transcript import verify_transcript
from tests.desk.town import EXAMPLES, NOW, settings_for
from tests.keys.conftest import CHEAP, refused
from verify.errors import CardsvcError

_USAGE = 2


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


def test_records_of_another_data_directory_are_left_alone(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    _init(settings)
    with open_installation(settings) as installation, installation.store.reading() as tx:
        before = (tx.staff.all(), tx.audit.head())
    mistyped = settings.model_copy(update={"data": tmp_path / "dta", "database_url": settings.database})
    with pytest.raises(ServiceError, match="CARDSVC_DATA") as caught:
        _init(mistyped)
    assert caught.value.reason == "records_of_another"
    assert not mistyped.data.exists()
    with open_installation(settings) as installation, installation.store.reading() as tx:
        assert (tx.staff.all(), tx.audit.head()) == before


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


_OFFICE = '[[office]]\nid = "x"\nmay = ["file"]\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (_OFFICE + '[[staff]]\nid = "a"\nrole = "clark"\noffice = "x"\n', "a .*'clark'"),
        (_OFFICE + '[[staff]]\nid = "a"\nrole = "clerk"\noffice = "y"\n', "a .*'y'"),
        (_OFFICE + '[[staff]]\nid = "a"\nrole = "clerk"\noffice = "x"\nservice = []\n', "a .*'service'"),
        (_OFFICE + 'mai = []\n[[staff]]\nid = "a"\nrole = "clerk"\noffice = "x"\n', "x .*'mai'"),
        ('[[ofice]]\nid = "x"\n[[staff]]\nid = "a"\nrole = "clerk"\noffice = "x"\n', "'ofice'"),
        (2 * _OFFICE + '[[staff]]\nid = "a"\nrole = "clerk"\noffice = "x"\n', "x stands there twice"),
    ],
)
def test_a_slip_in_the_roll_is_named(tmp_path: Path, text: str, named: str) -> None:
    path = tmp_path / "staff.toml"
    path.write_text(text)
    with pytest.raises(ServiceError, match=f"staff.toml: .*{named}") as caught:
        read_offices(path, read_staff(path))
    assert caught.value.reason == "bad_file"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('hour = [{days = "mon-fri", from = "08:00", to = "20:00"}]', "hour:"),
        ("qotua = {count = 2, period_s = 86400}", "qotua:"),
        ("quota = {count = 2, periods = 86400}", r"quota\.period_s:"),
        ("stale_after = 60", "stale_after:"),
        ('role = "gatte"', "role:"),
    ],
)
def test_a_slip_in_the_venues_is_named(tmp_path: Path, line: str, named: str) -> None:
    path = tmp_path / "venues.toml"
    path.write_text(f'[[venue]]\nid = "bus"\nname = "Bus"\naccept = ["print"]\n{line}\n')
    with pytest.raises(ServiceError, match=f"venues.toml: bus: {named}") as caught:
        read_venues(path)
    assert caught.value.reason == "bad_file"


def test_init_prints_where_a_founding_code_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"founding_codes": {"chief1": "jyhh"}}
    monkeypatch.setattr("cardsvc.cli.initialise", lambda *_, **__: made)
    _environment(monkeypatch, CARDSVC_DATA=str(tmp_path), CARDSVC_PUBLIC_URL="http://localhost:8765/")
    told = CliRunner().invoke(command, ["init"]).stderr
    assert "chief1, shown this once: http://localhost:8765/desk#/invitation/jyhh\n" in told


def test_a_boolean_says_true_or_false(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDSVC_PRODUCTION", "perhaps")
    with pytest.raises(CardsvcError, match=r"CARDSVC_PRODUCTION.*true or false") as caught:
        read_settings()
    assert caught.value.reason == "bad_setting"


_LIVE = {"CARDSVC_PRODUCTION": "true", "CARDSVC_DATA": "/nowhere", "CARDSVC_PUBLIC_URL": "https://a.example"}


def _environment(monkeypatch: pytest.MonkeyPatch, **named: str) -> None:
    for name in [one for one in os.environ if one.startswith("CARDSVC_")]:
        monkeypatch.delenv(name)
    for name, value in named.items():
        monkeypatch.setenv(name, value)


def test_all_that_a_real_service_lacks_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(monkeypatch, **(_LIVE | {"CARDSVC_PUBLIC_URL": "http://a.example"}))
    with pytest.raises(ServiceError, match=r"PUBLIC_URL.*DATABASE_URL.*CHECKPOINTS") as caught:
        read_settings(serving=True)
    assert caught.value.reason == "unsafe_setting"


def test_a_passphrase_is_wanted_where_keys_are_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    served = {"CARDSVC_CHECKPOINTS": "/elsewhere", "CARDSVC_DATABASE_URL": "postgresql://a@127.0.0.1/a"}
    _environment(monkeypatch, **_LIVE, **served)
    settings = read_settings(serving=True)
    with pytest.raises(ServiceError, match="CARDSVC_KEY_PASSPHRASE_FILE") as caught:
        settings.passphrase_file  # noqa: B018  # asking is what opens keys
    assert caught.value.reason == "unsafe_setting"


def test_the_units_of_the_paper_say_all_that_is_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    paper = (EXAMPLES.parent / "docs" / "signer.md").read_text()
    for unit, serving in (("cardsvc.service", True), ("cardsvc-signer.service", False)):
        text = paper.partition(f"/etc/systemd/system/{unit}")[2].partition("ExecStart=")[0]
        lines = [line for line in text.splitlines() if "Environment=" in line]
        pairs = [pair for line in lines for pair in line.partition("=")[2].split()]
        _environment(monkeypatch, **dict(pair.split("=", 1) for pair in pairs))
        assert read_settings(serving=serving).production
        assert ("CARDSVC_KEY_PASSPHRASE_FILE" in os.environ) is not serving


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:80a0",
        "http://card example",
        "http://x:99999",
        "http://x:0",
        "http://x:",
        " http://x",
        "http://x\ty",
        "http://[::1",
        "http://[x]",
        "http://",
        "http://:80",
        "http://a..b",
        "http://-a",
        "http://a@b",
        "http://a/b c",
        "ftp://a",
        "http://a?b",
        "http://k\u00f6ln",
    ],
)
def test_an_address_no_browser_opens_is_refused(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    _environment(monkeypatch, CARDSVC_PUBLIC_URL=url)
    with refused("bad_setting"):
        read_settings()


@pytest.mark.parametrize(
    ("url", "origin", "host"),
    [
        ("http://localhost:8000", "http://localhost:8000", "localhost"),
        ("https://Card.example.org/", "https://card.example.org", "card.example.org"),
        ("https://a.example:443/b", "https://a.example", "a.example"),
        ("http://127.0.0.1:81", "http://127.0.0.1:81", "127.0.0.1"),
        ("http://[::1]:81", "http://[::1]:81", "::1"),
    ],
)
def test_an_address_and_its_origin(monkeypatch: pytest.MonkeyPatch, url: str, origin: str, host: str) -> None:
    _environment(monkeypatch, CARDSVC_PUBLIC_URL=url)
    settings = read_settings()
    assert (settings.origin, settings.rp_id) == (origin, host)


def test_the_address_that_is_set_is_opened_else_the_one_that_was_fixed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _environment(monkeypatch)
    assert read_settings().address("https://card.example/x") == "https://card.example"
    _environment(monkeypatch, CARDSVC_PUBLIC_URL="http://localhost:8765")
    assert read_settings().address("https://card.example/x") == "http://localhost:8765"


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


def test_a_key_is_not_distrusted_for_no_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _environment(monkeypatch, CARDSVC_DATA=str(tmp_path))
    for reason in ("", "  "):
        told = CliRunner().invoke(command, ["keys", "distrust", "8f03a1c2d4e5f607", "--reason", reason])
        assert isinstance(told.exception, ServiceError)
        assert told.exception.reason == "reason_missing"


@pytest.mark.parametrize("words", [("--more-card-keys", "-1"), ("--root-version", "0")])
def test_fewer_keys_than_none_cannot_be_made(words: tuple[str, str]) -> None:
    assert CliRunner().invoke(command, ["keys", "extend", *words]).exit_code == _USAGE


def test_the_command_says_its_version() -> None:
    assert CliRunner().invoke(command, ["--version"]).stdout == f"cardsvc {version('cardsvc')}\n"
    assert "Issue merchant-friend cards" in CliRunner().invoke(command, ["--help"]).stdout


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
