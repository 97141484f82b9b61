"""One process of many: asks as fast as the quota lets it, in several threads, until the time is up.

Arguments: settings as JSON: ``configuration``, ``token``, ``threads``, ``seconds``. Prints ``ready``, waits for a line,
then prints a JSON object with the number of answers by status and of refusals by its own quota.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections import Counter

import requests

from mde_files import config, manifest
from mde_files.deadline import Deadline
from mde_files.errors import QuotaExhaustedError
from mde_files.logs import EventLog
from mde_files.quota import Quota
from mde_files.state import open_state

PATH = "/api/files/3395856ce81f2b7382dee72602f798b642f14140/stats"


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def work() -> None:
    given = json.loads(sys.argv[1])
    configuration = config.load(given["configuration"])
    call = manifest.load().calls["file_stats"]
    state = open_state(configuration, EventLog())
    quota = Quota(configuration, state, application="app")
    counts: Counter[str] = Counter()
    url = configuration.endpoints.base_url + PATH
    headers = {"Authorization": f"Bearer {given['token']}"}

    def ask(session: requests.Session) -> None:
        deadline = Deadline(given["seconds"])
        while not deadline.expired:
            try:
                with quota.slot(call, deadline):
                    counts[str(session.get(url, headers=headers, timeout=30).status_code)] += 1
            except QuotaExhaustedError:
                counts["refused"] += 1
                time.sleep(0.1)

    sessions = []
    for _ in range(given["threads"]):
        session = requests.Session()
        session.trust_env = False
        session.verify = str(configuration.ca_bundle)
        session.get(configuration.endpoints.base_url + "/nothing", timeout=30)
        sessions.append(session)
    threads = [threading.Thread(target=ask, args=(session,)) for session in sessions]
    say("ready")
    sys.stdin.readline()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    say(json.dumps({**counts, "degraded": state.degraded}))


if __name__ == "__main__":
    work()
