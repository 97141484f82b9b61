"""One process of many. Argument: a JSON file with ``configuration``, ``hashes``, ``threads`` and perhaps ``caller``."""

from __future__ import annotations

import json
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from mde_files import Connector
from mde_files.answers import Asking


def work() -> None:
    given = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    asking = Asking(caller=given.get("caller", "interactive"))
    with (
        Connector.from_config(given["configuration"]) as connector,
        ThreadPoolExecutor(given["threads"]) as pool,
    ):
        records = pool.map(
            lambda value: connector.record_of("file_stats", {"file_hash": value}, asking), given["hashes"]
        )
        outcomes = Counter(
            f"{record['outcome']} {record.get('error', {}).get('code', '')}".strip() for record in records
        )
    sys.stdout.write(json.dumps(outcomes))


work()
