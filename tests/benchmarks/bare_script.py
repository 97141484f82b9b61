"""The baseline: what the shortest script does that asks the same by ``requests``: URL, CA file, token, SHA-1."""

import json
import sys

import requests

url, ca_file, token, sha1 = sys.argv[1:]
session = requests.Session()
session.trust_env = False
answer = session.get(
    f"{url}/api/files/{sha1}/stats",
    params={"lookBackHours": "720"},
    headers={"Authorization": f"Bearer {token}"},
    verify=ca_file,
    timeout=30,
)
sys.stdout.write(json.dumps(answer.json()) + "\n")
