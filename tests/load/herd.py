"""Many worker processes at one state: forked from one that has imported everything, some killed and replaced.

Argument: a JSON file, see ``Settings``. Prints a JSON object, see ``Outcome``.
"""

from __future__ import annotations

import gc
import json
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

from mde_files import Connector
from mde_files.answers import Asking

from .worker import Board, work
from .world import due

_LOOK_SECONDS = 0.2
_THIRDS = 3
# Each judges a question and a record; from a thousand judgements on a compiled validator judges.
_WARM_UP = 600


class Settings(NamedTuple):
    """What the herd is told.

    Attributes:
        configurations: One for each tenant.
        asks: How many questions there are.
        seconds: How long they take, if the answers come in time.
        folder: Where the questions are, one file a seat, and where the workers' lines go.
        seats: For each worker the number of its threads.
        kills: How many workers are killed, spread over the answers.
        patience: Seconds after which a seat that answers nothing hangs.
        seed: Where chance begins.
        warm_up: Hash, no SHA-1, of a file that is asked about before the workers begin, apart from them.
    """

    configurations: list[dict[str, Any]]
    asks: int
    seconds: float
    folder: str
    seats: list[int]
    kills: int
    patience: float
    seed: int
    warm_up: str


class Outcome(NamedTuple):
    """What the herd saw.

    Attributes:
        hung: What was noticed of seats that made no progress; empty when all did.
        crashed: Exit codes of workers that ended although nobody asked them to.
        start: When the questions' time began, on the monotonic clock.
        killed: When each worker was killed, in seconds after the start.
        busy_killed: How many of them had been at one question for longer than half a second.
        seconds: How long it took.
        cpu_seconds: Processor time of all workers.
        memory: Resident bytes of each worker that was never killed, after each third of the answers.
        state: Bytes of the state and of its log after each third of the answers.
    """

    hung: list[str]
    crashed: list[int]
    start: float
    killed: list[float]
    busy_killed: int
    seconds: float
    cpu_seconds: float
    memory: list[list[int]]
    state: list[tuple[int, int]]


class _Herd:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._chance = random.Random(settings.seed)
        self._total = sum(settings.seats)
        numbers = iter(range(self._total))
        self._seats = [[next(numbers) for _ in range(count)] for count in settings.seats]
        self._board = Board(self._total)
        self._leave, self._stay = os.pipe()
        self._start = 0.0
        self._pids: list[int] = []
        self._dead: list[int] = []
        self._replaced: set[int] = set()
        self._crashed: list[int] = []
        self._hung: list[str] = []
        self._killed: list[float] = []
        self._busy_killed = 0
        self._memory: list[dict[int, int]] = []
        self._state: list[tuple[int, int]] = []

    def run(self) -> Outcome:
        self._warm_up()
        self._start = time.monotonic() + 0.5
        for seat in range(self._total):
            self._board.mark(seat, 0)
        self._pids = [self._fork(worker) for worker in range(len(self._seats))]
        while not (self._crashed or self._hung) and self._answers() < self._settings.asks:
            time.sleep(_LOOK_SECONDS)
            self._look()
        seconds = time.monotonic() - self._start
        self._measure()
        os.close(self._stay)
        self._end()
        usage = os.times()
        return Outcome(
            self._hung,
            self._crashed,
            self._start,
            self._killed,
            self._busy_killed,
            seconds,
            usage.children_user + usage.children_system,
            [
                [measured[worker] for measured in self._memory]
                for worker in range(len(self._pids))
                if self._pids[worker] and worker not in self._replaced
            ],
            self._state,
        )

    def _warm_up(self) -> None:
        """Import here, once, what a worker comes to import, and judge so many answers that the fast way is taken."""
        asking = {"file_hash": self._settings.warm_up}
        with Connector.from_config(self._settings.configurations[0]) as connector:
            for _ in range(_WARM_UP):
                connector.run("file_stats", asking)
            for action in ("file_stats", "file_alerts"):
                connector.run(action, asking, Asking(use_cache=False))
            connector.record_of("file_alerts", {"file_hash": "nothing"})
        gc.collect()
        gc.freeze()

    def _fork(self, worker: int) -> int:
        pid = os.fork()
        if pid == 0:
            os.close(self._stay)
            settings = self._settings
            folder = Path(settings.folder)
            path = folder / f"answers-{worker}.jsonl"
            work(settings.configurations, self._seats[worker], folder, path, self._board, self._start, self._leave)
        return pid

    def _look(self) -> None:
        for worker, pid in enumerate(self._pids):
            ended, status = os.waitpid(pid, os.WNOHANG)
            if ended:
                self._crashed.append(os.waitstatus_to_exitcode(status))
                self._pids[worker] = 0
                return
        answers = self._answers()
        if answers >= self._settings.asks * (len(self._state) + 1) / 3 and len(self._state) < _THIRDS - 1:
            self._measure()
        if answers > self._settings.asks * (len(self._killed) + 1) / (self._settings.kills + 1):
            self._kill_one()
        for worker, seats in enumerate(self._seats):
            if self._busy(worker) > self._settings.patience:
                os.kill(self._pids[worker], signal.SIGUSR1)
                time.sleep(1)
                self._hung.append(f"worker {worker} with the seats {seats} for {self._busy(worker):.1f} s")

    def _kill_one(self) -> None:
        """Kill a worker at random, every other time the one that has been at a question for longest; start it anew.

        Nobody takes notice of its end until the herd's own, as where the first process of a container reaps nobody.
        """
        unfinished = [worker for worker in range(len(self._pids)) if not self._done(worker)]
        if not unfinished:
            return
        worker = self._chance.choice(unfinished)
        if len(self._killed) % 2:
            worker = max(unfinished, key=self._busy)
            self._busy_killed += self._busy(worker) > 0.5
        pid = self._pids[worker]
        os.kill(pid, signal.SIGKILL)
        os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        self._dead.append(pid)
        self._killed.append(time.monotonic() - self._start)
        self._replaced.add(worker)
        for seat in self._seats[worker]:
            self._board.mark(seat, self._board.read(seat)[0])
        self._pids[worker] = self._fork(worker)

    def _end(self) -> None:
        """Let the workers go; those that do not are killed, and so are all when something went wrong."""
        for pid in self._dead:
            os.waitpid(pid, 0)
        deadline = time.monotonic() + (0 if self._hung or self._crashed else self._settings.patience)
        for worker, pid in enumerate(self._pids):
            if not pid:
                continue
            ended, status = os.waitpid(pid, os.WNOHANG)
            while not ended and time.monotonic() < deadline:
                time.sleep(0.01)
                ended, status = os.waitpid(pid, os.WNOHANG)
            if not ended:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                if not (self._hung or self._crashed):
                    self._hung.append(f"worker {worker} at its end")
            elif status:
                self._crashed.append(os.waitstatus_to_exitcode(status))

    def _answers(self) -> int:
        return sum(self._board.read(seat)[0] for seat in range(self._total))

    def _done(self, worker: int) -> bool:
        return all(self._next_due(seat, self._board.read(seat)[0]) is None for seat in self._seats[worker])

    def _next_due(self, seat: int, answers: int) -> float | None:
        """Return when a seat's next question is due; ``None`` when it has answered all."""
        number = seat + answers * self._total
        asks = self._settings.asks
        return self._start + due(number, asks, self._settings.seconds) if number < asks else None

    def _busy(self, worker: int) -> float:
        """Return for how many seconds the slowest seat of a worker has been at its question."""
        now = time.monotonic()
        longest = 0.0
        for seat in self._seats[worker]:
            answers, last = self._board.read(seat)
            next_due = self._next_due(seat, answers)
            if next_due is not None:
                longest = max(longest, now - max(last, next_due))
        return longest

    def _measure(self) -> None:
        page = os.sysconf("SC_PAGE_SIZE")
        resident = {}
        for worker, pid in enumerate(self._pids):
            if pid:
                pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]
                resident[worker] = int(pages) * page
        self._memory.append(resident)
        self._state.append(_state_bytes(self._settings.configurations[0]["state"]))


def _state_bytes(url: str) -> tuple[int, int]:
    """Return the bytes of a state, and of its log where it has one."""
    if url.startswith("redis://"):
        import redis

        with redis.Redis.from_url(url) as server:
            return int(server.info("memory")["used_memory_dataset"]), 0
    path = url.removeprefix("sqlite:///")
    log = Path(f"{path}-wal")
    return Path(path).stat().st_size, log.stat().st_size if log.exists() else 0


def main() -> None:
    settings = Settings(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    sys.stdout.write(json.dumps(_Herd(settings).run()._asdict()))


if __name__ == "__main__":
    main()
