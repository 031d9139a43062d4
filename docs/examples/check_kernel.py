"""Compares an attention kernel with the service's float64 oracle, stage by stage, and names the first stage that differs.

    python check_kernel.py kernel.py                        # every rule below, one after the other
    python check_kernel.py kernel.py --rules rules.json     # your own: members of POST /attention/scaled-dot-product
    python check_kernel.py kernel.py --url http://host:8080 --tolerance 1e-3

kernel.py defines

    def attention(queries, keys, values, rules): ...

which gets float32 arrays of (batch, heads, length, dim) and the rules as in the request (scale, softcap, bias, mask,
alibi_slopes, sinks, rotary), arrays as NumPy's, and returns a dictionary of the stages that it has: queries, keys (after
rotary), products, scores, weights, context. Only `context` is needed; the more it returns, the sooner a fault is found.
It may raise NotImplementedError for rules that it does not know. Needs NumPy alone. Exit status 1 where something differs."""

import argparse
import base64
import importlib.util
import io
import json
import os
import sys
import urllib.error
import urllib.request

import numpy as np

# The order in which the contract computes: the first stage that differs is where to look.
STAGES = ["queries", "keys", "products", "scores", "weights", "context"]
MEANING = {
    "queries": "queries after rotary positions",
    "keys": "keys after rotary positions",
    "products": "q . k, before the scale",
    "scores": "after scale, then soft cap, then bias and ALiBi; hidden keys are not compared",
    "weights": "softmax over the visible keys, sinks in its sum; 0 on hidden keys and in rows that see none",
    "context": "weights times values",
}


def standard_rules(batch, heads, query_len, key_len, rng):
    """What kernels are most often wrong about, smallest first."""
    allowed = rng.random((batch, 1, query_len, key_len)) < 0.6
    allowed[0, 0, 1] = False  # a row that sees no key
    return {
        "nothing": {},
        "scale": {"scale": 0.5},
        "causal, aligned upper left": {"mask": {"causal": True, "alignment": "upper_left"}},
        "causal, aligned lower right": {"mask": {"causal": True, "alignment": "lower_right"}},
        "boolean mask, one row without a key": {"mask": {"allowed": allowed}},
        "additive bias": {"bias": rng.standard_normal((heads, query_len, key_len)).astype(np.float32)},
        "key lengths": {"mask": {"key_lengths": [key_len - item % key_len for item in range(batch)]}},
        "window": {"mask": {"causal": True, "alignment": "lower_right", "window": [2, None]}},
        "soft cap": {"softcap": 2.0},
        "soft cap before a bias": {"softcap": 2.0, "bias": rng.standard_normal((query_len, key_len)).astype(np.float32)},
        "sinks": {"sinks": rng.standard_normal(heads).round(3).tolist()},
        "ALiBi": {"alibi_slopes": "standard", "mask": {"causal": True, "alignment": "lower_right"}},
        "rotary": {"rotary": {"theta": 10000}},
    }


def on_the_wire(value):
    if isinstance(value, dict):
        return {name: on_the_wire(each) for name, each in value.items()}
    if not isinstance(value, np.ndarray):
        return value
    data = value.astype(np.uint8) if value.dtype == bool else value.astype("<f4")
    return {"shape": list(value.shape), "base64": base64.b64encode(data.tobytes()).decode()}


def oracle(url, queries, keys, values, rules, key):
    body = {"queries": on_the_wire(queries), "keys": on_the_wire(keys), "values": on_the_wire(values), **on_the_wire(rules)}
    body |= {"return": STAGES, "engine": "reference"}
    headers = {"Content-Type": "application/json", "Accept": "application/x-npz"} | ({"X-API-Key": key} if key else {})
    request = urllib.request.Request(f"{url}/attention/scaled-dot-product", json.dumps(body).encode(), headers)
    try:
        return np.load(io.BytesIO(urllib.request.urlopen(request).read()))
    except urllib.error.HTTPError as error:
        sys.exit(f"the service refused: {json.load(error)['detail']}")


def first_difference(found, expected, tolerance):
    """The first stage, in the contract's order, that is further off than the tolerance, and how; or None."""
    for stage in STAGES:
        if found.get(stage) is None:
            continue
        ours, theirs = np.asarray(expected[stage], np.float64), np.asarray(found[stage], np.float64)
        if ours.shape != theirs.shape:
            return f"{stage}: shape {theirs.shape} instead of {ours.shape}"
        compared = np.isfinite(ours) if stage == "scores" else np.ones(ours.shape, bool)
        off = np.where(compared, np.abs(theirs - ours), 0)
        off[compared & ~np.isfinite(theirs)] = np.inf
        limit = tolerance * max(1, np.abs(ours[compared]).max(initial=0))
        if off.max(initial=0) > limit:
            place = np.unravel_index(off.argmax(), off.shape)
            where = ", ".join(f"{name} {i}" for name, i in zip(["item", "head", "query", "key" if ours.shape[-1] == expected["weights"].shape[-1] and stage in ("products", "scores", "weights") else "dimension"], place))
            return f"{stage} ({MEANING[stage]}): {theirs[place]:.7g} instead of {ours[place]:.7g} at {where}; {np.mean(off > limit):.1%} of the numbers are off"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("kernel", help="a Python file that defines attention(queries, keys, values, rules)")
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--rules", help="a JSON file with members of the request instead of the standard rules")
    parser.add_argument("--tolerance", type=float, default=1e-5, help="relative to the greatest value of a stage, at least 1")
    parser.add_argument("--shape", type=int, nargs=5, default=[2, 4, 2, 5, 7], metavar=("BATCH", "HEADS", "KV_HEADS", "QUERIES", "KEYS"))
    parser.add_argument("--dim", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    spec = importlib.util.spec_from_file_location("kernel", arguments.kernel)
    kernel = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(kernel)

    batch, heads, kv_heads, query_len, key_len = arguments.shape
    rng = np.random.default_rng(arguments.seed)
    draw = lambda *shape: rng.standard_normal(shape).astype(np.float32)
    queries, keys, values = draw(batch, heads, query_len, arguments.dim), draw(batch, kv_heads, key_len, arguments.dim), draw(batch, kv_heads, key_len, arguments.dim)
    rules = {"your rules": json.load(open(arguments.rules))} if arguments.rules else standard_rules(batch, heads, query_len, key_len, rng)

    wrong = 0
    for name, rule in rules.items():
        expected = oracle(arguments.url, queries, keys, values, rule, os.environ.get("API_KEY"))
        try:
            found = kernel.attention(queries.copy(), keys.copy(), values.copy(), rule)
        except NotImplementedError as reason:
            print(f"-    {name}: not done by the kernel {reason}".rstrip())
            continue
        difference = first_difference(found, expected, arguments.tolerance)
        wrong += difference is not None
        print(f"ok   {name}" if difference is None else f"OFF  {name}: first in {difference}")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
