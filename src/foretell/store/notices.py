"""Notices: that something happened, and where to look. They carry no data and may be lost; whoever waits also polls."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any

EVERYTHING = "*"
"""The topic that wakes every subscriber: what was missed is not known."""
SAID_HERE = "said here"
"""The value of what is no news in this process: who wants to know has heard it when it was said."""


class Subscription:
    """A topic somebody waits for. `value` is the newest thing published with it in this process, if any.

    `must_look`: something happened since that was last set to False of which no more is known than that.
    """

    def __init__(self, notices: Notices, topic: str, then: Callable[[Any], None] | None = None) -> None:
        """`then` is called when something happens, with what was published; None: one has to look."""
        self._notices = notices
        self._topic = topic
        self._then = then
        self._has_happened = False
        self._waiter: asyncio.Future[None] | None = None
        self.value: Any = None
        self.must_look = False

    def __enter__(self) -> Subscription:
        self._notices.add(self._topic, self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._notices.drop(self._topic, self)

    async def wait(self, timeout_seconds: float) -> bool:
        """Whether something happened since the last wait; several happenings count once."""
        if not self._has_happened:
            loop = asyncio.get_running_loop()
            self._waiter = loop.create_future()
            timer = loop.call_later(timeout_seconds, self._let_go)
            try:
                await self._waiter
            finally:
                timer.cancel()
        has_happened, self._has_happened = self._has_happened, False
        return has_happened

    def wake(self, value: Any) -> None:
        if value is None:
            self.must_look = True
        else:
            self.value = value
        self._has_happened = True
        self._let_go()
        if self._then is not None:
            self._then(value)

    def _let_go(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


class Notices:
    """Who waits for what, in this process. Everything here runs on the event loop's thread."""

    def __init__(self) -> None:
        self._subscriptions: defaultdict[str, set[Subscription]] = defaultdict(set)

    def subscribe(self, topic: str, then: Callable[[Any], None] | None = None) -> Subscription:
        """`prediction:<id>`, `waiting`, `moved:<node>`, `deliveries`, `keys` or `models`; counts from `with` on.

        `then` is called whenever it happens, with what was published with it.
        """
        return Subscription(self, topic, then)

    def waited_for(self, kind: str) -> list[str]:
        """The topics of that kind that somebody waits for, without the kind."""
        head = f"{kind}:"
        return [each.removeprefix(head) for each in self._subscriptions if each.startswith(head)]

    def publish(self, topics: Iterable[str], values: Mapping[str, Any] | None = None) -> None:
        for topic in topics:
            if topic == EVERYTHING:
                self._wake_all()
                return
            value = values.get(topic) if values else None
            if value is not SAID_HERE:
                for each in tuple(self._subscriptions.get(topic, ())):
                    each.wake(value)

    def add(self, topic: str, subscription: Subscription) -> None:
        self._subscriptions[topic].add(subscription)

    def drop(self, topic: str, subscription: Subscription) -> None:
        found = self._subscriptions.get(topic, set())
        found.discard(subscription)
        if not found:
            self._subscriptions.pop(topic, None)

    def _wake_all(self) -> None:
        for found in tuple(self._subscriptions.values()):
            for each in tuple(found):
                each.wake(None)
