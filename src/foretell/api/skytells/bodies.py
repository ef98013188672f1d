"""What the body of a create may be, before and after it is checked."""

from typing import Annotated, Any, Literal

import msgspec

from foretell.api.wish import Wish


class Body(msgspec.Struct):
    """The body as it may be sent; null and absent are the same."""

    model: Any = None
    input: Any = None
    await_: Any = msgspec.field(default=None, name="await")
    wait: Any = None
    stream: Any = None
    webhook: Any = None
    webhook_events_filter: Any = None
    safety_checker: Any = None
    safety_check: Any = None
    gpu: Any = None
    privacy: Any = None
    dry_run: Any = None
    ttl: Any = None
    cancel_after: Any = None
    queue_timeout: Any = None
    cancel_on_disconnect: Any = None


_Name = Annotated[str, msgspec.Meta(min_length=1, pattern=r"^\S+$")]


class Plain(Body):
    """A body as nearly all are: nothing can be wrong with its fields, so that none has to be looked at."""

    model: _Name
    input: dict[str, Any]
    await_: bool | None = msgspec.field(default=None, name="await")
    wait: bool | None = None
    stream: bool | None = None
    webhook: None = None
    webhook_events_filter: None = None
    safety_checker: bool | None = None
    safety_check: bool | None = None
    gpu: None = None
    privacy: Literal["private", "public"] | None = None
    dry_run: bool | None = None
    ttl: None = None
    cancel_after: None = None
    queue_timeout: None = None
    cancel_on_disconnect: bool | None = None


class Asked(msgspec.Struct, frozen=True):
    """A checked body. `awaits` is None where the caller left it open. `is_dry`: nothing is to be created.

    `ends_with_caller`: the prediction is canceled when its caller does not stay to hear its end.
    """

    wish: Wish
    awaits: bool | None
    is_dry: bool = False
    ends_with_caller: bool = False
