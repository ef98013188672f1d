"""How good the moderation model is: python measure.py MINILM_FOLDER HEAD.safetensors [trial|final]"""

import sys
import time
from pathlib import Path

import numpy as np

from sentences import CATEGORIES, held_out
from vectors import MODELS  # noqa: F401 - makes the model's own code importable

from judge import Judge  # noqa: E402


def main(minilm, head, name="trial", threshold=0.5):
    judge = Judge(Path(minilm), Path(head))
    sentences = held_out(name)
    began = time.perf_counter()
    scores = np.array([[judge.scores(each.text)[label] for label in CATEGORIES] for each in sentences])
    seconds = time.perf_counter() - began
    harmless = [not each.labels for each in sentences]
    for column, label in enumerate(CATEGORIES):
        flagged = scores[:, column] >= threshold
        meant = np.array([label in each.labels for each in sentences])
        right = (flagged & meant).sum()
        alarms = (flagged & harmless).sum()
        print(
            f"{label:10} recall {right}/{meant.sum()} = {right / meant.sum():.2f}"
            f"  precision {right / max(1, flagged.sum()):.2f}  false alarms {alarms}/{sum(harmless)}"
        )
    any_flagged = (scores >= threshold).any(axis=1)
    caught = any_flagged[~np.array(harmless)]
    print(f"flagged as anything: {caught.sum()}/{len(caught)} harmful")
    for section, what in ((1, "ordinary"), (2, "that only sound like harm")):
        alarms = [flagged for each, flagged in zip(sentences, any_flagged) if each.section == section]
        print(f"false alarms: {sum(alarms)}/{len(alarms)} {what}")
    print(f"{1000 * seconds / len(sentences):.1f} ms a text")
    if name == "trial":
        for each, row, flagged in zip(sentences, scores, any_flagged):
            if flagged != bool(each.labels):
                print(f"  {'missed' if each.labels else 'false alarm'}: {each.text} {np.round(row, 2)}")


if __name__ == "__main__":
    main(*sys.argv[1:])
