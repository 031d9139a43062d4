"""Writes experiments.json: what the two experiments must come near, worked out without the service.

    pip install torch==2.9.1 numpy && python test/truth/experiments.py

`simulations`: NumPy in float64 with NumPy's own generator, 4,000 seeds; means and standard errors of what each seed
gives, batch items and heads averaged within the seed. The service draws other numbers, so it agrees within the errors.
`rows`: PyTorch with the service's draws, seed by seed, so the service agrees within float32. The stream of a parameter
is torch.manual_seed(16 * seed + its place in STREAMS); with the pairing "notebook" the class's constructor draws."""

import sys

# random.py beside this file must not stand in for Python's own module: the standard library first, this folder last.
sys.path.append(sys.path.pop(0))

import json
from pathlib import Path

import numpy as np
import torch

from source_classes import CausalSelfAttention, MultiHeadAttention

HERE = Path(__file__).parent
SEEDS = 4_000
STREAMS = ["input", "W_query.weight", "W_key.weight", "W_value.weight", "W_query.bias", "W_key.bias", "W_value.bias",
           "out_proj.weight", "out_proj.bias"]
ARMS = {"none": "", "q": "q", "k": "k", "v": "v", "qkv": "qkv"}


def causal_softmax(scores):
    seq_len = scores.shape[-1]
    scores = np.where(np.tril(np.ones((seq_len, seq_len), bool)), scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    return weights / weights.sum(-1, keepdims=True)


def map_statistics(weights):
    """(..., T, T) -> each statistic, (...). Rows i >= 1."""
    seq_len = weights.shape[-1]
    i, j = np.indices((seq_len, seq_len))
    rows = np.arange(1, seq_len)
    entropy = -(weights * np.log(np.where(weights > 0, weights, 1))).sum(-1)[..., 1:]
    return {
        "entropy": entropy.mean(-1),
        "normalized_entropy": (entropy / np.log(rows + 1)).mean(-1),
        "max_weight": weights.max(-1)[..., 1:].mean(-1),
        "distance": (weights * (i - j))[..., 1:, :].sum((-1, -2)) / weights[..., 1:, :].sum((-1, -2)),
        "previous_token": weights[..., rows, rows - 1].mean(-1),
        "first_token": weights[..., rows, 0].mean(-1),
        "diagonal": weights[..., rows, rows].mean(-1),
        "kl_from_uniform": (np.log(rows + 1) - entropy).mean(-1),
    }


def bias_seed(x, w, b):
    """x (B, T, d_in); w, b: (d_out, d_in) and (d_out) by "q", "k", "v". One row an arm."""
    rows = {}
    for arm, biases in ARMS.items():
        q, k, v = (x @ w[name].T + (b[name] if name in biases else 0) for name in "qkv")
        scale = 1 / np.sqrt(q.shape[-1])
        scores = q @ k.swapaxes(-1, -2) * scale
        weights = causal_softmax(scores)
        context = weights @ v
        preference = np.broadcast_to((k @ b["q"] * scale)[:, None, :], scores.shape) if "q" in biases else scores * 0
        rows[arm] = {name: value.mean() for name, value in map_statistics(weights).items()} | {
            "context_range": (context.max((1, 2)) - context.min((1, 2))).mean(),
            "key_preference_share": within_rows(preference) / max(within_rows(preference) + within_rows(scores - preference), 1e-300),
        }
    return rows


def within_rows(scores):
    """Sum over rows i >= 1 of the squared deviations of a row's visible scores from their mean."""
    return sum(((row := scores[:, i, : i + 1]) - row.mean(-1, keepdims=True)).__pow__(2).sum() for i in range(1, scores.shape[-1]))


def pair_measures(a, b):
    """Two maps (T, T) -> pearson of everything, row-centred pearson, Jensen-Shannon divergence in bits."""
    seq_len = len(a)
    below = np.tril(np.ones((seq_len, seq_len), bool))
    below[0] = False
    uniform = 1 / (np.arange(seq_len) + 1)[:, None]
    u, v = (a - uniform)[below], (b - uniform)[below]
    m = (a + b) / 2
    with np.errstate(all="ignore"):
        divergence = np.where(a > 0, a * np.log2(a / m), 0) / 2 + np.where(b > 0, b * np.log2(b / m), 0) / 2
    return np.corrcoef(a.ravel(), b.ravel())[0, 1], (u * v).sum() / np.sqrt((u**2).sum() * (v**2).sum()), divergence.sum() / (seq_len - 1)


def multi_head(x, w, num_heads, query_scale=1):
    """x (B, T, d_in); w by PyTorch's names -> weights (B, H, T, T), context (B, T, d_out), q and k (B, H, T, head_dim)."""
    batch, seq_len, _ = x.shape
    split = lambda y: y.reshape(batch, seq_len, num_heads, -1).swapaxes(1, 2)
    q, k, v = (split(x @ w[f"W_{name}.weight"].T) for name in ("query", "key", "value"))
    weights = causal_softmax(query_scale * q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]))
    mixed = (weights @ v).swapaxes(1, 2).reshape(batch, seq_len, -1)
    return weights, mixed @ w["out_proj.weight"].T + w["out_proj.bias"], q, k


def effective_rank(q, k):
    values = np.linalg.svd(q @ k.swapaxes(-1, -2), compute_uv=False)
    share = values / values.sum(-1, keepdims=True)
    return np.exp(-(share * np.log(np.where(share > 0, share, 1))).sum(-1))


def relative(a, b):
    """Frobenius norm of a - b over that of b for each item, averaged."""
    return (np.linalg.norm((a - b).reshape(len(a), -1), axis=1) / np.linalg.norm(b.reshape(len(b), -1), axis=1)).mean()


def heads_seed(x, arms):
    """arms: (name, num_heads, parameters), the first one first. One row an arm."""
    rows, first = {}, None
    for name, num_heads, w in arms:
        weights, context, q, k = multi_head(x, w, num_heads)
        uniform = multi_head(x, w, num_heads, query_scale=0)[1]
        first = context if first is None else first
        pairs = [pair_measures(item[a], item[b]) for item in weights for b in range(num_heads) for a in range(b)]
        rows[name] = {key: value.mean() for key, value in map_statistics(weights).items()}
        rows[name] |= dict(zip(("pearson", "row_centered_pearson", "js_divergence"), np.mean(pairs, axis=0) if pairs else (None,) * 3))
        rows[name] |= {
            "effective_rank": effective_rank(q, k).mean(),
            "context_difference": relative(context, first) if context.shape == first.shape else None,
            "context_from_uniform": relative(uniform, context),
        }
    return rows


def heads_arms(num_heads, d_out):
    """(name, heads, width): d_out fixed, then head_dim fixed."""
    head_dim = d_out // num_heads[0]
    return [(f"heads-{h}", h, d_out) for h in num_heads] + [(f"heads-{h}-head-dim-{head_dim}", h, h * head_dim) for h in num_heads[1:]]


def summary(rows, baseline):
    """Mean and standard error of every arm's statistics and of their differences from the baseline."""
    def estimate(values):
        values = np.array(values, dtype=float)
        return [float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))]

    arms = list(rows[0])
    known = lambda arm, name: rows[0][arm][name] is not None
    return {
        "arms": {arm: {name: estimate([row[arm][name] for row in rows]) for name in rows[0][arm] if known(arm, name)} for arm in arms},
        "differences": {
            arm: {name: estimate([row[arm][name] - row[baseline][name] for row in rows]) for name in rows[0][arm] if known(arm, name) and known(baseline, name)}
            for arm in arms if arm != baseline
        },
    }


def simulate_bias(rng, d_in, d_out, batch, seq_len):
    rows = []
    for _ in range(SEEDS):
        bound = d_in**-0.5
        draw = lambda *shape: rng.uniform(-bound, bound, shape)
        x = rng.standard_normal((batch, seq_len, d_in))
        rows.append(bias_seed(x, {name: draw(d_out, d_in) for name in "qkv"}, {name: draw(d_out) for name in "qkv"}))
    return summary(rows, "none")


def simulate_heads(rng, d_in, d_out, num_heads, batch, seq_len):
    arms = heads_arms(num_heads, d_out)
    widest = max(width for _, _, width in arms)
    rows = []
    for _ in range(SEEDS):
        x = rng.standard_normal((batch, seq_len, d_in))
        draw = lambda fan_in, *shape: rng.uniform(-(fan_in**-0.5), fan_in**-0.5, shape)
        shared = {f"W_{name}.weight": draw(d_in, widest, d_in) for name in ("query", "key", "value")}
        out = {width: {"out_proj.weight": draw(width, width, width), "out_proj.bias": draw(width, width)} for _, _, width in arms}
        rows.append(heads_seed(x, [(name, heads, {key: w[:width] for key, w in shared.items()} | out[width]) for name, heads, width in arms]))
    return summary(rows, f"heads-{num_heads[0]}")


def stream(seed, name, *shape, fan_in=None):
    torch.manual_seed(16 * seed + STREAMS.index(name))
    if fan_in is None:
        return torch.randn(*shape).double().numpy()
    return torch.empty(*shape).uniform_(-(fan_in**-0.5), fan_in**-0.5).double().numpy()


def in_float64(model):
    return {name: value.detach().double().numpy() for name, value in model.named_parameters()}


def drawn_bias(seed, pairing, d_in, d_out, batch, seq_len):
    if pairing == "parameters":
        x = stream(seed, "input", batch, seq_len, d_in)
        w = {name[0]: stream(seed, f"W_{name}.weight", d_out, d_in, fan_in=d_in) for name in ("query", "key", "value")}
        return bias_seed(x, w, {name[0]: stream(seed, f"W_{name}.bias", d_out, fan_in=d_in) for name in ("query", "key", "value")})
    torch.manual_seed(seed)
    x = torch.randn(batch, seq_len, d_in).double().numpy()
    rows = {}
    for arm in ("none", "qkv"):
        torch.manual_seed(seed)
        p = in_float64(CausalSelfAttention(d_in, d_out, seq_len, 0.1, qkv_bias=arm == "qkv"))
        w = {name[0]: p[f"W_{name}.weight"] for name in ("query", "key", "value")}
        b = {name[0]: p.get(f"W_{name}.bias", np.zeros(d_out)) for name in ("query", "key", "value")}
        rows[arm] = bias_seed(x, w, b)[arm]
    return rows


def drawn_heads(seed, pairing, d_in, d_out, num_heads, batch, seq_len):
    arms = heads_arms(num_heads, d_out)
    if pairing == "parameters":
        x = stream(seed, "input", batch, seq_len, d_in)
    else:
        torch.manual_seed(seed)
        torch.empty(960).uniform_()
        x = torch.randn(batch, seq_len, d_in).double().numpy()
    drawn = []
    for name, heads, width in arms:
        if pairing == "parameters":
            w = {f"W_{part}.weight": stream(seed, f"W_{part}.weight", width, d_in, fan_in=d_in) for part in ("query", "key", "value")}
            w |= {"out_proj.weight": stream(seed, "out_proj.weight", width, width, fan_in=width), "out_proj.bias": stream(seed, "out_proj.bias", width, fan_in=width)}
        else:
            torch.manual_seed(seed)
            w = in_float64(MultiHeadAttention(d_in, width, seq_len, 0.1, heads))
        drawn.append((name, heads, w))
    return heads_seed(x, drawn)


def main():
    rng = np.random.default_rng(2024)
    bias = [dict(d_in=20, d_out=16, batch=5, seq_len=8), dict(d_in=6, d_out=3, batch=2, seq_len=5)]
    heads = [dict(d_in=4, d_out=4, num_heads=[2, 4], batch=5, seq_len=6), dict(d_in=5, d_out=12, num_heads=[3, 2, 6], batch=2, seq_len=5)]
    written = {
        "torch": torch.__version__.split("+")[0],
        "seeds": SEEDS,
        "simulations": [{"experiment": "bias", "config": c, **simulate_bias(rng, **c)} for c in bias]
        + [{"experiment": "heads", "config": c, **simulate_heads(rng, **c)} for c in heads],
        "rows": [
            {"experiment": name, "pairing": pairing, "config": c, "seed": seed, "arms": draw(seed, pairing, **c)}
            for name, configs, draw in (("bias", bias, drawn_bias), ("heads", heads, drawn_heads))
            for c in configs for pairing in ("parameters", "notebook") for seed in (0, 42, 100_000_007)
        ],
    }
    text = json.dumps(written, default=float, separators=(",", ":"), allow_nan=False)
    (HERE / "experiments.json").write_text(json.dumps(rounded(json.loads(text)), separators=(",", ":")).replace('{"experiment"', '\n{"experiment"') + "\n")


def rounded(value):
    """Nine digits are enough to compare float32 with, and keep the file small."""
    if isinstance(value, dict):
        return {key: rounded(part) for key, part in value.items()}
    if isinstance(value, list):
        return [rounded(part) for part in value]
    return float(f"{value:.9g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main()
