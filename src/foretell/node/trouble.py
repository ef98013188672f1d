"""What can end a run early, each kind with its own consequence for the prediction."""


class RunFailed(Exception):
    """The prediction fails: `code` for programs, `message` for the caller."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class LoadFailed(Exception):
    """A replica could not be loaded: `message` says why, `log` is the end of what its setup printed."""

    def __init__(self, message: str, log: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.log = log


class DoesNotFit(LoadFailed):
    """Nowhere on this machine is there a place for it, whoever else leaves."""


class ReplicaDied(Exception):
    """The process ended in the middle of a run; the message says how. Counts as a loss."""


class ReplicaGone(Exception):
    """The replica was stopped, not because of this run: the prediction goes back without a loss."""


class HoldLost(Exception):
    """The prediction is no longer this node's: canceled, deleted or rescued. Nothing more may be written."""


class BatchRaised(RunFailed):
    """The batch that it went in has raised: nobody knows yet whether this one is to blame."""


class Overran(RunFailed):
    """The prediction fails while its run goes on: the run has to be stopped, by force if need be."""
