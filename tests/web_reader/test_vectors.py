"""Other people's cases, read by the reader in TypeScript.

The tests, their exceptions and their numbers of cases are those of ``tests/vectors``: each module is loaded a
second time, and the reader's own layers take the places of ``verify``'s. Signatures are judged twice, by
WebCrypto and by the library, which must agree. What this reader does not do stays Python's: it writes no CBOR
and no Base45, and reads status lists as CWT, never as JWT.
"""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from tests import vectors
from tests.vectors import root as vectors_root
from tests.web_reader.driver import Driver, namespace
from verify import cbor, text

MODULES = (
    *("test_base45", "test_cbor", "test_claim169", "test_cose_wg_examples", "test_eu_dcc"),
    *("test_token_status_list", "test_wycheproof", "test_c2sp_cctv_ed25519"),
)
NOT_READ = {"test_status_list_jwt"}


def load(name: str) -> ModuleType:
    path = Path(vectors.__path__[0]) / f"{name}.py"
    spec = importlib.util.spec_from_file_location(f"tests.web_reader.again.{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


LOADED = {name: load(name) for name in MODULES}

for _name, _module in LOADED.items():
    for _test, _function in list(vars(_module).items()):
        if _test.startswith("test_") and _test not in NOT_READ:
            globals()[f"{_name}_{_test.removeprefix('test_')}"] = _function


@pytest.fixture(autouse=True, scope="module")
def _by_the_other_reader(browser_reader: Driver) -> None:
    driver = browser_reader
    stand_ins = driver.namespaces() | {
        "cbor": namespace(decode=driver.cbor_decode, encode=cbor.encode),
        "text": namespace(
            decode=driver.text_decode,
            inflate=driver.inflate,
            base45_decode=driver.base45_decode,
            MAX_TEXT=text.MAX_TEXT,
            MAX_INFLATED=text.MAX_INFLATED,
        ),
        "Identity": namespace(from_claim=driver.identity),
        "Card": namespace(decode=driver.card),
    }
    for module in LOADED.values():
        for name, stand_in in stand_ins.items():
            if hasattr(module, name):
                setattr(module, name, stand_in)


def test_it_was_the_other_reader_that_answered(browser_reader: Driver) -> None:
    if vectors_root.at_default_root():
        assert browser_reader.asked > 5_000
