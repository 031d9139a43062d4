"""The peer: the benchmark's requests answered by FastAPI, torch and orjson, one uvicorn process, torch on all cores."""

import io
import os

import numpy as np
import orjson
import torch
from fastapi import FastAPI, Request as HttpRequest, Response
from pydantic import ValidationError

import book
import summary
import tuned
from schema import Request

app = FastAPI(openapi_url=None)
VERSION = torch.__version__
CORES = os.cpu_count()
torch.set_num_threads(CORES)


def input_of(spec):
    """(b, T, d_in)"""
    if spec.randn is not None:
        return torch.randn(spec.randn, generator=torch.Generator().manual_seed(spec.seed))
    x = torch.from_numpy(np.array(spec.values, dtype=np.float32))
    return x.unsqueeze(0) if x.dim() == 2 else x


def answer_of(request, forward, in_blocks):
    model, wanted = request.model, request.wanted
    x = input_of(request.input)
    answer = {
        "model": {"kind": "multi-head", **model.model_dump(), "context_length": model.context_length or x.shape[1],
                  "head_dim": model.d_out // model.num_heads, "output_dim": model.d_out},
        "input": {"shape": list(x.shape)},
    }
    if in_blocks is not None and "weights" not in wanted:
        rows, context = in_blocks(model, x, summary.rows_of)
    else:
        weights, context = forward(model, x)
        if "weights" in wanted:
            answer["weights"] = weights.numpy()
        if "summary" in wanted:
            rows = summary.rows_of(weights)
    if "context" in wanted:
        answer["context"] = context.numpy()
    if "summary" in wanted:
        answer["summary"] = {"weights": summary.of_rows(rows), "context": summary.of_context(context)}
        answer["checks"] = summary.checks(rows, context)
    answer["engine"] = {"name": "torch", "device": "cpu", "version": VERSION}
    return answer


def npz(answer):
    arrays = {name: array for name, array in answer.items() if isinstance(array, np.ndarray)}
    text = orjson.dumps({name: part for name, part in answer.items() if name not in arrays})
    file = io.BytesIO()
    np.savez(file, **arrays, answer=np.array(text.decode()))
    return file.getvalue()


async def attention(http, forward, in_blocks=None):
    """Answers with forward(model, x) -> weights, context; where no weights are wanted, with in_blocks, if there is one."""
    try:
        request = Request.model_validate(orjson.loads(await http.body()))
        with torch.inference_mode():
            answer = answer_of(request, forward, in_blocks)
    except (ValidationError, ValueError) as error:
        return Response(orjson.dumps({"detail": str(error)}), 400, media_type="application/problem+json")
    if http.headers.get("accept") == "application/x-npz":
        return Response(npz(answer), media_type="application/x-npz")
    return Response(orjson.dumps(answer, option=orjson.OPT_SERIALIZE_NUMPY), media_type="application/json")


@app.post("/attention/multi-head")
async def multi_head(http: HttpRequest):
    return await attention(http, book.forward)


@app.post("/tuned/attention/multi-head")
async def tuned_multi_head(http: HttpRequest):
    return await attention(http, tuned.forward)


@app.post("/blocks/attention/multi-head")
async def tuned_multi_head_in_blocks(http: HttpRequest):
    """The tuned one that never holds (T, T) where no weights are wanted."""
    return await attention(http, tuned.forward, tuned.in_blocks)


@app.post("/one-thread/attention/multi-head")
async def tuned_multi_head_on_one_thread(http: HttpRequest):
    """The tuned one for small problems, where torch's threads wait for each other longer than they compute."""
    torch.set_num_threads(1)
    try:
        return await attention(http, tuned.forward)
    finally:
        torch.set_num_threads(CORES)


@app.get("/health/ready")
async def ready():
    return {"status": "ready"}
