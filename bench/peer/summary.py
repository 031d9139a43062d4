"""Summary statistics of weights and contexts, as the service defines them: rows i >= 1, averaged over the batch."""

import math
from functools import lru_cache

import torch

NAMES = ["entropy", "normalized_entropy", "max_weight", "distance", "previous_token", "first_token", "diagonal"]


@lru_cache(maxsize=16)
def positions(T):
    """i, and ln(i + 1) with a 1 for row 0, which is left out."""
    i = torch.arange(T, dtype=torch.float32)
    return i, torch.log(i + 1).clamp_min_(1e-30)


@lru_cache(maxsize=16)
def uniform(T):
    if T == 1:
        return dict.fromkeys(NAMES)
    rows = range(1, T)
    each = sum(1 / (i + 1) for i in rows) / (T - 1)
    entropy = sum(math.log(i + 1) for i in rows) / (T - 1)
    return {"entropy": entropy, "normalized_entropy": 1.0, "max_weight": each, "distance": T / 4,
            "previous_token": each, "first_token": each, "diagonal": each}


def rows_of(weights, start=0):
    """weights (b, heads, rows, keys), the first row being position `start` -> (8, b, heads, rows); the last is the row's sum."""
    _, _, rows, keys = weights.shape
    i, _ = positions(keys)
    sums = weights.sum(-1)
    previous = weights.diagonal(start - 1, 2, 3) if start else torch.nn.functional.pad(weights.diagonal(-1, 2, 3), (1, 0))
    return torch.stack([
        torch.special.entr(weights).sum(-1), weights.amax(-1), i[start:start + rows] * sums - weights @ i,
        previous, weights[..., 0], weights.diagonal(start, 2, 3), sums,
    ])


def of_rows(rows):
    """rows as rows_of gives them, for all positions -> summary.weights."""
    T = rows.shape[-1]
    if T == 1:
        return {name: None for name in NAMES} | {"uniform": uniform(1)}
    _, log = positions(T)
    entropy, most, distance, previous, first, diagonal, sums = rows[..., 1:].double().unbind(0)
    means = torch.stack([entropy, entropy / log[1:], most, previous, first, diagonal]).mean((1, 3)).tolist()
    distance = (distance.sum(-1) / sums.sum(-1)).mean(0).tolist()
    named = dict(zip(["entropy", "normalized_entropy", "max_weight", "previous_token", "first_token", "diagonal"], means))
    return {**named, "distance": distance, "uniform": uniform(T)}


def of_context(context):
    low, high = torch.aminmax(context)
    std, mean = torch.std_mean(context.double(), correction=0)
    norm = torch.linalg.vector_norm(context, dim=-1).mean()
    low, high, mean, std, norm = torch.stack([low, high, mean, std, norm]).tolist()
    return {"min": low, "max": high, "mean": mean, "std": std, "norm_mean": norm}


def checks(rows, context):
    finite = bool(torch.isfinite(rows).all() & torch.isfinite(context).all())
    return {"max_row_sum_error": (rows[-1] - 1).abs().max().item(), "finite": finite}
