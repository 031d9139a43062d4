"""The three classes of chapter 3 of LLMs from Scratch (Raschka), as the source study changed them:
each returns its attention weights beside the context, and the wrapper has an out_proj.
`seen` keeps what a forward pass went through, for the stages that a request can ask for."""

import torch
from torch import nn


class CausalSelfAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super().__init__()
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("mask", torch.triu(torch.ones(context_length, context_length), diagonal=1))

    def forward(self, x):
        num_tokens = x.shape[1]
        queries, keys, values = self.W_query(x), self.W_key(x), self.W_value(x)  # (b, T, d_out)
        attn_scores = queries @ keys.transpose(1, 2)  # (b, T, T)
        attn_scores.masked_fill_(self.mask.bool()[:num_tokens, :num_tokens], -torch.inf)
        attn_scores = attn_scores / keys.shape[-1] ** 0.5
        attn_weights = torch.softmax(attn_scores, dim=-1)
        context_vec = self.dropout(attn_weights) @ values  # (b, T, d_out)
        seen = dict(queries=queries, keys=keys, values=values, scores=attn_scores, context_heads=context_vec)
        self.seen = {name: tensor.unsqueeze(1) for name, tensor in seen.items()}  # (b, 1, T, ...)
        return context_vec, attn_weights.unsqueeze(1)


class MultiHeadAttentionWrapper(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False, out_proj=True):
        super().__init__()
        self.heads = nn.ModuleList(
            [CausalSelfAttention(d_in, d_out, context_length, dropout, qkv_bias) for _ in range(num_heads)]
        )
        self.out_proj = nn.Linear(d_out * num_heads, d_out * num_heads) if out_proj else nn.Identity()

    def forward(self, x):
        contexts, weights = zip(*(head(x) for head in self.heads))
        self.seen = {name: torch.cat([head.seen[name] for head in self.heads], dim=1) for name in self.heads[0].seen}
        return self.out_proj(torch.cat(contexts, dim=-1)), torch.cat(weights, dim=1)


class MultiHeadAttention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, num_heads, qkv_bias=False):
        super().__init__()
        assert d_out % num_heads == 0, "d_out must be divisible by num_heads"
        self.d_out, self.num_heads, self.head_dim = d_out, num_heads, d_out // num_heads
        self.W_query = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, bias=qkv_bias)
        self.out_proj = nn.Linear(d_out, d_out)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("mask", torch.triu(torch.ones(context_length, context_length), diagonal=1))

    def forward(self, x):
        b, num_tokens, _ = x.shape

        def split(projected):  # (b, T, d_out) -> (b, heads, T, head_dim)
            return projected.view(b, num_tokens, self.num_heads, self.head_dim).transpose(1, 2)

        keys, queries, values = split(self.W_key(x)), split(self.W_query(x)), split(self.W_value(x))
        attn_scores = queries @ keys.transpose(2, 3)  # (b, heads, T, T)
        attn_scores.masked_fill_(self.mask.bool()[:num_tokens, :num_tokens], -torch.inf)
        attn_scores = attn_scores / self.head_dim**0.5
        attn_weights = torch.softmax(attn_scores, dim=-1)
        context_heads = self.dropout(attn_weights) @ values  # (b, heads, T, head_dim)
        self.seen = dict(queries=queries, keys=keys, values=values, scores=attn_scores, context_heads=context_heads)
        context_vec = context_heads.transpose(1, 2).contiguous().view(b, num_tokens, self.d_out)
        return self.out_proj(context_vec), attn_weights
