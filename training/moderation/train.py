"""Trains the head of the moderation model: python train.py MINILM_FOLDER VECTORS.npz HEAD.safetensors

Numpy alone, some minutes on one core. The vectors' file is made if it is not there.
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from sentences import CATEGORIES, training
from vectors import vectors

WIDTH = 48
MEMBERS = 4
STEPS = 700
RATE = 3e-3
DECAY = 2e-2
NOISE = 0.02
DROPOUT = 0.3
FOLDS = 5
FALSE_ALARMS = {"hate": 0.005, "self_harm": 0.005, "sexual": 0.003, "violence": 0.006, "jailbreak": 0.004}
"""Share of harmless lines above 0.5, each scored by networks that have not seen it."""
MARGIN = 0.25
"""How much stricter than that, in logits, so that the trial list's few false alarms are below 0.5."""
SLOPE = 0.6
"""The networks are surer than they should be; the logits are drawn together."""


def fit(inputs, targets, weights, seed):
    """One network of two layers, by Adam on all sentences at once, with dropped inner units and noise."""
    chance = np.random.default_rng(seed)
    layers = {
        "inner": chance.normal(0, 1.5 / np.sqrt(inputs.shape[1]), (inputs.shape[1], WIDTH)),
        "inner_bias": np.zeros(WIDTH),
        "outer": chance.normal(0, 1 / np.sqrt(WIDTH), (WIDTH, targets.shape[1])),
        "outer_bias": np.full(targets.shape[1], -2.0),
    }
    layers = {name: each.astype(np.float32) for name, each in layers.items()}
    first = {name: np.zeros_like(each) for name, each in layers.items()}
    second = {name: np.zeros_like(each) for name, each in layers.items()}
    for step in range(1, STEPS + 1):
        seen = inputs + NOISE * chance.standard_normal(inputs.shape, dtype=np.float32)
        kept = (chance.random((len(inputs), WIDTH), dtype=np.float32) > DROPOUT) / np.float32(1 - DROPOUT)
        before = seen @ layers["inner"] + layers["inner_bias"]
        hidden = np.maximum(before, 0) * kept
        chances = 1 / (1 + np.exp(-(hidden @ layers["outer"] + layers["outer_bias"])))
        wrong = (chances - targets) * weights / weights.sum(axis=0)
        back = (wrong @ layers["outer"].T) * kept * (before > 0)
        slopes = {
            "outer": hidden.T @ wrong,
            "outer_bias": wrong.sum(axis=0),
            "inner": seen.T @ back,
            "inner_bias": back.sum(axis=0),
        }
        rate = np.float32(RATE * (1 + np.cos(np.pi * step / STEPS)) / 2)
        for name, slope in slopes.items():
            first[name] = 0.9 * first[name] + 0.1 * slope
            second[name] = 0.999 * second[name] + 0.001 * slope**2
            move = first[name] / (1 - 0.9**step) / (np.sqrt(second[name] / (1 - 0.999**step)) + 1e-8)
            layers[name] -= rate * (move + (DECAY * layers[name] if name in {"inner", "outer"} else 0))
    return layers


def logits(layers, inputs):
    hidden = np.maximum(inputs @ layers["inner"] + layers["inner_bias"], 0)
    return hidden @ layers["outer"] + layers["outer_bias"]


def weights_of(targets, lines):
    """Every line counts alike however many sentences it gave, and harm as much as its absence."""
    counts = np.bincount(lines)
    each = 1 / counts[lines]
    weights = np.repeat(each[:, None], targets.shape[1], axis=1).astype(np.float32)
    for column in range(targets.shape[1]):
        harmful = targets[:, column] > 0
        weights[harmful, column] *= 0.5 * each[~harmful].sum() / each[harmful].sum()
    return weights


def shifts(scored, targets, lines):
    """What to add to each category's logits so that 0.5 is passed by the stated share of the harmless."""
    harmless = targets.sum(axis=1) == 0
    weights = (1 / np.bincount(lines)[lines])[harmless]
    found = []
    for column, allowed in zip(scored[harmless].T, FALSE_ALARMS.values(), strict=True):
        order = np.argsort(-column)
        share = np.cumsum(weights[order]) / weights.sum()
        found.append(-column[order[np.searchsorted(share, allowed)]])
    return np.array(found)


def main(minilm, kept, out):
    sentences = training()
    inputs = vectors([each.text for each in sentences], Path(minilm), Path(kept)).astype(np.float32)
    targets = np.array([[name in each.labels for name in CATEGORIES] for each in sentences], dtype=np.float32)
    lines = np.array([each.line for each in sentences])
    weights = weights_of(targets, lines)
    folds = np.random.default_rng(0).permutation(lines.max() + 1)[lines] % FOLDS
    unseen = np.zeros_like(targets)
    for fold in range(FOLDS):
        rest = folds != fold
        layers = fit(inputs[rest], targets[rest], weights[rest], seed=fold)
        unseen[~rest] = logits(layers, inputs[~rest])
    shift = SLOPE * shifts(unseen, targets, lines) - MARGIN
    for column, name in enumerate(CATEGORIES):
        caught = (unseen[targets[:, column] > 0, column] * SLOPE + shift[column] > 0).mean()
        print(f"{name}: {caught:.0%} of unseen lines' harmful sentences are above 0.5")
        alarming = [i for i in np.argsort(-unseen[:, column]) if not sentences[i].labels][:40:5]
        print("   ", *(f"{unseen[i, column] * SLOPE + shift[column]:.1f} {sentences[i].text}" for i in alarming), sep="\n    ")
    members = [fit(inputs, targets, weights, seed=100 + number) for number in range(MEMBERS)]
    head = {name: np.stack([each[name] for each in members]).astype(np.float16) for name in members[0]}
    head |= {"shift": shift.astype(np.float32), "slope": np.full(1, SLOPE, dtype=np.float32)}
    save_file(head, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
