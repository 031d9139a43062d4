"""Writes onnx-attention.json: ONNX's own test cases of its Attention operator (opsets 23 and 24), each as a request.

    pip install onnx==1.23.2 numpy && python test/truth/onnx_attention.py

Each case is translated to a body of POST /attention/scaled-dot-product and what the answer must hold; contract.py, which
is the contract in NumPy, first shows that the translation means what the case means. A past is keys and values that come
first; three dimensions are heads side by side; a mask that is shorter than the keys hides the rest."""

import sys

# random.py beside this file must not stand in for Python's own module: the standard library first, this folder last.
sys.path.append(sys.path.pop(0))

import base64
import json
import warnings
from pathlib import Path

import numpy as np
import onnx

warnings.simplefilter("ignore")
from onnx.backend.test.case.node import collect_testcases  # noqa: E402

from contract import attention  # noqa: E402

FLOAT32, HALF = 2e-5, 4e-2


def wire(x):
    """A tensor as base64 with its element type; booleans as bytes."""
    if x.dtype == bool:
        return {"shape": list(x.shape), "base64": base64.b64encode(x.astype(np.uint8).tobytes()).decode()}
    return {"shape": list(x.shape), "base64": base64.b64encode(np.ascontiguousarray(x).tobytes()).decode(), "dtype": x.dtype.name}


def apart(x, heads):
    """(B, L, heads * D) -> (B, heads, L, D)"""
    return x.reshape(x.shape[0], x.shape[1], heads, -1).transpose(0, 2, 1, 3) if x.ndim == 3 else x


def translate(case):
    node, opset = case.model.graph.node[0], case.model.opset_import[0].version
    attributes = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
    given = dict(zip([name for name in node.input if name], case.data_sets[0][0]))
    expected = dict(zip([name for name in node.output if name], case.data_sets[0][1]))
    q = apart(given["Q"], attributes.get("q_num_heads"))
    k, v = (apart(given[name], attributes.get("kv_num_heads")) for name in "KV")
    past = 0
    if "past_key" in given:
        past = given["past_key"].shape[2]
        k, v = (np.concatenate([given[f"past_{name}"], x], axis=2) for name, x in (("key", k), ("value", v)))
    lengths = given.get("nonpad_kv_seqlen")
    window = [attributes.get("left_window_size", -1), attributes.get("right_window_size", -1)]
    mask = {}
    if attributes.get("is_causal"):
        mask["causal"] = True
    if max(window) >= 0:
        mask["window"] = [side if side >= 0 else None for side in window]
    if lengths is not None:
        mask["key_lengths"] = lengths.tolist()
    if mask:
        # Queries go on where the past, or each item's own keys, have ended.
        mask["alignment"] = "lower_right" if lengths is not None else past
    settings = {}
    if "scale" in attributes:
        settings["scale"] = attributes["scale"]
    if attributes.get("softcap"):
        settings["softcap"] = attributes["softcap"]
    arrays = {}
    written = given.get("attn_mask")
    if written is not None:
        missing = k.shape[2] - written.shape[-1]
        if missing > 0 and written.shape[-1] > 1:
            rest = [(0, 0)] * (written.ndim - 1) + [(0, missing)]
            written = np.pad(written, rest, constant_values=False if written.dtype == bool else -np.inf)
        if written.dtype == bool:
            mask["allowed"] = written
        else:
            arrays["bias"] = written
    context = apart(expected["Y"], attributes.get("q_num_heads"))
    stage = None
    if "qk_matmul_output" in expected:
        stage = (attributes.get("qk_matmul_output_mode", 0), expected["qk_matmul_output"])
    half = q.dtype != np.float32
    return case.name.replace("test_attention_", ""), opset, q, k, v, settings, arrays, mask, context, stage, HALF if half else FLOAT32


def main():
    cases, wrong = [], []
    for case in collect_testcases("Attention"):
        if "expanded" in case.name:
            continue
        name, opset, q, k, v, settings, arrays, mask, context, stage, tolerance = translate(case)
        ours = attention(q, k, v, mask=mask, **settings, **arrays)
        off = np.abs(ours["context"] - context.astype(np.float64)).max()
        found = {"context": wire(context.astype(np.float32))}
        note = ""
        if stage is not None:
            mode, there = stage
            there = there.astype(np.float64)
            scale = settings.get("scale", 1 / np.sqrt(q.shape[-1]))
            for label, mine in (("products", ours["products"]), ("scaled", ours["products"] * scale), ("scores", ours["scores"]), ("weights", ours["weights"])):
                shown = ~np.isnan(mine)
                if mine.shape == there.shape and np.abs(np.where(shown, mine - there, 0)).max() < tolerance:
                    note = f"mode {mode}: {label}"
                    # ONNX hands out q . k already scaled; here products come before the scale.
                    if label == "scaled":
                        found["products"] = wire((there / scale).astype(np.float32))
                    else:
                        found[label] = wire(there.astype(np.float32))
                    break
            else:
                note = f"mode {mode}: between two of our stages"
        if not off <= tolerance:
            wrong.append(name)
        print(f"{name:55} opset {opset}  off by {off:.1e}  {note}", "" if off <= tolerance else "  <-- WRONG")
        body = {"queries": wire(q), "keys": wire(k), "values": wire(v), **settings, **{key: wire(x) for key, x in arrays.items()}}
        if mask:
            body["mask"] = {key: wire(x) if key == "allowed" else x for key, x in mask.items()}
        cases.append({"name": name, "tolerance": tolerance, "body": body, "expected": found})
    if wrong:
        sys.exit(f"not translated: {', '.join(wrong)}")
    path = Path(__file__).parent / "onnx-attention.json"
    path.write_text('[\n' + ',\n'.join(json.dumps(case, separators=(",", ":")) for case in cases) + '\n]\n')
    print(f"{len(cases)} cases, {path.stat().st_size // 1024} KiB")


if __name__ == "__main__":
    main()
