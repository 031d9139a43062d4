"""Writes any-attention.json: requests to POST /attention/scaled-dot-product and /attention/torch-multihead, and PyTorch's answers.

    pip install torch==2.9.1 transformers numpy && python test/truth/any_attention.py

Masks, groups, scale and dropout are torch.nn.functional.scaled_dot_product_attention's; soft cap, ALiBi and windows
flex_attention's; sinks and rotary positions those of transformers' models. All of it on the CPU, in float32."""

import sys

# random.py beside this file must not stand in for Python's own module: the standard library first, this folder last.
sys.path.append(sys.path.pop(0))

import base64
import json
import math
import random
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.attention.flex_attention import create_block_mask, flex_attention
from transformers.models.gpt_oss.modeling_gpt_oss import eager_attention_forward as attention_with_sinks
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding, apply_rotary_pos_emb
from transformers import LlamaConfig

rng = random.Random(20261125)
SDPA, FLEX, SINKS, ROTARY, DTYPES, DROPOUT, MULTIHEAD = 120, 60, 20, 30, 20, 10, 50


def randn(shape, seed):
    torch.manual_seed(seed)
    return torch.randn(*shape)


def base(x):
    x = x.detach().contiguous()
    if x.dtype == torch.bool:
        return {"shape": list(x.shape), "base64": base64.b64encode(x.numpy().astype(np.uint8).tobytes()).decode()}
    raw = x.view(torch.int16).numpy() if x.dtype == torch.bfloat16 else x.numpy()
    name = str(x.dtype).removeprefix("torch.")
    return {"shape": list(x.shape), "base64": base64.b64encode(raw.tobytes()).decode(), **({} if name == "float32" else {"dtype": name})}


class Shapes:
    """Sizes of one case, and its queries, keys and values as a request and as tensors."""

    def __init__(self, square=False, grouped=None, even=False):
        self.batch, groups = rng.choice([1, 1, 2, 3]), rng.choice([1, 2, 3])
        repeat = rng.choice([1, 1, 2, 3]) if grouped is None else (rng.choice([2, 3]) if grouped else 1)
        self.heads, self.groups = groups * repeat, groups
        self.queries = rng.randint(1, 14)
        self.keys = self.queries if square else rng.randint(1, 17)
        self.dim = 2 * rng.randint(1, 6) if even else rng.randint(1, 12)
        self.value_dim = rng.choice([self.dim, rng.randint(1, 9)])
        self.seed = rng.randint(0, 2**31)
        self.body, self.tensors = {}, []
        for i, (name, heads, length, dim) in enumerate(
            [("queries", self.heads, self.queries, self.dim), ("keys", groups, self.keys, self.dim), ("values", groups, self.keys, self.value_dim)]
        ):
            shape = [self.batch, heads, length, dim]
            self.body[name] = {"randn": shape, "seed": self.seed + i}
            self.tensors.append(randn(shape, self.seed + i))

    @property
    def map(self):
        return [self.batch, self.heads, self.queries, self.keys]

    def broadcast(self):
        """A shape that broadcasts to the maps', of one to four dimensions."""
        shape = [length if rng.random() < 0.6 else 1 for length in self.map]
        return shape[rng.randint(0, 3):]

    def repeated(self):
        return [x.repeat_interleave(self.heads // self.groups, 1) for x in self.tensors[1:]]


def weights_of(run, shapes):
    """The weights, as the context of values that are the identity."""
    eye = torch.eye(shapes.keys).expand(shapes.batch, shapes.groups, shapes.keys, shapes.keys).contiguous()
    return run(eye)


def sdpa_case(i):
    shapes = Shapes()
    q, k, v = shapes.tensors
    body, settings = dict(shapes.body), {}
    rule = ["none", "causal", "allowed", "bias", "lower_right", "lengths", "offset"][i % 7]
    mask = None
    if rng.random() < 0.4:
        settings["scale"] = body["scale"] = rng.choice([0.05, 1.0, 0.5, 2.0])
    rows, columns = torch.arange(shapes.queries)[:, None], torch.arange(shapes.keys)[None, :]
    if rule == "causal":
        settings["is_causal"] = True
        body["mask"] = {"causal": True, "alignment": "upper_left"}
    elif rule == "allowed":
        mask = torch.rand(shapes.broadcast()) < rng.choice([0.3, 0.7])
        body["mask"] = {"allowed": base(mask) if rng.random() < 0.5 else mask.tolist()}
    elif rule == "bias":
        mask = torch.randn(shapes.broadcast())
        if rng.random() < 0.5:
            mask = mask.masked_fill(torch.rand(mask.shape) < 0.3, -math.inf)
        body["bias"] = base(mask)
    elif rule in ("lower_right", "offset"):
        offset = shapes.keys - shapes.queries if rule == "lower_right" else rng.randint(-3, 6)
        mask = columns <= rows + offset
        body["mask"] = {"causal": True, "alignment": "lower_right" if rule == "lower_right" else offset}
    elif rule == "lengths":
        lengths = [rng.randint(0 if rng.random() < 0.2 else 1, shapes.keys) for _ in range(shapes.batch)]
        mask = (columns < torch.tensor(lengths)[:, None])[:, None, None, :].expand(*shapes.map)
        body["mask"] = {"key_lengths": lengths}
        if rng.random() < 0.5:
            offsets = torch.tensor(lengths) - shapes.queries
            mask = mask & (columns[None] <= (rows[None] + offsets[:, None, None]))[:, None]
            body["mask"] |= {"causal": True, "alignment": "lower_right"}
    run = lambda values: F.scaled_dot_product_attention(q, k, values, attn_mask=mask, enable_gqa=True, **settings)
    if mask is not None and mask.ndim < 2:
        mask = mask.expand(shapes.queries, shapes.keys)
    return f"sdpa {rule}", "/attention/scaled-dot-product", body, {"context": run(v), "weights": weights_of(run, shapes)}


def flex_case(i):
    """Soft cap, ALiBi and windows, two of them at a time."""
    shapes = Shapes(square=rng.random() < 0.5)
    q, k, v = shapes.tensors
    body = dict(shapes.body)
    rules = [("softcap",), ("alibi",), ("window",), ("softcap", "window"), ("alibi", "softcap"), ("alibi", "window")][i % 6]
    offset = rng.choice([0, shapes.keys - shapes.queries, rng.randint(0, 4)])
    cap = slopes = window = None
    if "softcap" in rules:
        cap = body["softcap"] = rng.choice([0.5, 2.0, 30.0])
    if "alibi" in rules:
        slopes = [round(rng.random(), 3) for _ in range(shapes.heads)]
        body["alibi_slopes"] = slopes
    mask = {"causal": rng.random() < 0.6, "alignment": offset}
    if "window" in rules:
        window = mask["window"] = [rng.choice([None, 0, 1, 3]), rng.choice([None, 0, 2])]
    body["mask"] = mask
    slope = torch.tensor(slopes or [0.0] * shapes.heads)

    def score_mod(score, b, h, i, j):
        if cap is not None:
            score = cap * torch.tanh(score / cap)
        return score - slope[h] * (i + offset - j)

    def mask_mod(b, h, i, j):
        seen = j == j
        if mask["causal"]:
            seen = seen & (j <= i + offset)
        left, right = window or (None, None)
        if left is not None:
            seen = seen & (j >= i + offset - left)
        if right is not None:
            seen = seen & (j <= i + offset + right)
        return seen

    blocks = create_block_mask(mask_mod, None, None, shapes.queries, shapes.keys, device="cpu")
    run = lambda values: flex_attention(q, k, values, score_mod=score_mod, block_mask=blocks, enable_gqa=True)
    return f"flex {' '.join(rules)}", "/attention/scaled-dot-product", body, {"context": run(v), "weights": weights_of(run, shapes)}


def sinks_case(i):
    shapes = Shapes()
    q, _, _ = shapes.tensors
    k, v = shapes.repeated()
    sinks = [round(rng.uniform(-3, 3), 3) for _ in range(shapes.heads)]
    scale = 1 / math.sqrt(shapes.dim)
    columns, rows = torch.arange(shapes.keys), torch.arange(shapes.queries)[:, None]
    offset = shapes.keys - shapes.queries
    body = {**shapes.body, "sinks": sinks}
    mask = torch.zeros(1, 1, shapes.queries, shapes.keys)
    if i % 2 and offset >= 0:
        mask = mask.masked_fill(columns > rows + offset, -math.inf)
        body["mask"] = {"causal": True, "alignment": "lower_right"}
    module = SimpleNamespace(num_key_value_groups=1, sinks=torch.tensor(sinks), training=False)
    context, weights = attention_with_sinks(module, q, k, v, mask, scale)
    return "sinks", "/attention/scaled-dot-product", body, {"context": context.transpose(1, 2), "weights": weights}


def rotary_case(i):
    shapes = Shapes(square=True, even=True)
    q, k, v = shapes.tensors
    theta = rng.choice([100.0, 10000.0, 500000.0])
    dim = shapes.dim if i % 3 else 2 * rng.randint(1, shapes.dim // 2)
    offset = rng.choice([0, 0, 5, 100])
    scalings = [
        None,
        {"rope_type": "linear", "factor": 4.0},
        {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 64},
        {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32},
    ]
    scaling = scalings[i % len(scalings)]
    parameters = {"rope_type": "default", "rope_theta": theta, **(scaling or {})}
    config = LlamaConfig(hidden_size=dim, num_attention_heads=1, head_dim=dim, max_position_embeddings=128, rope_parameters=parameters)
    positions = torch.arange(shapes.queries)[None] + offset
    embedding = LlamaRotaryEmbedding(config)
    cos, sin = embedding(q[:, :1, :, :dim], positions)
    turned = apply_rotary_pos_emb(q[..., :dim], k[..., :dim], cos, sin)
    q, k = (torch.cat([turn, x[..., dim:]], -1) for turn, x in zip(turned, (q, k)))
    rotary = {"theta": theta, "dim": dim, "interleaved": False, "offset": offset}
    if scaling is not None:
        rotary["scaling"] = scaling
    body = {**shapes.body, "rotary": rotary, "mask": {"causal": True}}
    run = lambda values: F.scaled_dot_product_attention(q, k, values, is_causal=True, enable_gqa=True)
    name = "rotary" if scaling is None else f"rotary {scaling['rope_type']}"
    return name, "/attention/scaled-dot-product", body, {"context": run(v), "weights": weights_of(run, shapes), "queries": q, "keys": k}


def dtype_case(i):
    shapes = Shapes()
    dtype = [torch.float16, torch.bfloat16, torch.float64][i % 3]
    sent = [x.to(dtype) for x in shapes.tensors]
    q, k, v = (x.to(torch.float64 if dtype == torch.float64 else torch.float32) for x in sent)
    body = {name: base(x) for name, x in zip(("queries", "keys", "values"), sent)}
    run = lambda values: F.scaled_dot_product_attention(q, k, values.to(q.dtype), enable_gqa=True)
    return f"dtype {body['queries']['dtype']}", "/attention/scaled-dot-product", body, {"context": run(v), "weights": weights_of(run, shapes)}


def dropout_case(i):
    shapes = Shapes(grouped=False)
    q, k, v = shapes.tensors
    p, seed = rng.choice([0.1, 0.5, 0.25]), rng.randint(0, 1000)
    torch.manual_seed(seed)
    context = F.scaled_dot_product_attention(q, k, v, dropout_p=p)
    weights = weights_of(lambda values: F.scaled_dot_product_attention(q, k, values), shapes)
    body = {**shapes.body, "dropout": {"p": p, "seed": seed}}
    return "dropout", "/attention/scaled-dot-product", body, {"context": context, "weights": weights}


def multihead_case(i):
    """torch.nn.MultiheadAttention, seeded, or by a state dict with biases that are not zero."""
    heads = rng.choice([1, 2, 3])
    embed = heads * rng.randint(1, 5)
    bias = rng.random() < 0.7
    cross = i % 3 == 1
    widths = i % 5 == 2
    kdim, vdim = (rng.randint(1, 8), rng.randint(1, 8)) if widths else (embed, embed)
    batch, queries = rng.choice([1, 2]), rng.randint(1, 9)
    keys = rng.randint(1, 10) if cross else queries
    seed = rng.randint(0, 2**31)
    torch.manual_seed(seed)
    module = torch.nn.MultiheadAttention(embed, heads, bias=bias, batch_first=True, **({"kdim": kdim, "vdim": vdim} if widths else {})).eval()
    model = {"embed_dim": embed, "num_heads": heads, "bias": bias}
    if widths:
        model |= {"kdim": kdim, "vdim": vdim}
    if i % 2:
        model["seed"] = seed
    else:
        with torch.no_grad():
            for name, parameter in module.named_parameters():
                if "bias" in name:
                    parameter.copy_(torch.randn(parameter.shape))
        model["parameters"] = {name: base(x) for name, x in module.state_dict().items()}
    shapes = {"query": [batch, queries, embed], "key": [batch, keys, kdim], "value": [batch, keys, vdim]}
    body = {"model": model}
    if not cross and not widths:
        body["input"] = {"randn": shapes["query"], "seed": seed % 1000}
        q = k = v = randn(shapes["query"], seed % 1000)
    else:
        for j, (name, shape) in enumerate(shapes.items()):
            body[name] = {"randn": shape, "seed": seed % 1000 + j}
        q, k, v = (randn(shape, seed % 1000 + j) for j, shape in enumerate(shapes.values()))
    mask = None
    if i % 4 == 3:
        allowed = torch.rand(queries, keys) < 0.6
        allowed[:, 0] = True
        mask = ~allowed  # PyTorch's boolean attn_mask says what is blocked
        body["mask"] = {"allowed": base(allowed)}
    elif i % 4 == 2:
        mask = torch.ones(queries, keys, dtype=torch.bool).triu(1)
        body["mask"] = {"causal": True, "alignment": "upper_left"}
    context, weights = module(q, k, v, attn_mask=mask, average_attn_weights=False)
    return "multihead", "/attention/torch-multihead", body, {"context": context, "weights": weights}


def main():
    cases = []
    for count, make in ((SDPA, sdpa_case), (FLEX, flex_case), (SINKS, sinks_case), (ROTARY, rotary_case), (DTYPES, dtype_case), (DROPOUT, dropout_case), (MULTIHEAD, multihead_case)):
        for i in range(count):
            name, path, body, expected = make(i)
            # A row that sees no key is zero here; PyTorch says NaN in some of its ways.
            expected = {key: torch.nan_to_num(x, nan=0.0).to(torch.float32) for key, x in expected.items()}
            cases.append({"name": f"{name} {i}", "path": path, "body": body, "expected": {key: base(x) for key, x in expected.items()}})
    path = Path(__file__).parent / "any-attention.json"
    path.write_text("[\n" + ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases) + "\n]\n")
    print(f"{len(cases)} cases, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
