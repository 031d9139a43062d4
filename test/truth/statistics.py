"""Writes statistics.json: attention weights and their statistics in float64, written as the definitions read, row by row.

    pip install numpy && python test/truth/statistics.py

Weights are (batch, heads, T, T), causal. A statistic has one entry a head, averaged over the batch; one that is not
defined (no row i >= 1, a map without variance) is null."""

import sys

# random.py beside this file must not stand in for Python's own module.
sys.path.append(sys.path.pop(0))

import json
import math
from pathlib import Path

import numpy as np

HERE = Path(__file__).parent


def entropy(p):
    """Nats; 0 ln 0 = 0."""
    p = p[p > 0]
    return float(-(p * np.log(p)).sum()) + 0.0


def map_statistics(a):
    """Of one head's (T, T) weights: the mean over rows i >= 1."""
    rows = range(1, len(a))
    seen = [a[i, : i + 1] for i in rows]
    return {
        "entropy": np.mean([entropy(p) for p in seen]),
        "normalized_entropy": np.mean([entropy(p) / math.log(len(p)) for p in seen]),
        "max_weight": np.mean([p.max() for p in seen]),
        "distance": sum(p @ (i - np.arange(i + 1)) for i, p in zip(rows, seen)) / sum(p.sum() for p in seen),
        "previous_token": np.mean([a[i, i - 1] for i in rows]),
        "first_token": np.mean([a[i, 0] for i in rows]),
        "diagonal": np.mean([a[i, i] for i in rows]),
        "kl_from_uniform": np.mean([math.log(len(p)) - entropy(p) for p in seen]),
    }


STATISTICS = ["entropy", "normalized_entropy", "max_weight", "distance", "previous_token", "first_token", "diagonal",
              "kl_from_uniform"]


def uniform(T):
    return np.tril(np.ones((T, T))) / np.arange(1, T + 1)[:, None]


def correlation(x, y):
    """Pearson's, null where either has no variance. float32 weights are within 6e-8 of what they stand for, so a map
    that is within 1e-6 of constant (of uniform, once centred) has none: a correlation of rounding errors says nothing."""
    x, y = x - x.mean(), y - y.mean()
    if min(np.abs(x).max(), np.abs(y).max()) < 1e-6:
        return None
    return float(x @ y / (np.linalg.norm(x) * np.linalg.norm(y)))


def pearson(a, b):
    """Of the full maps, masked zeros and row 0 included."""
    return correlation(a.ravel(), b.ravel())


def row_centered_pearson(a, b):
    """Of A_ij - 1 / (i + 1), rows i >= 1, keys j <= i."""
    at = np.tril_indices(len(a))
    at = tuple(axis[1:] for axis in at)  # without row 0
    centre = uniform(len(a))
    return correlation((a - centre)[at], (b - centre)[at]) if len(a) > 1 else None


def js_divergence(a, b):
    """Base 2, the mean over rows i >= 1: entropy of the mixture less the mean entropy."""
    if len(a) == 1:
        return None
    rows = [(a[i, : i + 1], b[i, : i + 1]) for i in range(1, len(a))]
    return float(np.mean([(entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2) / math.log(2) for p, q in rows]))


def effective_rank(queries, keys):
    """exp of the entropy of the normalized singular values of the unmasked QK^T; null for a zero matrix."""
    singular = np.linalg.svd(queries @ keys.T, compute_uv=False)
    singular = singular[singular > singular.max() * 1e-12]
    return math.exp(entropy(singular / singular.sum())) if len(singular) else None


def pairwise(measure, weights):
    return [[[measure(a, b) for b in item] for a in item] for item in weights]


def of_weights(weights):
    B, H, T, _ = weights.shape
    if T == 1:
        means = {name: None for name in STATISTICS}
        level = dict(means)
    else:
        parts = [[map_statistics(head) for head in item] for item in weights]
        means = {name: [float(np.mean([parts[b][h][name] for b in range(B)])) for h in range(H)] for name in STATISTICS}
        level = {name: float(value) for name, value in map_statistics(uniform(T)).items()}
    similarity = {m.__name__: pairwise(m, weights) for m in (pearson, row_centered_pearson, js_divergence)}
    return {"statistics": means, "uniform": level, "similarity": similarity if H > 1 else None}


def of_context(context):
    """context (batch, T, d). std: population; norm_mean: a position's vector; range: of a batch item, averaged."""
    return {
        "min": float(context.min()), "max": float(context.max()), "mean": float(context.mean()),
        "std": float(context.std()), "norm_mean": float(np.linalg.norm(context, axis=-1).mean()),
        "range": float(np.mean([item.max() - item.min() for item in context])),
    }


def relative_l2(c4, c2):
    """Of a batch item: Frobenius norm of c4 - c2 over that of c2; averaged over items."""
    return float(np.mean([np.linalg.norm(a - b) / np.linalg.norm(b) for a, b in zip(c4, c2)]))


def float32(array):
    return array.astype(np.float32).astype(np.float64)


def softmax_map(scores):
    masked = np.where(np.tril(np.ones(scores.shape[-2:], bool)), scores, -np.inf)
    e = np.exp(masked - masked.max(-1, keepdims=True))
    return float32(e / e.sum(-1, keepdims=True))


def one_hot(T, column):
    a = np.zeros((T, T))
    for i in range(T):
        a[i, column(i)] = 1
    return a


def weight_cases():
    rng = np.random.Generator(np.random.PCG64(7))
    normal = rng.standard_normal
    return {
        "T 1": np.ones((2, 2, 1, 1)),
        "T 2, random": softmax_map(normal((3, 2, 2, 2))),
        "T 2, one head": softmax_map(normal((1, 1, 2, 2))),
        "uniform": float32(np.broadcast_to(uniform(6), (2, 2, 6, 6))),
        "uniform beside random": np.stack([float32(uniform(5)), softmax_map(normal((5, 5)))])[None],
        "one-hot: first, diagonal, previous": np.stack(
            [one_hot(7, lambda i: 0), one_hot(7, lambda i: i), one_hot(7, lambda i: max(i - 1, 0))])[None],
        "random, study size": softmax_map(0.3 * normal((5, 2, 8, 8))),
        "random, four heads": softmax_map(normal((2, 4, 6, 6))),
        "peaked": softmax_map(40 * normal((2, 2, 9, 9))),
        "longer": softmax_map(2 * normal((1, 2, 33, 33))),
    }


def main():
    rng = np.random.Generator(np.random.PCG64(11))
    draw = lambda *shape: float32(rng.standard_normal(shape))  # noqa: E731
    ranks = []
    for name, T, d in [("head_dim 1", 6, 1), ("head_dim 2", 6, 2), ("head_dim 8", 8, 8), ("head_dim over T", 3, 5), ("T 1", 1, 4)]:
        queries, keys = draw(T, d), draw(T, d)
        ranks.append({"name": name, "queries": queries, "keys": keys, "effective_rank": effective_rank(queries, keys)})
    zero = np.zeros((4, 2))
    ranks.append({"name": "zero queries", "queries": zero, "keys": draw(4, 2), "effective_rank": effective_rank(zero, draw(4, 2))})
    contexts = [{"name": name, "context": c, "summary": of_context(c)} for name, c in
                [("random", draw(3, 4, 5)), ("one number", draw(1, 1, 1)), ("constant", np.full((2, 3, 2), 0.5))]]
    c4, c2 = draw(3, 4, 2), draw(3, 4, 2)
    out = {
        "weights": [{"name": name, "weights": w, **of_weights(w)} for name, w in weight_cases().items()],
        "effective_rank": ranks, "context": contexts,
        "relative_l2": {"of": c4, "baseline": c2, "value": relative_l2(c4, c2)},
    }
    text = json.dumps(out, separators=(",", ":"), allow_nan=False, default=lambda array: array.tolist())
    (HERE / "statistics.json").write_text(text.replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
