"""Terms: what holds for all that one caller creates with one version of a model, worked out once."""

from dataclasses import dataclass

from foretell.allowance import Allowance, Bounds
from foretell.api.auth import Caller
from foretell.api.versions import Known
from foretell.config import Config
from foretell.pricing import Pricing
from foretell.retention import Retention, narrowest, of_all

KEPT_MAX = 1_000


@dataclass(frozen=True, slots=True)
class Terms:
    """`pricing` None: it costs nothing. `retentions`: by whoever does not keep it for ever."""

    bounds: Bounds
    pricing: Pricing | None
    retentions: tuple[Retention, ...]
    retention: Retention | None
    secrets: tuple[str, ...]

    def kept(self, ttl_seconds: int) -> Retention | None:
        """How long it is kept, by whoever would keep it shortest; None: for ever. A wish of 0 is none."""
        return narrowest(*self.retentions, of_all(ttl_seconds)) if ttl_seconds else self.retention


class Agreements:
    """The terms of those who called lately."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._kept: dict[tuple[Caller, Known], Terms] = {}

    def of(self, caller: Caller, known: Known) -> Terms:
        found = self._kept.get((caller, known))
        if found is None:
            if len(self._kept) >= KEPT_MAX:
                self._kept.clear()
            found = self._kept[caller, known] = self._worked_out(caller, known)
        return found

    def _worked_out(self, caller: Caller, known: Known) -> Terms:
        pricing = known.version.manifest.pricing
        retentions = tuple(each for each in self._retentions(caller, known) if not each.is_endless)
        return Terms(
            bounds=self._bounds(caller, known.version.model),
            pricing=None if pricing.is_free else pricing,
            retentions=retentions,
            retention=narrowest(*retentions) if retentions else None,
            secrets=known.schema.secret_fields(),
        )

    def _retentions(self, caller: Caller, known: Known) -> list[Retention]:
        usual = Retention(
            keep_outputs_seconds=self._config.keep_outputs_seconds,
            keep_inputs_seconds=self._config.keep_inputs_seconds,
            keep_logs_seconds=self._config.keep_logs_seconds,
        )
        own = [] if caller.key is None else [caller.key.retention]
        return [usual, known.version.manifest.retention, *own]

    def _bounds(self, caller: Caller, model: str) -> Bounds:
        """By the model's own name, whatever it was asked for by."""
        own, config = caller.account.allowance, self._config
        account = Allowance(
            requests_per_minute=own.requests_per_minute or config.requests_per_minute or None,
            concurrency_max=own.concurrency_max or config.concurrency_per_model or None,
        )
        key = Allowance() if caller.key is None else caller.key.allowance
        return Bounds(model=model, account=account, key=key)
