"""Works until it is canceled, and says how that came."""

import time

from cog import BaseRunner, CancelationException


class Runner(BaseRunner):
    def run(self, stubborn: bool = False) -> str:
        print("begun", flush=True)
        if stubborn:
            try:
                work()
            except CancelationException:
                print("not yet", flush=True)
        try:
            work()
        except CancelationException as canceled:
            print("canceled", isinstance(canceled, Exception), flush=True)
            raise
        return "never"


def work() -> None:
    while True:
        time.sleep(0.01)
