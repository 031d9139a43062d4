"""The bias experiment in vectorised NumPy: five arms, one seed a unit, all seeds at once in float32, intervals in float64.

    python bias_numpy.py SEEDS     then one line in, one line of JSON out: {"seconds", "report"}

Arms are paired: one set of weights and biases a seed, an arm uses the biases that its name says."""

import json
import sys
import time
from statistics import NormalDist

import numpy as np
from scipy.special import stdtrit

BATCH, T, D_IN, D_OUT = 5, 8, 20, 16
ARMS = {"none": "", "q": "q", "k": "k", "v": "v", "qkv": "qkv"}
POSITION = np.arange(T, dtype=np.float32)
SCALE = np.float32(1 / np.sqrt(D_OUT))
FUTURE = np.triu(np.full((T, T), -np.inf, np.float32), 1)
LOG = np.log(POSITION[1:] + 1)
SEEN = np.tril(np.ones((T, T), np.float32))[1:]  # rows i >= 1
UNIFORM = np.tril(np.ones((T, T), np.float32)) / (POSITION[:, None] + 1)


def draw(seeds):
    """x (seeds, batch * T, d_in), weights (seeds, d_in, d_out) and biases (seeds, 1, 1, d_out) by arm letter. A seed has a
    generator of its own, so that it is the same whichever others are run with it."""
    sizes = [D_IN * D_OUT] * 3 + [D_OUT] * 3
    x = np.empty((seeds, BATCH * T, D_IN), np.float32)
    uniform = np.empty((seeds, sum(sizes)), np.float32)
    for seed in range(seeds):
        rng = np.random.default_rng(seed)
        rng.random(out=uniform[seed], dtype=np.float32)
        rng.standard_normal(out=x[seed], dtype=np.float32)
    uniform = (uniform * 2 - 1) * np.float32(1 / np.sqrt(D_IN))
    parts = np.split(uniform, np.cumsum(sizes)[:-1], axis=1)
    weights = {name: part.reshape(seeds, D_IN, D_OUT) for name, part in zip("qkv", parts[:3])}
    return x, weights, {name: part.reshape(seeds, 1, 1, D_OUT) for name, part in zip("qkv", parts[3:])}


def attend(q, k, v):
    """Each (seeds, batch, T, d_out) -> scores and weights (seeds, batch, T, T), context (seeds, batch, T, d_out)."""
    scores = q @ k.transpose(0, 1, 3, 2)
    scores *= SCALE
    weights = scores + FUTURE
    weights -= weights.max(-1, keepdims=True)
    np.exp(weights, out=weights)
    weights /= weights.sum(-1, keepdims=True)
    return scores, weights, weights @ v


def statistics_of(weights, context):
    """Each statistic (seeds,): rows i >= 1 and batch items averaged within a seed."""
    a = weights[:, :, 1:]
    entropy = -np.sum(a * np.log(np.maximum(a, np.float32(1e-38))), axis=-1)
    each = {
        "entropy": entropy, "normalized_entropy": entropy / LOG, "max_weight": a.max(-1),
        "distance": POSITION[1:] - a @ POSITION, "previous_token": np.diagonal(weights, -1, 2, 3),
        "first_token": a[..., 0], "diagonal": np.diagonal(a, 1, 2, 3), "kl_from_uniform": LOG - entropy,
        "context_range": context.max((2, 3)) - context.min((2, 3)),
    }
    return {name: value.mean(axis=tuple(range(1, value.ndim)), dtype=np.float64) for name, value in each.items()}


def variance_within_rows(scores):
    """Squared deviations from a row's mean over the keys it sees, rows i >= 1, summed over items: (seeds,)."""
    seen = scores * SEEN
    return ((seen * seen).sum(-1) - seen.sum(-1) ** 2 / (POSITION[1:] + 1)).sum((1, 2), dtype=np.float64)


def key_preference_share(scores, query_bias, k):
    """What b_q . k_j makes of the scores: its variance over its own and that of the rest."""
    preference = (k @ query_bias.transpose(0, 1, 3, 2)).transpose(0, 1, 3, 2) * SCALE  # (seeds, batch, 1, T)
    own = variance_within_rows(preference)
    return own / (own + variance_within_rows(scores[:, :, 1:] - preference))


def interval(values, confidence=0.95):
    n, mean, sd = len(values), values.mean(), values.std(ddof=1)
    half = stdtrit(n - 1, 0.5 + confidence / 2) * sd / np.sqrt(n)
    return mean, sd, [mean - half, mean + half]


def seeds_for_power(dz, power=0.8, confidence=0.95):
    if dz == 0:
        return None
    n = 2
    for _ in range(3):  # z first, then t with that many degrees of freedom
        critical = stdtrit(n - 1, 0.5 + confidence / 2) if n > 2 else NormalDist().inv_cdf(0.5 + confidence / 2)
        n = max(2, int(np.ceil(((critical + NormalDist().inv_cdf(power)) / dz) ** 2)))
    return n


def invariants(x, weights, contexts, biases, attended):
    shift = contexts["v"] - contexts["none"] - biases["v"]
    _, zero, _ = attended({name: np.broadcast_to(bias, (len(x), BATCH, T, D_OUT)) for name, bias in biases.items()})
    return {
        "key-bias-leaves-weights": float(np.abs(weights["k"] - weights["none"]).max()),
        "value-bias-shifts-context": float(np.abs(shift).max()),
        "zero-input-is-uniform": float(np.abs(zero - UNIFORM).max()),
        "rows-sum-to-one": max(float(np.abs(w.sum(-1) - 1).max()) for w in weights.values()),
        "no-future-weight": max(float(np.triu(w, 1).max()) for w in weights.values()),
    }


def experiment(seeds):
    x, w, biases = draw(seeds)
    plain = {name: (x @ w[name]).reshape(seeds, BATCH, T, D_OUT) for name in "qkv"}
    weights, contexts, by_arm = {}, {}, {}
    for arm, biased in ARMS.items():
        q, k, v = (plain[name] + biases[name] if name in biased else plain[name] for name in "qkv")
        scores, weights[arm], contexts[arm] = attend(q, k, v)
        by_arm[arm] = statistics_of(weights[arm], contexts[arm])
        by_arm[arm]["key_preference_share"] = key_preference_share(scores, biases["q"], k) if "q" in biased else np.zeros(seeds)
    arms, comparisons = [], []
    for arm, values in by_arm.items():
        described = {}
        for name, value in values.items():
            mean, sd, within = interval(value)
            described[name] = {"mean": mean, "sd": sd, "confidence_interval": within}
            if arm != "none":
                difference = value - by_arm["none"][name]
                mean, sd, within = interval(difference)
                dz = mean / sd if sd > 0 else 0.0
                comparisons.append({
                    "arm": arm, "baseline": "none", "statistic": name, "mean_difference": mean, "confidence_interval": within,
                    "effect_size_dz": dz, "share_positive": float((difference > 0).mean()),
                    "seeds_for_80_percent_power": seeds_for_power(dz),
                })
        arms.append({"name": arm, "statistics": described})
    measured = invariants(x, weights, contexts, biases, lambda qkv: attend(qkv["q"], qkv["k"], qkv["v"]))
    return {"arms": arms, "comparisons": comparisons, "invariants": measured}


def main():
    seeds = int(sys.argv[1])
    for _ in sys.stdin:
        start = time.perf_counter()
        report = experiment(seeds)
        seconds = time.perf_counter() - start
        print(json.dumps({"seconds": seconds, "report": report}), flush=True)


if __name__ == "__main__":
    main()
