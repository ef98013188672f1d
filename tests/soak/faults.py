"""What goes wrong, at random: processes die and freeze, receivers refuse, connections break."""

import random
import threading
import time
from collections import Counter
from collections.abc import Callable

import psutil

from servers import Receiver
from soak.sites import Seat, Site

FREEZE_SECONDS = (1.0, 3.0, 12.0)


class Faults:
    """Throws faults at a site. What it did is printed as it happens and counted in `done`."""

    def __init__(self, site: Site, receiver: Receiver, seed: int) -> None:
        self.done: Counter[str] = Counter()
        self._site = site
        self._receiver = receiver
        self._chance = random.Random(seed)
        self._timers: list[threading.Timer] = []
        self._kinds: list[tuple[Callable[[], str | None], int]] = [
            (self._kill_a_process, 3),
            (self._stop_a_process, 2),
            (self._freeze_a_process, 1),
            (self._kill_a_model, 6),
            (self._freeze_a_model, 4),
            (self._terminate_a_model, 2),
            (self._close_the_receiver, 2),
            (self._shake_the_database, 3),
        ]

    def throw(self, seconds: float) -> None:
        """Goes on for `seconds`, then puts right what can be put right."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(self._chance.uniform(0.2, 2.5))
            fault = self._chance.choices(
                [kind for kind, _ in self._kinds], [rate for _, rate in self._kinds]
            )[0]
            try:
                did = fault()
            except psutil.Error:
                continue
            if did is not None:
                self.done[did.split(":")[0]] += 1
                print(f"{time.strftime('%H:%M:%S')}  {did}", flush=True)
        for timer in self._timers:
            timer.join()
        self._receiver.refuses = False
        self._site.revive()

    def _kill_a_process(self) -> str:
        seat = self._seat()
        seat.server.kill()
        seat.revive()
        return f"killed and started again: {seat.name}"

    def _stop_a_process(self) -> str:
        seat = self._seat()
        seat.revive()
        code = seat.server.stop()
        seat.revive()
        return f"stopped and started again: {seat.name} (exit code {code})"

    def _freeze_a_process(self) -> str:
        seat, seconds = self._seat(), self._chance.choice(FREEZE_SECONDS)
        self._freeze(psutil.Process(seat.server.process.pid), seconds)
        return f"froze a process of ours: {seat.name} for {seconds:g} s"

    def _kill_a_model(self) -> str | None:
        model = self._model()
        if model is not None:
            model.kill()
        return model and f"killed a model: process {model.pid}"

    def _terminate_a_model(self) -> str | None:
        model = self._model()
        if model is not None:
            model.terminate()
        return model and f"terminated a model: process {model.pid}"

    def _freeze_a_model(self) -> str | None:
        model, seconds = self._model(), self._chance.choice(FREEZE_SECONDS)
        if model is not None:
            self._freeze(model, seconds)
        return model and f"froze a model: process {model.pid} for {seconds:g} s"

    def _close_the_receiver(self) -> str:
        self._receiver.refuses = not self._receiver.refuses
        return f"the receiver of webhooks: {'refuses' if self._receiver.refuses else 'takes them again'}"

    def _shake_the_database(self) -> str | None:
        return self._site.shake_the_database(self._chance)

    def _seat(self) -> Seat:
        return self._chance.choice(self._site.seats)

    def _model(self) -> psutil.Process | None:
        models = self._site.children()
        return self._chance.choice(models) if models else None

    def _freeze(self, process: psutil.Process, seconds: float) -> None:
        process.suspend()
        timer = threading.Timer(seconds, lambda: process.is_running() and process.resume())
        timer.start()
        self._timers.append(timer)
