"""What additions work with."""

from dataclasses import dataclass

from foretell.config import Config
from foretell.snapshots import Snapshots
from foretell.store import Store
from foretell.weights import Environments, Weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """`has_node`: models run in this very process, so that what they need is best fetched here."""

    config: Config
    store: Store
    snapshots: Snapshots
    weights: Weights
    environments: Environments
    has_node: bool
