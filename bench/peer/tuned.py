"""The same attention tuned by us: parameters and mask kept between requests, the three projections joined into one product,
scores scaled and masked in place."""

import math
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import nn


class Parameters(NamedTuple):
    qkv_weight: torch.Tensor  # (3 * d_out, d_in)
    qkv_bias: torch.Tensor | None
    out_weight: torch.Tensor  # (d_out, d_out)
    out_bias: torch.Tensor


@lru_cache(maxsize=32)
def parameters_of(d_in, d_out, qkv_bias, seed):
    """As torch.manual_seed(seed) and the constructor of book.py draw them."""
    torch.manual_seed(seed)
    query, key, value = (nn.Linear(d_in, d_out, bias=qkv_bias) for _ in range(3))
    out = nn.Linear(d_out, d_out)
    bias = torch.cat([query.bias, key.bias, value.bias]).detach() if qkv_bias else None
    weight = torch.cat([query.weight, key.weight, value.weight]).detach()
    return Parameters(weight, bias, out.weight.detach(), out.bias.detach())


@lru_cache(maxsize=8)
def future(T):
    return torch.triu(torch.ones(T, T, dtype=torch.bool), diagonal=1)


def projected(model, x):
    """x (b, T, d_in) -> parameters; queries, keys, values, each (b, heads, T, head_dim)."""
    b, T, _ = x.shape
    p = parameters_of(model.d_in, model.d_out, model.qkv_bias, model.seed)
    qkv = nn.functional.linear(x, p.qkv_weight, p.qkv_bias)
    return p, *qkv.view(b, T, 3, model.num_heads, -1).permute(2, 0, 3, 1, 4).unbind(0)


def joined(context, p):
    """context (b, heads, T, head_dim) -> (b, T, d_out), through out_proj."""
    b, _, T, _ = context.shape
    return nn.functional.linear(context.transpose(1, 2).reshape(b, T, -1), p.out_weight, p.out_bias)


def forward(model, x):
    """x (b, T, d_in) -> weights (b, heads, T, T) and context (b, T, d_out)."""
    p, queries, keys, values = projected(model, x)
    scores = (queries @ keys.transpose(2, 3)).div_(math.sqrt(queries.shape[-1]))
    weights = torch.softmax(scores.masked_fill_(future(x.shape[1]), -torch.inf), dim=-1)
    return weights, joined(weights @ values, p)


def in_blocks(model, x, each, rows=256):
    """Never holds (T, T): hands `each` a block of rows at a time, (b, heads, rows, keys so far), and returns what it
    made of them and the context. The faster way where nobody wants the weights."""
    p, queries, keys, values = projected(model, x)
    T, made, contexts = x.shape[1], [], []
    for start in range(0, T, rows):
        end = min(start + rows, T)
        scores = (queries[:, :, start:end] @ keys[:, :, :end].transpose(2, 3)).div_(math.sqrt(queries.shape[-1]))
        weights = torch.softmax(scores.masked_fill_(future(T)[start:end, :end], -torch.inf), dim=-1)
        contexts.append(weights @ values[:, :, :end])
        made.append(each(weights, start))
    return torch.cat(made, dim=-1), joined(torch.cat(contexts, dim=2), p)
