"""The analyzer: takes a job from Cortex, runs its action and answers."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from mde_files.errors import MdeFilesError
from mde_files.platforms import running
from mde_files.platforms.cortex import answer
from mde_files.platforms.cortex.connection import connector
from mde_files.platforms.cortex.job_folder import JobFolder
from mde_files.platforms.cortex.request import read_request

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def main(arguments: Sequence[str]) -> int:
    """Do one job and return the exit code: 0 when it succeeded, 1 when it failed.

    What comes too early (quota used up, service throttles) fails too: Cortex keeps successful answers for a while and
    would show them again instead of asking.

    Args:
        arguments: The job's folder; by default ``/job``.
    """
    folder = JobFolder.of(arguments)
    job: dict[str, Any] = {}
    try:
        job = folder.read()
        answered = _done(job, folder)
    except MdeFilesError as error:
        answered = answer.failure(running.sentence(error), job)
    except ModuleNotFoundError as error:
        # which settings are secrets is not known without the libraries, so none is given back
        answered = answer.failure(
            f"The Python library {error.name!r} is missing. Install what the analyzer's requirements.txt lists for the "
            "Python it runs with; its README.md says how.",
            {},
        )
    except Exception as error:  # noqa: BLE001 - the last resort between a bug and a traceback for a user
        answered = answer.failure(running.bug_sentence(error), job)
    try:
        folder.write(answered)
    except OSError as error:
        place = "standard output" if folder.path is None else str(folder.path / "output")
        sys.stderr.write(f"The answer cannot be written to {place}: {error.strerror}. Check the job's folder.\n")
        return 1
    return 0 if answered["success"] else 1


def _done(job: Mapping[str, Any], folder: JobFolder) -> dict[str, Any]:
    request = read_request(job, folder)
    with connector(request.config, folder) as opened:
        record = opened.run(request.action, request.parameters)
    # the hash of a file is news, the hash that was asked for is not
    asked = request.observable if job["dataType"] == "hash" else ""
    return answer.report(record, job, asked)
