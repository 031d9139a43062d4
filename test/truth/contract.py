"""The attention contract in NumPy, float64: what docs/requests.md says of POST /attention/scaled-dot-product, and nothing else.

It exists to prove a translation: a script that turns another library's test case into a request checks here, before the
case is written down, that the request means what the case means."""

import numpy as np


def _broadcast(x, shape):
    return np.broadcast_to(x, shape)


def attention(queries, keys, values=None, *, scale=None, softcap=None, bias=None, mask=None, alibi_slopes=None, sinks=None):
    """queries (B, H, Q, D), keys (B, G, K, D), values (B, G, K, E) -> products, scores, weights (B, H, Q, K), context (B, H, Q, E).

    Hidden positions are NaN in scores and 0 in weights."""
    queries, keys = np.asarray(queries, np.float64), np.asarray(keys, np.float64)
    batch, heads, query_len, head_dim = queries.shape
    groups, key_len = keys.shape[1], keys.shape[2]
    head_of = [h * groups // heads for h in range(heads)]
    keys = keys[:, head_of]
    products = queries @ keys.transpose(0, 1, 3, 2)
    scores = products * (1 / np.sqrt(head_dim) if scale is None else scale)
    if softcap:
        scores = softcap * np.tanh(scores / softcap)
    mask = mask or {}
    shape = (batch, heads, query_len, key_len)
    visible = np.ones(shape, bool)
    lengths = np.array(mask.get("key_lengths") or [key_len] * batch)
    j = np.arange(key_len)
    visible &= _broadcast((j[None, :] < lengths[:, None])[:, None, None, :], shape)
    alignment = mask.get("alignment")
    offsets = {"upper_left": np.zeros(batch, int), "lower_right": lengths - query_len, None: np.zeros(batch, int)}.get(alignment)
    if offsets is None:
        offsets = np.full(batch, alignment)
    p = (np.arange(query_len)[None, :] + offsets[:, None])[:, None, :, None]  # each query's own position
    if mask.get("causal"):
        visible &= _broadcast(j <= p, shape)
    if mask.get("window"):
        left, right = mask["window"]
        if left is not None:
            visible &= _broadcast(j >= p - left, shape)
        if right is not None:
            visible &= _broadcast(j <= p + right, shape)
    if mask.get("allowed") is not None:
        visible &= _broadcast(np.asarray(mask["allowed"], bool), shape)
    if bias is not None:
        bias = _broadcast(np.asarray(bias, np.float64), shape)
        visible &= ~np.isneginf(bias)
        scores = scores + np.where(np.isneginf(bias), 0, bias)
    if alibi_slopes is not None:
        scores = scores - np.asarray(alibi_slopes, np.float64)[None, :, None, None] * (p - j)
    scores = np.where(visible, scores, -np.inf)
    top = scores.max(-1, keepdims=True)
    if sinks is not None:
        sink = np.asarray(sinks, np.float64)[None, :, None, None]
        top = np.maximum(top, sink)
    top = np.where(np.isfinite(top), top, 0)
    powers = np.exp(scores - top)
    total = powers.sum(-1, keepdims=True)
    if sinks is not None:
        total = total + np.exp(sink - top)
    weights = np.divide(powers, total, out=np.zeros(shape), where=(total > 0) & visible)
    context = None
    if values is not None:
        context = weights @ np.asarray(values, np.float64)[:, head_of]
    return {"products": products, "scores": np.where(visible, scores, np.nan), "weights": weights, "context": context}
