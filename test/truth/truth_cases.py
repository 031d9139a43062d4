"""The requests whose answers `attention.py` computes with PyTorch. Each is (name, path, body), a body of the HTTP API."""

import base64

import torch

STAGES = ["weights", "context", "summary", "input", "parameters", "queries", "keys", "values", "scores", "context_heads"]
CAUSAL, WRAPPER, MULTI_HEAD = "/attention/causal", "/attention/multi-head-wrapper", "/attention/multi-head"


def small(name, path, model, input, **rest):
    return (name, path, {"model": model, "input": input, "return": STAGES, **rest})


def drawn(shape, seed, scale=0.5):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed)) * scale


def nested(tensor):
    return tensor.tolist()


def flat(tensor):
    return {"shape": list(tensor.shape), "data": tensor.flatten().tolist()}


def packed(tensor):
    return {"shape": list(tensor.shape), "base64": base64.b64encode(tensor.numpy().astype("<f4").tobytes()).decode()}


def causal_mask(context_length):
    return torch.triu(torch.ones(context_length, context_length), diagonal=1)


def seeded():
    return [
        small("d_in 1", CAUSAL, {"d_in": 1, "d_out": 3, "seed": 11}, {"randn": [2, 4, 1], "seed": 12}),
        small("d_in 1, d_out 1, multi-head", MULTI_HEAD, {"d_in": 1, "d_out": 1, "num_heads": 1, "seed": 13},
              {"randn": [1, 6, 1], "seed": 14}),
        small("one position", MULTI_HEAD, {"d_in": 3, "d_out": 4, "num_heads": 2, "qkv_bias": True, "seed": 15},
              {"randn": [2, 1, 3], "seed": 16}),
        small("one position, causal, smallest of all", CAUSAL, {"d_in": 1, "d_out": 1}, {"randn": [1, 1, 1]}),
        small("wide in, narrow out", CAUSAL, {"d_in": 33, "d_out": 2, "qkv_bias": True, "seed": 17},
              {"randn": [1, 7, 33], "seed": 18}),
        small("narrow in, wide out", MULTI_HEAD, {"d_in": 2, "d_out": 36, "num_heads": 4, "seed": 19},
              {"randn": [2, 5, 2], "seed": 20}),
        small("seed 0", CAUSAL, {"d_in": 4, "d_out": 4, "seed": 0}, {"randn": [2, 5, 4], "seed": 0}),
        small("seed 2^32 - 1", CAUSAL, {"d_in": 4, "d_out": 4, "seed": 2**32 - 1}, {"randn": [2, 5, 4], "seed": 2**32 - 1}),
        small("seed 2^32", MULTI_HEAD, {"d_in": 4, "d_out": 4, "num_heads": 2, "seed": 2**32},
              {"randn": [2, 5, 4], "seed": 2**32}),
        small("seed 2^53 - 1", MULTI_HEAD, {"d_in": 4, "d_out": 4, "num_heads": 2, "seed": 2**53 - 1},
              {"randn": [2, 5, 4], "seed": 2**53 - 1}),
        small("seeds left out", MULTI_HEAD, {"d_in": 4, "d_out": 6, "num_heads": 3}, {"randn": [2, 5, 4]}),
        small("wrapper with out_proj", WRAPPER, {"d_in": 5, "d_out": 3, "num_heads": 4, "seed": 21},
              {"randn": [2, 6, 5], "seed": 22}),
        small("wrapper without out_proj", WRAPPER, {"d_in": 5, "d_out": 3, "num_heads": 4, "out_proj": False, "seed": 21},
              {"randn": [2, 6, 5], "seed": 22}),
        small("wrapper with qkv_bias, without out_proj", WRAPPER,
              {"d_in": 3, "d_out": 2, "num_heads": 2, "qkv_bias": True, "out_proj": False, "seed": 23},
              {"randn": [2, 5, 3], "seed": 24}),
        small("wrapper of one head", WRAPPER, {"d_in": 3, "d_out": 2, "num_heads": 1, "qkv_bias": True, "seed": 25},
              {"randn": [1, 5, 3], "seed": 26}),
        small("multi-head of one head", MULTI_HEAD, {"d_in": 6, "d_out": 5, "num_heads": 1, "seed": 27},
              {"randn": [2, 6, 6], "seed": 28}),
        small("head_dim 1", MULTI_HEAD, {"d_in": 6, "d_out": 5, "num_heads": 5, "qkv_bias": True, "seed": 29},
              {"randn": [1, 6, 6], "seed": 30}),
        small("context_length longer than the sequence", MULTI_HEAD,
              {"d_in": 4, "d_out": 4, "num_heads": 2, "context_length": 64, "seed": 31}, {"randn": [1, 9, 4], "seed": 32}),
        small("15 normals, the last count drawn in pairs", CAUSAL, {"d_in": 3, "d_out": 2, "seed": 33},
              {"randn": [1, 5, 3], "seed": 34}),
        small("16 normals, the first count drawn in blocks", CAUSAL, {"d_in": 4, "d_out": 2, "seed": 33},
              {"randn": [1, 4, 4], "seed": 34}),
        small("17 normals, a tail of 16 drawn again", CAUSAL, {"d_in": 17, "d_out": 2, "seed": 33},
              {"randn": [1, 1, 17], "seed": 34}),
        small("advance by an odd count", CAUSAL, {"d_in": 3, "d_out": 4, "seed": 35},
              {"randn": [2, 4, 3], "seed": 36, "advance": 625}),
        small("advance, then fewer than 16 normals", CAUSAL, {"d_in": 3, "d_out": 4, "seed": 35},
              {"randn": [1, 3, 3], "seed": 36, "advance": 7}),
    ]


def train():
    return [
        small("train, causal, qkv_bias", CAUSAL, {"d_in": 5, "d_out": 4, "dropout": 0.3, "qkv_bias": True, "seed": 41},
              {"randn": [3, 6, 5], "seed": 42}, mode="train"),
        small("train, wrapper: masks drawn head after head", WRAPPER,
              {"d_in": 4, "d_out": 3, "num_heads": 3, "dropout": 0.5, "seed": 43}, {"randn": [2, 5, 4], "seed": 44}, mode="train"),
        small("train, wrapper without out_proj", WRAPPER,
              {"d_in": 4, "d_out": 3, "num_heads": 2, "dropout": 0.2, "qkv_bias": True, "out_proj": False, "seed": 43},
              {"randn": [2, 5, 4], "seed": 44}, mode="train"),
        small("train, multi-head", MULTI_HEAD, {"d_in": 4, "d_out": 6, "num_heads": 3, "dropout": 0.1, "seed": 45},
              {"randn": [2, 7, 4], "seed": 46}, mode="train"),
        small("train, multi-head, longer context, dropout 0.9", MULTI_HEAD,
              {"d_in": 4, "d_out": 4, "num_heads": 2, "dropout": 0.9, "context_length": 12, "seed": 47},
              {"randn": [2, 5, 4], "seed": 48}, mode="train"),
        small("train, p = 0 draws nothing", MULTI_HEAD, {"d_in": 4, "d_out": 4, "num_heads": 2, "dropout": 0, "seed": 49},
              {"randn": [2, 5, 4], "seed": 50}, mode="train"),
        small("train, one position", CAUSAL, {"d_in": 2, "d_out": 2, "dropout": 0.5, "seed": 51},
              {"randn": [4, 1, 2], "seed": 52}, mode="train"),
    ]


def given():
    """Parameters instead of a seed; peaked ones too, whose weights reach far below 1e-9."""
    causal = {
        "W_query.weight": nested(drawn((3, 4), 61)), "W_key.weight": nested(drawn((3, 4), 62)),
        "W_value.weight": nested(drawn((3, 4), 63)),
    }
    biased = {
        **{f"{name}.weight": packed(drawn((4, 3), 64 + at)) for at, name in enumerate(["W_query", "W_key", "W_value"])},
        **{f"{name}.bias": nested(drawn((4,), 67 + at)) for at, name in enumerate(["W_query", "W_key", "W_value"])},
        "out_proj.weight": flat(drawn((4, 4), 70)), "out_proj.bias": packed(drawn((4,), 71)),
        "mask": nested(causal_mask(5)),
    }
    wrapped = {
        f"heads.{head}.{name}.weight": flat(drawn((2, 3), 72 + 3 * head + at))
        for head in range(3) for at, name in enumerate(["W_query", "W_key", "W_value"])
    }
    wrapped |= {f"heads.{head}.mask": nested(causal_mask(5)) for head in range(3)}
    wrapped |= {"out_proj.weight": nested(drawn((6, 6), 81)), "out_proj.bias": nested(drawn((6,), 82))}
    peaked = {name: nested(drawn((4, 4), 83 + at, 4.0)) for at, name in enumerate(
        ["W_query.weight", "W_key.weight", "W_value.weight", "out_proj.weight"])}
    peaked["out_proj.bias"] = nested(drawn((4,), 87))
    values = drawn((2, 5, 3), 90, 1.0)
    return [
        small("given parameters, input of two dimensions", CAUSAL, {"d_in": 4, "d_out": 3, "parameters": causal},
              {"values": nested(drawn((5, 4), 91, 1.0))}),
        small("given parameters with a mask, flat input", MULTI_HEAD,
              {"d_in": 3, "d_out": 4, "num_heads": 2, "qkv_bias": True, "parameters": biased}, flat(values)),
        small("given parameters, base64 input", WRAPPER, {"d_in": 3, "d_out": 2, "num_heads": 3, "parameters": wrapped},
              packed(values)),
        small("given parameters, train from dropout_seed", WRAPPER,
              {"d_in": 3, "d_out": 2, "num_heads": 3, "dropout": 0.4, "parameters": wrapped}, {"values": nested(values)},
              mode="train", dropout_seed=92),
        small("given parameters, train from the default dropout_seed", MULTI_HEAD,
              {"d_in": 3, "d_out": 4, "num_heads": 2, "qkv_bias": True, "dropout": 0.4, "parameters": biased},
              {"values": nested(values)}, mode="train"),
        small("given parameters, train, causal, from seed 2^53 - 1", CAUSAL,
              {"d_in": 4, "d_out": 3, "dropout": 0.5, "parameters": causal}, {"randn": [2, 6, 4], "seed": 93},
              mode="train", dropout_seed=2**53 - 1),
        small("peaked weights", MULTI_HEAD, {"d_in": 4, "d_out": 4, "num_heads": 2, "parameters": peaked},
              {"randn": [2, 8, 4], "seed": 94}),
    ]


def large():
    """Kept as checksums and single values."""
    kept = ["weights", "context", "summary"]
    return [
        ("width 768, 64 positions", MULTI_HEAD,
         {"model": {"d_in": 768, "d_out": 768, "num_heads": 12, "qkv_bias": True, "seed": 101},
          "input": {"randn": [1, 64, 768], "seed": 102}, "return": kept}),
        ("width 768, wrapper of 12 heads, train", WRAPPER,
         {"model": {"d_in": 768, "d_out": 64, "num_heads": 12, "dropout": 0.1, "seed": 103},
          "input": {"randn": [2, 40, 768], "seed": 104}, "return": kept, "mode": "train"}),
        ("130 positions, batch 3: not a multiple of any block", MULTI_HEAD,
         {"model": {"d_in": 48, "d_out": 60, "num_heads": 5, "seed": 105},
          "input": {"randn": [3, 130, 48], "seed": 106}, "return": kept}),
        ("300 positions, causal", CAUSAL,
         {"model": {"d_in": 16, "d_out": 24, "seed": 107}, "input": {"randn": [1, 300, 16], "seed": 108}, "return": kept}),
    ]
