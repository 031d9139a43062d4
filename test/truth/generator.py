"""Writes generator.json: what PyTorch's CPU generator draws and how NumPy prints float32.

    pip install torch==2.9.1 numpy && python test/truth/generator.py

Run it on a CPU with AVX2 that is not Intel's: PyTorch's normals differ in the last bits
without AVX2, and on Intel CPUs it may take bernoulli_ from MKL. Arrays are base64 of
little-endian float32, or of bytes for masks. Within a case every draw goes on where the
one before stopped.
"""
import base64
import json
import pathlib

import numpy as np
import torch

SEEDS = [0, 1, 42, 2**31, 2**32 - 1, 2**32, 2**53 - 1]
COUNTS = [1, 15, 16, 17, 31, 32, 100, 1000]


def encode(array):
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()


def uniform(count, low, high):
    values = torch.empty(count).uniform_(low, high)
    return {"draw": "uniform", "count": count, "low": low, "high": high, "values": encode(values.numpy())}


def normal(count):
    return {"draw": "normal", "count": count, "values": encode(torch.randn(count).numpy())}


def keep_mask(count, dropout):
    kept = torch.nn.functional.dropout(torch.ones(count), dropout) != 0
    return {"draw": "keepMask", "count": count, "dropout": dropout, "values": encode(kept.numpy().astype(np.uint8))}


def skip(count):
    torch.rand(count)
    return {"draw": "skipUniform", "count": count}


def linear(fan_in, fan_out):
    layer = torch.nn.Linear(fan_in, fan_out)
    values = torch.cat([layer.weight.detach().flatten(), layer.bias.detach()])
    return {"draw": "linear", "fanIn": fan_in, "count": values.numel(), "values": encode(values.numpy())}


def case(name, seed, *draws):
    torch.manual_seed(seed)
    return {"name": name, "seed": seed, "draws": [draw() for draw in draws]}


def interleaved(count):
    return [lambda: uniform(count, -0.25, 0.75), lambda: normal(count), lambda: keep_mask(count, 0.1)]


def extremes(seed, drawn=2**24):
    """Blocks of 16 whose radius comes from the smallest and the largest uniforms met."""
    torch.manual_seed(seed)
    uniforms = torch.rand(drawn).numpy()[:-16]
    for index in [int(uniforms.argmin()), int(uniforms.argmax())]:
        name = f"normals of a uniform of {uniforms[index]:.9g}"
        yield case(name, seed, lambda: skip(index), lambda: normal(16))


def numbers():
    """NumPy's shortest digits of float32 bit patterns: (bits, text) pairs."""
    random = np.random.default_rng(0)
    bits = random.integers(0, 0x7F800000, 1500, dtype=np.uint32)
    weights = random.random(500, dtype=np.float32).view(np.uint32)
    powers = (2.0 ** np.arange(-149, 128)).astype(np.float32).view(np.uint32)
    for pattern in np.concatenate([bits, weights, powers, np.arange(1, 100, dtype=np.uint32)]):
        yield [int(pattern), np.format_float_scientific(pattern.view(np.float32), unique=True, trim="-")]


def main():
    cases = [case(f"seed {seed}", seed, *(draw for count in COUNTS for draw in interleaved(count))) for seed in SEEDS]
    cases += [
        case("narrow and wide ranges", 7, lambda: uniform(100, 0.3, 1.7), lambda: uniform(100, -1000.0, 3.0)),
        case("a long way", 5, lambda: skip(1_000_003), lambda: uniform(5, 0.0, 1.0), lambda: normal(5)),
        case("Linear layers", 123, *(lambda f=f: linear(f, 2) for f in [1, 2, 3, 7, 16, 20, 49, 768])),
        case("normals below and above 16 share the spare one", 9,
             *(lambda n=n: normal(n) for n in [3, 16, 1, 2, 20, 1, 1])),
        case("dropout of nothing and of everything", 11,
             *(lambda p=p: keep_mask(37, p) for p in [0.0, 0.5, 1.0, 0.999, 1 / 3]), lambda: uniform(3, 0.0, 1.0)),
        *extremes(0),
        *extremes(3),
    ]
    path = pathlib.Path(__file__).with_suffix(".json")
    truth = {"torch": torch.__version__.split("+")[0], "cases": cases, "numbers": list(numbers())}
    path.write_text(json.dumps(truth, separators=(",", ":")) + "\n")


main()
