import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from issuance.application import load_applications
from issuance.errors import ApplicationRefused, FileRefused
from issuance.intake import MAX_LINE_BYTES


def write(folder: Path, name: str, data: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    return path


def shape(path: Path) -> list[tuple[int, object]]:
    """What came, a refusal by its reason."""
    return [
        (place, item.errors[0].reason if isinstance(item, ApplicationRefused) else item)
        for place, item in load_applications(path)
    ]


@pytest.mark.parametrize("wrap", [lambda items: items, lambda items: {"applications": items}])
def test_json(tmp_path: Path, wrap: object) -> None:
    assert callable(wrap)
    path = write(tmp_path, "a.json", "\ufeff" + json.dumps(wrap([{"surname": "李"}, 7, {}])))
    assert shape(path) == [(1, {"surname": "李"}), (2, "malformed"), (3, {})]


def test_one_broken_json_line_stops_none_of_the_rest(tmp_path: Path) -> None:
    lines = [
        b'\xef\xbb\xbf{"a": 1}', b"", b"{oops", b'{"a": "\xff"}', b'{"a": 1, "a": 2}', b'{"a": NaN}', b"[1]",
        b"[" * 100_000, b'{"a": ' + b"9" * 5000 + b"}", b'{"b": 2}',
    ]  # fmt: skip
    path = write(tmp_path, "a.jsonl", b"\r\n".join(lines))
    bad = [(place, "malformed") for place in range(3, 10)]
    assert shape(path) == [(1, {"a": 1}), *bad, (10, {"b": 2})]


def test_a_line_over_the_limit_costs_itself_alone(tmp_path: Path) -> None:
    long = b'{"a": "' + b"x" * (2 * MAX_LINE_BYTES) + b'"}'
    path = write(tmp_path, "a.ndjson", b'{"a": 1}\n' + long + b'\n{"b": 2}\n')
    assert shape(path) == [(1, {"a": 1}), (2, "too_large"), (3, {"b": 2})]


def test_csv(tmp_path: Path) -> None:
    table = (
        "\ufeffsurname,given_names,services,phone\r\n"
        '"Al-Namudhaj","Salim, Qasim",bus; library:2027-01-31;,\r\n'
        "李,,,\r\n"
        '"open quote,x,y,z\r\n'
        "too,few\r\n"
        "a,b,bus;bus,\r\n"
        "\r\n"
        "last,,bus,1\r\n"
    )
    assert shape(write(tmp_path, "a.csv", table)) == [
        (2, {"surname": "Al-Namudhaj", "given_names": "Salim, Qasim",
             "services": {"bus": None, "library": "2027-01-31"}}),
        (3, {"surname": "李"}),
        (4, "malformed"),
        (5, "malformed"),
        (6, "duplicate"),
        (8, {"surname": "last", "services": {"bus": None}, "phone": "1"}),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.json", b"{", "malformed"),
        ("a.json", b'{"surname": "A"}', "malformed"),
        ("a.json", b"\xff\xfe", "malformed"),
        ("a.json", b"[" * 100_000, "malformed"),
        ("a.csv", b"", "malformed"),
        ("a.csv", b"a,a\n1,2\n", "malformed"),
        ("a.csv", b"a,\xff\n", "malformed"),
        ("a.xlsx", b"PK", "unknown_form"),
    ],
)
def test_a_broken_file_is_one_error(tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    with pytest.raises(FileRefused) as caught:
        list(load_applications(write(tmp_path, name, data)))
    assert caught.value.reason == reason
    assert name in str(caught.value)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FileRefused):
            list(load_applications(path))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from([".json", ".jsonl", ".csv"]),
    st.binary(max_size=200) | st.text('{}[],":;\n a1').map(str.encode),
)
def test_no_stray_error(tmp_path: Path, ending: str, data: bytes) -> None:
    came = []
    with suppress(FileRefused):
        came = list(load_applications(write(tmp_path, "a" + ending, data)))
    assert all(place >= 1 and isinstance(item, dict | ApplicationRefused) for place, item in came)
