"""Records numbers, words, lists and what it takes back."""

from cog import BaseRunner, current_scope


class Runner(BaseRunner):
    def setup(self) -> None:
        self.record_metric("in_setup", 1)
        current_scope().metrics["in_setup"] = 2

    def run(self) -> str:
        self.record_metric("replaced", 1)
        self.record_metric("replaced", 2)
        self.record_metric("counted", 2, mode="incr")
        self.scope.metrics.record("counted", 3, mode="incr")
        self.record_metric("timing.load", 0.5)
        self.record_metric("taken_back", 1)
        del current_scope().metrics["taken_back"]
        self.scope.metrics["words"] = "some words"
        self.record_metric("listed", 0.5, mode="append")
        self.record_metric("listed", "b", mode="append")
        self.scope.metrics["flag"] = True
        self.scope.metrics["parts"] = {"a": [1]}
        return str(current_scope().context)
