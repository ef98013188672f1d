"""What goes on as long as the server does: delivering webhooks, and cleaning up."""

from foretell.loops.courier import Courier
from foretell.loops.janitor import Janitor
from foretell.loops.steps import Step, forever

__all__ = ["Courier", "Janitor", "Step", "forever"]
