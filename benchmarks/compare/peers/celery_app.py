"""Celery on the Redis of `QUEUE_REDIS`, results in its database 1.

`python celery_app.py COUNT PROMPT` queues that many tasks; Celery's own command works them off.
"""

import os
import sys

from celery import Celery

redis = os.environ["QUEUE_REDIS"]
app = Celery("celery_app", broker=f"{redis}/0", backend=f"{redis}/1")


@app.task(name="echo")
def echo(prompt: str) -> str:
    return prompt


if __name__ == "__main__":
    for _ in range(int(sys.argv[1])):
        echo.delay(sys.argv[2])
