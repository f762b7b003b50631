"""Takes logs into the records of ``CARDSVC_DATA`` in a process of its own: ``python -m scripts.sender``.

One upload a line comes in on standard input, and one line goes out for each, when it is committed:
``{"reader", "answers": {seq: answer}}``, or ``{"reader", "refused": reason}`` where nothing was taken.
"""

import base64
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cardsvc.readers.ingest import Brought, take_batch
from cardsvc.settings import read_settings
from scripts.gatelogs import Upload, taking
from verify.errors import CardsvcError


def to_line(upload: Upload) -> str:
    """An upload as one line."""
    records = [[one.seq, base64.b64encode(one.sealed).decode()] for one in upload.records]
    checkpoints = [base64.b64encode(one).decode() for one in upload.checkpoints]
    return json.dumps({"reader": upload.reader, "records": records, "checkpoints": checkpoints})


def main() -> None:
    """Until standard input ends."""
    with taking(read_settings()) as (site, _):
        print("ready", flush=True)
        for line in sys.stdin:
            said: Mapping[str, Any] = json.loads(line)
            batch = [Brought(seq, base64.b64decode(sealed)) for seq, sealed in said["records"]]
            checkpoints = [base64.b64decode(one) for one in said["checkpoints"]]
            try:
                with site.store.reading() as tx:
                    reader = tx.readers.get(said["reader"])
                answers = take_batch(site, reader, batch, checkpoints, datetime.now(UTC))
                told: dict[str, object] = {"answers": {str(one.seq): one.answer for one in answers}}
            except CardsvcError as error:
                told = {"refused": error.reason}
            print(json.dumps({"reader": said["reader"]} | told), flush=True)


if __name__ == "__main__":
    main()
