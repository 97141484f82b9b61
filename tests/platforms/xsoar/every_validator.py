"""Runs in demisto-sdk's own environment, at the top of a content repository: every validator object, one by one.

Judged is what the work branch changes. Prints ``{"judged": [item …], "applied": [code …], "failed": [[code, class,
message] …]}`` as its last line. Arguments: codes of validators not to run. Nothing may leave this machine.
"""

from __future__ import annotations

import json
import socket
import sys

from demisto_sdk.commands.common.constants import ExecutionMode
from demisto_sdk.commands.validate.initializer import Initializer
from demisto_sdk.commands.validate.validators.base_validator import get_all_validators


def no_network(*_: object, **__: object) -> None:
    raise OSError("nothing leaves this machine")


def main() -> None:
    socket.getaddrinfo = no_network
    mode = ExecutionMode.USE_GIT
    initializer = Initializer(committed_only=True, prev_ver="origin/master", execution_mode=mode)
    items, broken = initializer.gather_objects_to_run_on()
    applied, failed = [], [["", "unreadable", str(path)] for path in broken]
    for validator in sorted(get_all_validators(), key=lambda one: type(one).__name__):
        if validator.error_code in sys.argv[1:]:
            continue
        try:
            chosen = [item for item in items if validator.should_run(item, [], {}, mode)]
            found = [result.message for result in validator.obtain_invalid_content_items(chosen)] if chosen else []
        except Exception as error:  # noqa: BLE001 - the next one is run nevertheless
            found = [f"{type(error).__name__}: {error}"]
        applied += [validator.error_code] if chosen else []
        failed += [[validator.error_code, type(validator).__name__, message[:300]] for message in found]
    judged = sorted(f"{type(item).__name__} {item.git_status}" for item in items)
    sys.stdout.write(json.dumps({"judged": judged, "applied": applied, "failed": failed}) + "\n")


main()
