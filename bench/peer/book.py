"""MultiHeadAttention as chapter 3 of LLMs from Scratch builds it, in float32, handing over its weights beside the context."""

import torch
from torch import nn


class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        self.num_heads = num_heads
        self.head_dim = d_out // num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("mask", torch.triu(torch.ones(context_length, context_length), diagonal=1))

    def heads_of(self, projected):
        """(b, T, d_out) -> (b, heads, T, head_dim)"""
        b, T, _ = projected.shape
        return projected.view(b, T, self.num_heads, self.head_dim).transpose(1, 2)

    def forward(self, x):
        """x (b, T, d_in) -> weights (b, heads, T, T) and context (b, T, d_out)."""
        b, T, _ = x.shape
        queries, keys, values = (self.heads_of(layer(x)) for layer in (self.W_query, self.W_key, self.W_value))
        scores = queries @ keys.transpose(2, 3)
        scores.masked_fill_(self.mask.bool()[:T, :T], -torch.inf)
        weights = self.dropout(torch.softmax(scores / self.head_dim**0.5, dim=-1))
        context = (weights @ values).transpose(1, 2).contiguous().view(b, T, -1)
        return weights, self.out_proj(context)


def forward(model, x):
    """The configured class built anew, as a service must whose requests bring configuration and seed, and applied to x."""
    torch.manual_seed(model.seed)
    attention = MultiHeadAttention(model.d_in, model.d_out, model.context_length or x.shape[1], model.dropout,
                                   model.num_heads, model.qkv_bias)
    return attention.eval()(x)
