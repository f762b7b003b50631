"""Purposes are sampled, not only integrity proved: the data-protection officer draws and reviews looks."""

from tests.police.conftest import CASE, Beat

OVERSIGHT = "/api/oversight/looks"


def looked(beat: Beat) -> str:
    """A look-up of the first card, answered."""
    asked = beat.ask({"by": "card", "card": beat.cards[0].number}, purpose="investigation")
    beat.agree(asked["id"])
    (found,) = beat.answer(asked["id"])
    return str(found["number"])


def test_looks_are_drawn_and_reviewed_once(either_beat: Beat) -> None:
    beat = either_beat
    number = looked(beat)
    beat.scan(1)
    dpo = beat.house.as_("dpo1")
    assert dpo.get(OVERSIGHT) == {"waiting": [], "reviewed": []}
    assert dpo.post(f"{OVERSIGHT}/draw", {"days": 30, "count": 50}) == {"drawn": 2}
    assert dpo.post(f"{OVERSIGHT}/draw", {"days": 30, "count": 50}) == {"drawn": 0}
    waiting = {one["kind"]: one for one in dpo.get(OVERSIGHT)["waiting"]}
    look = waiting["look_up"]
    assert (look["card"], look["staff"], look["second"]) == (number, "officer1", "officer2")
    assert (look["purpose"], look["case_number"]) == ("investigation", CASE)
    assert waiting["details"]["purpose"] == "scan"
    dpo.post(f"{OVERSIGHT}/{look['look']}/review", {"verdict": "explain"})
    assert dpo.reason("POST", f"{OVERSIGHT}/{look['look']}/review", {"verdict": "fine"}) == "not_in_review"
    shown = dpo.get(OVERSIGHT)
    assert [one["look"] for one in shown["waiting"]] == [waiting["details"]["look"]]
    assert [(one["look"], one["verdict"], one["reviewed_by"]) for one in shown["reviewed"]] == [
        (look["look"], "explain", "dpo1")
    ]
    assert beat.house.actions(look["look"])[-1] == "look_reviewed"
    assert "looks_drawn" in beat.house.actions("dpo1")


def test_a_draw_is_of_the_days_and_as_many_as_asked_for(beat: Beat) -> None:
    looked(beat)
    beat.house.clock.pass_by(days=10)
    dpo = beat.house.as_("dpo1")
    assert dpo.post(f"{OVERSIGHT}/draw", {"days": 9, "count": 50}) == {"drawn": 0}
    assert dpo.post(f"{OVERSIGHT}/draw", {"days": 11, "count": 1}) == {"drawn": 1}


def test_the_draw_is_by_chance(beat: Beat) -> None:
    """Of two looks one is drawn, many times over: both come up."""
    beat.scan(0)
    beat.scan(1)
    now = beat.house.clock.now
    seen = set()
    for _ in range(40):
        with beat.house.site.store.transaction() as tx:
            tx.look_reviews.draw(now, 1, "dpo1", now)
            (drawn,) = tx.look_reviews.waiting(9)
            seen.add(drawn.look.id)
            tx._link._connection.rollback()
        if len(seen) == 2:
            break
    assert len(seen) == 2


def test_nobody_else_draws_or_reviews(beat: Beat) -> None:
    for staff in ("operator1", "auditor1", "officer1", "chief1"):
        browser = beat.house.as_(staff)
        assert browser.reason("GET", OVERSIGHT) == "not_your_role"
        assert browser.reason("POST", f"{OVERSIGHT}/draw", {"days": 1, "count": 1}) == "not_your_role"
