"""What the figures for Prometheus cost for each prediction that ends: `python benchmarks/telemetry.py`."""

import statistics
import time

from foretell.prediction import Prediction, Status
from foretell.telemetry import Measures

TIMES, ROUNDS = 20_000, 5
BEGAN_AT = 1_700_000_000_000_000


def main() -> None:
    """Prints the median over the rounds, in microseconds of CPU time."""
    measures, ended = Measures(), _ended()
    taken = []
    for _ in range(ROUNDS):
        since = time.process_time()
        for _ in range(TIMES):
            measures.ended(ended)
        taken.append((time.process_time() - since) / TIMES * 1_000_000)
    print(f"{statistics.median(taken):.1f} µs for each prediction that ends")


def _ended() -> Prediction:
    return Prediction(
        id="one", account_id="a", key_id=None, model="echo", model_type="text", version_id="v", lane="v:any",
        status=Status.SUCCEEDED, node=None, attempt=1, losses=0, priority=0, created_at=BEGAN_AT,
        held_at=BEGAN_AT + 100, started_at=BEGAN_AT + 200, completed_at=BEGAN_AT + 5_000,
        updated_at=BEGAN_AT + 5_000, origin="", source="api", privacy="private", stream=False, phase=None,
        progress=100.0, cost_nanocredits=0, data_removed_at=None, deleted_at=None, metrics={"predict_time": 0.004},
    )  # fmt: skip


if __name__ == "__main__":
    main()
