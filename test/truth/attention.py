"""Writes pytorch-cases.json: requests and what PyTorch answers to them, on the CPU.

    pip install torch==2.9.1 numpy && python test/truth/attention.py

First repeats the nine cases of pytorch-given.json: draws bit for bit, results within REPEATS, since matrix products
differ in the last digit between kinds of CPU. On Intel ones PyTorch may draw dropout masks from MKL: then the train
case fails, and these files cannot be made there.
Every number is the shortest text that reads back as the same float32."""

import sys

# random.py beside this file must not stand in for Python's own module: the standard library first, this folder last.
sys.path.append(sys.path.pop(0))

import base64
import json
from pathlib import Path

import numpy as np
import torch

import truth_cases
from source_classes import CausalSelfAttention, MultiHeadAttention, MultiHeadAttentionWrapper

HERE = Path(__file__).parent
CLASSES = {
    "/attention/causal": CausalSelfAttention,
    "/attention/multi-head-wrapper": MultiHeadAttentionWrapper,
    "/attention/multi-head": MultiHeadAttention,
}
SEED = 42  # of a model that names none
INPUT_SEED = 43  # of an input that names none
FULL_UP_TO = 2_000  # numbers of one tensor; a larger one is kept as checksums and single values
SPOTS = 64
REPEATS = 4e-7  # seen: 1.5e-7 between two AMD machines, 3.2e-7 at width 768


def tensor_of(written):
    """A tensor of any of the forms that a request may use: nested, flat or base64."""
    if isinstance(written, list):
        return torch.tensor(written, dtype=torch.float32)
    if "base64" in written:
        data = np.frombuffer(base64.b64decode(written["base64"]), dtype="<f4").copy()
    else:
        data = np.array(written["data"], dtype=np.float32)
    return torch.from_numpy(data).reshape(written["shape"])


def input_of(spec):
    if "randn" in spec:
        torch.manual_seed(spec.get("seed", INPUT_SEED))
        torch.empty(spec.get("advance", 0)).uniform_()
        return torch.randn(*spec["randn"])
    x = tensor_of(spec.get("values", spec))
    return x.unsqueeze(0) if x.dim() == 2 else x


def model_of(path, spec, seq_len, body):
    config = {"context_length": seq_len, "dropout": 0, **spec}
    parameters, seed = config.pop("parameters", None), config.pop("seed", SEED)
    torch.manual_seed(seed)
    model = CLASSES[path](**config)
    if parameters is not None:
        state = {name: tensor_of(written) for name, written in parameters.items()}
        masks = {name: mask for name, mask in model.named_buffers() if name not in state}
        model.load_state_dict(state | masks, strict=True)
        torch.manual_seed(body.get("dropout_seed", SEED))
    return model.train(body.get("mode") == "train")


def answer(path, body):
    """Every tensor of the answer by its name in the API. Draws in the order of the contract: input, parameters, dropout."""
    x = input_of(body["input"])
    model = model_of(path, body["model"], x.shape[1], body)
    with torch.no_grad():
        context, weights = model(x)
    parameters = dict(model.named_parameters())
    return {"input": x, "parameters": parameters, "weights": weights, "context": context, **model.seen}


def shortest(value):
    return float(str(value)) if np.isfinite(value) else None


def numbers(array):
    if array.ndim == 0:
        return shortest(array[()])
    return [numbers(part) for part in array]


def record(tensor):
    """Sums are of the finite numbers (masked scores are -inf, null as JSON), in float64."""
    array = tensor.detach().contiguous().numpy()
    row = array.reshape(-1)
    finite = row[np.isfinite(row)].astype(np.float64)
    kept = {
        "shape": list(array.shape), "sum": float(finite.sum()), "sum_sq": float((finite**2).sum()),
        "min": shortest(np.float32(finite.min())), "max": shortest(np.float32(finite.max())),
        "first": numbers(row[:8]), "last": numbers(row[-8:]),
    }
    if row.size <= FULL_UP_TO:
        kept["values"] = numbers(array)
    else:
        at = np.linspace(0, row.size - 1, SPOTS).astype(np.int64)
        kept["spots"] = [[int(index), shortest(row[index])] for index in at]
    return kept


def tolerance(answered, body):
    """What float32 may differ by, times the larger of 1 and the tensor's largest magnitude: issue 4's figures, and for
    peaked weights that of wide models, since an error of a score grows with the score."""
    scores = answered["scores"]
    wide = body["model"]["d_in"] >= 768 or scores[scores.isfinite()].abs().max() > 50
    return 1e-5 if wide else 1e-6


def record_all(answered, keep):
    return {
        name: {key: record(part) for key, part in value.items()} if isinstance(value, dict) else record(value)
        for name, value in answered.items() if name in keep
    }


def repeat_given():
    """Fails where these classes compute something else than the given cases say."""
    for case in json.loads((HERE / "pytorch-given.json").read_text())["cases"]:
        got = answer(case["path"], case["body"])
        assert list(case["parameters"]) == list(got["parameters"]), case["name"]
        for said, tensor in [(case["input"], got["input"])] + [(case["parameters"][n], t) for n, t in got["parameters"].items()]:
            assert ends_of(said) == ends_of(record(tensor)), case["name"]
            assert abs(said["sum"] - tensor.double().sum().item()) < 1e-9, case["name"]
        for said, tensor in [(case["weights"], got["weights"]), (case["context"], got["context"])]:
            assert np.allclose(ends_of(said), ends_of(record(tensor)), rtol=0, atol=REPEATS), case["name"]
            assert np.allclose(said["sum"], tensor.double().sum().item(), rtol=0, atol=1e-4), case["name"]
            assert said["shape"] == list(tensor.shape), case["name"]
            if said["values"] is not None:
                assert np.allclose(said["values"], tensor.numpy(), rtol=0, atol=REPEATS), case["name"]


def ends_of(said):
    return np.array(said["first"] + said["last"], dtype=np.float32).tolist()


def main():
    repeat_given()
    cases = []
    for name, path, body in truth_cases.seeded() + truth_cases.train() + truth_cases.given() + truth_cases.large():
        keep, answered = {"input", "parameters", *body["return"]} - {"summary"}, answer(path, body)
        case = {"name": name, "path": path, "body": body, "tolerance": tolerance(answered, body)}
        cases.append(case | record_all(answered, keep))
    lines = ",\n".join(json.dumps(case, separators=(",", ":"), allow_nan=False) for case in cases)
    (HERE / "pytorch-cases.json").write_text(f'{{"torch":"{torch.__version__.split("+")[0]}","cases":[\n{lines}\n]}}\n')
    print(f"the nine given cases repeat; wrote {len(cases)} more")


if __name__ == "__main__":
    main()
