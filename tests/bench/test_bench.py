"""The benchmarks measure what they say: same work on both sides, ratios the right way round, honest rows.

Nothing here asserts a time: the machine is shared.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from issuance.selfcheck import read_back
from scripts.bench import __main__ as bench
from scripts.bench import gate, issuing
from scripts.bench.bundle import city
from scripts.bench.check import json_claims, judging, load
from scripts.bench.measure import BenchError, Duel, Row, against, duels, median_duel, within
from scripts.bench.peers import INTERPRETER, Peers
from scripts.bench.plain import PlainDesk
from scripts.bench.plain_page import backgrounds
from scripts.bench.town import URI, Town, started
from tests.city import ROOT
from verify import text
from verify.verdict import Answer
from verify.verifier import Presentation

COLUMNS = ["goal", "work", "ours", "against", "theirs", "unit", "ratio", "target", "met"]


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    return Town(tmp_path_factory.mktemp("bench"), started())


@pytest.fixture(scope="module")
def peers() -> Iterator[Peers]:
    if not INTERPRETER.is_file():
        pytest.skip("no .venv-oracles: ./scripts/test makes it")
    with Peers() as running:
        yield running


def test_ratio_over_one_means_that_ours_is_better() -> None:
    found = duels(lambda loops: 0.001 * loops, {"slow": lambda loops: 0.003 * loops}, rounds=3)
    row = against("g", "w", "slow", found["slow"], unit="ms", scale=1e3, target=2.0)
    assert (row.ours, row.theirs) == pytest.approx((1.0, 3.0))
    assert row.ratio == pytest.approx(3.0)
    assert row.met
    assert not against("g", "w", "slow", found["slow"], unit="ms", scale=1e3, target=3.5).met


def test_limits_are_met_from_below() -> None:
    good, bad = (within("g", "w", ours, unit="KB", limit=150.0) for ours in (100.0, 200.0))
    assert (good.ratio, good.met, good.theirs) == (1.5, True, None)
    assert (bad.ratio, bad.met) == (0.75, False)


def test_the_median_round_is_reported_whole() -> None:
    rounds = [Duel(1.0, 9.0), Duel(2.0, 4.0), Duel(5.0, 5.0)]
    assert median_duel(rounds) == Duel(2.0, 4.0)


def test_everybody_takes_every_turn() -> None:
    turns: list[str] = []

    def lap(name: str, loops: int) -> float:
        turns.append(name)
        return 0.02 * loops

    duels(lambda loops: lap("a", loops), {"b": lambda loops: lap("b", loops)}, rounds=4)
    # Two laps each set the number of loops; then whoever began is the last of the next round.
    assert "".join(turns) == "aabb" + "ab" + "ba" + "ab" + "ba"


@pytest.mark.parametrize("face", [None, 250, 400])
def test_peers_read_the_same_cards(town: Town, peers: Peers, face: int | None) -> None:
    cards = town.gate_cards(3) if face is None else town.identity_cards(3, face)
    texts = [text.encode(town.sign(card)) for card in cards]
    read = load(peers, town, cards, texts)  # Raises unless each of them gives the numbers of all cards.
    assert read == [*(["claim169"] if face else []), "cwt", "pycose", "pyjwt", "sd-jwt"]
    trust = town.accept(town.bundle(city(town, 10_000, {card.status.index for card in cards if card.status})))
    assert judging(town, trust, texts)(1) > 0


@pytest.mark.parametrize("peer", ["claim169", "cwt", "pycose"])
def test_peers_verify_the_signature(town: Town, peers: Peers, peer: str) -> None:
    code = town.sign(town.identity_cards(1, 250)[0])
    forged = text.encode(code[:-1] + bytes([code[-1] ^ 1]))
    key = {"key": town.public.raw.hex(), "kid": town.public.kid.hex()}
    with pytest.raises(BenchError, match=r"(?i)signature|verif"):
        peers.load(peer, "forged", texts=[forged], **key)


@pytest.mark.parametrize("peer", ["pyjwt", "sd-jwt"])
def test_token_peers_verify_theirs(town: Town, peers: Peers, peer: str) -> None:
    claims = [json_claims(town.gate_cards(1)[0])]
    with pytest.raises(BenchError, match=r"(?i)signature|verif"):
        peers.load(peer, "forged", claims=claims, forge=True)


def test_tokens_carry_the_claims_of_the_card(town: Town) -> None:
    card = town.identity_cards(1, 250)[0]
    claims = json_claims(card)
    assert (claims["iss"], claims["sub"], claims["exp"]) == (card.issuer, card.number, card.expires)
    person = claims["169"]
    assert isinstance(person, dict)
    assert len(person["16"]) == 334  # 250 bytes as base64url


def test_a_city_says_nothing_ill_of_the_cards_it_is_asked_about(town: Town) -> None:
    (card,) = town.gate_cards(1)
    assert card.status is not None
    lists = city(town, 131_000, {card.status.index})
    assert [one.uri for one in lists] == [URI, f"{URI[:-1]}1"]
    assert card.status.index not in lists[0].statuses
    verdict = town.reader(town.accept(town.bundle(lists))).judge(
        Presentation(text.encode(town.sign(card)), 3), town.second
    )
    assert (verdict.answer, verdict.reason) == (Answer.ALLOW, "ok")


def test_both_ways_of_issuing_make_the_same_card(town: Town, tmp_path: Path) -> None:
    fonts = ROOT / "templates" / "fonts"
    if not fonts.is_dir():
        pytest.skip("no typefaces: ./scripts/start fetches them")
    applications = issuing.Applications(town.now)
    office = issuing.Office(town, tmp_path / "office")
    (ours,) = office.issue(applications.take(1))
    art = backgrounds((office.out / f"{ours}.pdf").read_bytes())
    plain = PlainDesk(town, tmp_path / "plain", fonts, art)
    (theirs,) = plain.issue(applications.take(1), tuned=True)
    office.close()
    plain.close()
    with closing(sqlite3.connect(tmp_path / "plain" / "plain.db")) as database:
        tables = ("plainperson", "plaincard", "plainprint", "plainapplication", "plainaudit")
        rows = [database.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in tables]
    assert rows == [1, 1, 1, 1, 3]
    for number, out in ((ours, office.out), (theirs, plain.out)):
        assert sorted(path.name for path in out.glob(f"{number}.*")) == [
            f"{number}.{kind}" for kind in ("gate.txt", "identity.txt", "ndef", "pdf")
        ]
        front, back = read_back((out / f"{number}.pdf").read_bytes())
        assert front == [(out / f"{number}.gate.txt").read_text("ascii").rstrip("\n")]
        assert back == [(out / f"{number}.identity.txt").read_text("ascii").rstrip("\n")]


ROW = Row("g", "some work", 1.23456789, "a peer", 2.5, "µs", 2.0, 3.0, met=False)


def test_json_has_the_columns_of_the_interface(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        bench, "measured", lambda goals: iter([ROW, within("g", "w", 1.0, unit="ms", limit=2.0)])
    )
    assert bench.main(["base45", "--json"]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [list(line) for line in lines] == [COLUMNS, COLUMNS]
    assert (lines[0]["met"], lines[0]["ours"]) == (False, 1.2346)
    assert (lines[1]["theirs"], lines[1]["ratio"], lines[1]["met"]) == (None, 2.0, True)


def test_the_table_shows_every_figure(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bench, "measured", lambda goals: iter([ROW]))
    assert bench.main([]) == 0
    shown = capsys.readouterr().out
    for part in ("some work", "a peer", "1.23 µs", "2.50 µs", "2.00 ×", "3 ×", "no"):
        assert part in shown


def test_the_papers_table_has_the_same_figures(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        bench, "measured", lambda goals: iter([ROW, within("g", "w", 1.0, unit="ms", limit=2.0)])
    )
    assert bench.main(["--markdown"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].startswith("| goal | work | against | ours | theirs | ratio | target | met |")
    assert shown[2] == "| g | some work | a peer | 1.23 µs | 2.50 µs | 2.00 × | 3 × | no |"
    assert shown[3] == "| g | w | – | 1.00 ms | – | 2.00 × | 2 ms | yes |"


def test_unknown_goals_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        bench.main(["speed"])
    assert "speed" in capsys.readouterr().err


def test_every_goal_can_be_called() -> None:
    printing = ["issue", "print"]
    doors = ["check", "repeat", "base45", "bundle", "gate", "growth"]
    service = ["desk", "verify", "ingest"]
    assert sorted(bench.GOALS) == sorted([*printing, *doors, *service])


def test_without_peers_it_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("scripts.bench.peers.INTERPRETER", tmp_path / "python")
    assert bench.main(["base45"]) == 1
    assert "./scripts/test" in capsys.readouterr().err


def test_the_gate_is_timed_over_verdicts_that_let_people_in(town: Town) -> None:
    folder = town.folder / "a small door"
    gate._prepare(town, folder, town.bundle(city(town, 40)))
    codes = [text.encode(town.sign(card)) for card in town.gate_cards(3)]
    seconds, resident = gate._start(folder, codes)
    assert 0 < seconds < 60
    assert 10_000 < resident < 500_000
    with pytest.raises(BenchError):
        gate._start(folder, ["no card"])
