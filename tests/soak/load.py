"""Callers that never tire: they create, await, cancel, delete, upload, and remember what was acknowledged."""

import random
import threading
from typing import Any

import httpx

from promises import Memory
from servers import KEY, Receiver
from soak.sites import Site

MODELS: list[tuple[str, dict[str, Any], int]] = [
    ("echo", {"prompt": "x"}, 10),
    ("picture", {"prompt": "p"}, 4),
    ("slow", {"seconds": 0.5}, 4),
    ("slow", {"seconds": 5}, 1),
    ("fail", {}, 2),
    ("gives_text_and_files", {}, 2),
    ("yields_files", {}, 2),
    ("raises", {}, 1),
    ("exits", {}, 1),
    ("segfaults", {}, 1),
    ("vanishes", {}, 1),
    ("ignores_sigterm", {}, 1),
    ("swallows_every_cancel", {}, 1),
    ("takes_several", {}, 1),
    ("dies_in_setup", {}, 1),
]
"""Models with an input and how often each is asked; those that never end are canceled in the end."""
NEVER_END = ("ignores_sigterm", "swallows_every_cancel", "takes_several")
EVENTS = ["started", "processing", "completed", "failed", "canceled"]
CALLERS = 5
LIVE_MAX = 60


class Load:
    """The callers, from `start` to `stop`."""

    def __init__(self, site: Site, receiver: Receiver, seed: int) -> None:
        self.memory = Memory()
        self._site = site
        self._receiver = receiver
        self._stopping = threading.Event()
        self._callers = [
            threading.Thread(target=self._call, args=(random.Random(f"{seed} {number}"),), daemon=True)
            for number in range(CALLERS)
        ]

    def start(self) -> None:
        for each in self._callers:
            each.start()

    def stop(self) -> None:
        self._stopping.set()
        for each in self._callers:
            each.join()

    def _call(self, chance: random.Random) -> None:
        while not self._stopping.is_set():
            address = chance.choice(self._site.addresses)
            with httpx.Client(base_url=address, headers={"x-api-key": KEY}, timeout=30) as client:
                try:
                    self._act(client, chance)
                except httpx.HTTPError as error:
                    # The server was killed, or is not there yet.
                    self.memory.answers[type(error).__name__] += 1
                    self._stopping.wait(0.3)
            self._stopping.wait(chance.random() * 0.2)

    def _act(self, client: httpx.Client, chance: random.Random) -> None:
        over = self.memory.ended.keys() | self.memory.deleting
        live = [each for each in list(self.memory.made) if each not in over]
        what = chance.random()
        if (what < 0.6 and len(live) < LIVE_MAX) or not live:
            self._create(client, chance)
        elif what < 0.75:
            self._cancel(client, chance.choice(live))
        elif what < 0.8:
            self._delete(client, chance.choice(live))
        elif what < 0.85:
            self._upload(client)
        else:
            self._look(client, chance.choice(live))

    def _create(self, client: httpx.Client, chance: random.Random) -> None:
        model, given, _ = chance.choices(MODELS, [weight for *_, weight in MODELS])[0]
        body: dict[str, Any] = {"model": model, "input": given}
        if has_webhook := chance.random() < 0.6:
            body["webhook"] = {"url": self._receiver.url, "events": EVENTS}
        if model == "echo" and chance.random() < 0.3:
            body["await"] = True
        answer = client.post("/v1/predictions", json=body)
        self.memory.answers[f"create {answer.status_code}"] += 1
        if answer.status_code == 200:
            made = answer.json()
            self.memory.made[made["id"]] = model
            if has_webhook:
                self.memory.subscribed.add(made["id"])
            self._note(made)

    def _cancel(self, client: httpx.Client, prediction_id: str) -> None:
        answer = client.post(f"/v1/predictions/{prediction_id}/cancel")
        self.memory.answers[f"cancel {answer.status_code}"] += 1
        self._heard(prediction_id, answer)

    def _delete(self, client: httpx.Client, prediction_id: str) -> None:
        # From now on it may be gone, even if no answer ever comes.
        self.memory.deleting.add(prediction_id)
        answer = client.delete(f"/v1/predictions/{prediction_id}")
        self.memory.answers[f"delete {answer.status_code}"] += 1

    def _upload(self, client: httpx.Client) -> None:
        answer = client.post("/v1/files", files={"file": ("note.txt", b"x" * 10_000)})
        self.memory.answers[f"upload {answer.status_code}"] += 1
        if answer.status_code == 201:
            self.memory.uploads.add(answer.json()["id"])

    def _look(self, client: httpx.Client, prediction_id: str) -> None:
        self._heard(prediction_id, client.get(f"/v1/predictions/{prediction_id}"))

    def _heard(self, prediction_id: str, answer: httpx.Response) -> None:
        if answer.status_code == 200:
            self._note(answer.json())
        elif answer.status_code == 404 and prediction_id not in self.memory.deleting:
            self.memory.lies.append(f"{prediction_id} was acknowledged and is not found")

    def _note(self, prediction: dict[str, Any]) -> None:
        """An end is forever: whoever saw one must never see another."""
        if prediction["completed_at"] is None:
            return
        before = self.memory.ended.setdefault(prediction["id"], prediction["status"])
        if before != prediction["status"]:
            self.memory.lies.append(f"{prediction['id']} was {before} and is {prediction['status']}")
