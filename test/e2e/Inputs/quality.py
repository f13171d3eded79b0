"""quality.py neumf|dlrm MODEL OUTPUTS [TOLERANCE]: the metrics of a trained model from its outputs, against those of the fp32 outputs
that come with the model and the figures it was published with."""

import os
import sys

import numpy as np

kind, model, outputs = sys.argv[1:4]
tolerance = float(sys.argv[4]) if len(sys.argv) > 4 else 1e-5


def load(folder, name):
    return np.load(os.path.join(folder, name + ".npy"))


def area_under_curve(scores, labels):
    # The Mann-Whitney statistic, ties counted half.
    order = np.argsort(scores, kind="stable")
    values, first, count = np.unique(scores[order], return_index=True, return_counts=True)
    ranks = np.repeat(first + (count + 1) / 2, count)
    positive = labels[order] > 0
    good = positive.sum()
    return (ranks[positive].sum() - good * (good + 1) / 2) / (good * (len(labels) - good))


def hit_and_gain(items, held_out):
    hits = items == held_out[:, None]
    gain = (hits / np.log2(np.arange(2, items.shape[1] + 2))).sum(axis=1)
    return hits.any(axis=1).mean(), gain.mean()


if kind == "neumf":
    held_out = load(model, "held_out_item").ravel()
    ours, reference = (hit_and_gain(items, held_out) for items in (load(outputs, "item"), load(model, "ref_item")))
    rows = [("HR@10", ours[0], reference[0], 0.6448), ("NDCG@10", ours[1], reference[1], 0.3715)]
else:
    labels = load(model, "label").ravel()
    ours, reference = (area_under_curve(scores.ravel(), labels)
                       for scores in (load(outputs, "click"), load(model, "ref_click")))
    rows = [("AUC", ours, reference, 0.77771)]

for name, value, expected, published in rows:
    # The published figures are rounded to their last digit.
    digits = len(str(published)) - 2
    good = abs(value - expected) <= tolerance and abs(value - published) <= 0.5 * 10**-digits + tolerance
    print(f"{name} {'ok' if good else 'differs'}: {value:.6f}, reference outputs {expected:.6f}, published {published}")
