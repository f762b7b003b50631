"""``cardsvc signer`` as it is started, spoken to and stopped."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from cardsvc.settings import Settings
from cardsvc.setup import initialise
from cardsvc.signer_command import check_safe
from keys.client import SignerClient
from tests.desk.town import CHEAP, EXAMPLES, NOW, PUBLIC_URL, settings_for
from tests.keys.conftest import refused

PATIENCE_S = 30.0


@pytest.fixture
def data(tmp_path: Path) -> Path:
    staff, venues = EXAMPLES / "staff.toml", EXAMPLES / "venues.toml"
    made = initialise(
        settings_for(tmp_path), issuer="cn-yiwu", staff=staff, venues=venues, now=NOW, cost=CHEAP
    )
    codes = made["founding_codes"]
    assert isinstance(codes, dict)
    assert set(codes) == {"chief1", "chief2"}
    return tmp_path


def test_it_says_when_it_is_ready_answers_and_ends_when_told(data: Path) -> None:
    command = [sys.executable, "-c", "from cardsvc.cli import main; main()", "signer"]
    environment = os.environ | {"CARDSVC_DATA": str(data), "CARDSVC_PUBLIC_URL": PUBLIC_URL}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as child:
        try:
            assert child.stderr is not None
            assert child.stderr.readline().startswith("signer: ready at ")
            client = SignerClient(data / "signer" / "socket", timeout_s=PATIENCE_S)
            assert client.hello().founders_open == ("chief1", "chief2")
            child.send_signal(signal.SIGTERM)
            assert child.wait(PATIENCE_S) == 0
        finally:
            child.kill()
    assert not client.path.exists()


def test_it_holds_no_keys_where_others_reach_them(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = settings_for(data)
    check_safe(settings)
    (data / "signer").chmod(0o755)
    with refused("key_file_exposed"):
        check_safe(settings)
    (data / "signer").chmod(0o700)
    monkeypatch.setattr(os, "getuid", lambda: 0)
    live = Settings(data=data, public_url=PUBLIC_URL, production=True, service_uid=990)
    with refused("unsafe_setting"):
        check_safe(live)
    monkeypatch.setattr(os, "getuid", lambda: 991)
    check_safe(live)
    with refused("unsafe_setting"):
        check_safe(Settings(data=data, public_url=PUBLIC_URL, production=True, service_uid=0))
    with refused("not_initialised"):
        check_safe(settings_for(data / "elsewhere"))
