"""The baseline of a batch: a pool of threads with bare requests: URL, CA file, token, threads, file of SHA-1s."""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import requests

url, ca_file, token, threads, listed = sys.argv[1:]
own = threading.local()


def ask(sha1: str) -> object:
    """Return the statistics of a file."""
    if not hasattr(own, "session"):
        own.session = requests.Session()
        own.session.trust_env = False
        own.session.headers["Authorization"] = f"Bearer {token}"
    answer = own.session.get(
        f"{url}/api/files/{sha1}/stats", params={"lookBackHours": "720"}, verify=ca_file, timeout=30
    )
    return answer.json()


with ThreadPoolExecutor(int(threads)) as pool:
    for _ in pool.map(ask, Path(listed).read_text(encoding="utf-8").split()):
        pass
