"""python bench/gpu/torch_side.py DEVICE: the same forward pass in PyTorch, float32 without TF32, eager.

Input and answer cross between host and device, as a service's do; parameters stay. Prints one SideResult as JSON.
"""

import json
import math
import sys
import time

import torch

DEVICE, WIDTH, HEADS, LENGTHS = sys.argv[1], 768, 12, (8, 256, 1024, 2048, 4096)
torch.backends.cuda.matmul.allow_tf32 = False


@torch.no_grad()
def forward(host_input, linears, with_weights):
    x = host_input.to(DEVICE)
    T = x.shape[1]
    queries, keys, values = (linear(x).view(1, T, HEADS, -1).transpose(1, 2) for linear in linears[:3])
    scores = queries @ keys.transpose(2, 3) / math.sqrt(WIDTH // HEADS)
    future = torch.triu(torch.ones(T, T, dtype=torch.bool, device=DEVICE), diagonal=1)
    weights = torch.softmax(scores.masked_fill(future, -torch.inf), dim=-1)
    context = linears[3]((weights @ values).transpose(1, 2).reshape(1, T, WIDTH))
    entropy = -torch.xlogy(weights, weights).sum(-1)
    distance = (weights * (torch.arange(T, device=DEVICE)[:, None] - torch.arange(T, device=DEVICE))).sum(-1)
    answer = [context, entropy, distance, weights.amax(-1), weights.diagonal(dim1=2, dim2=3)] + ([weights] if with_weights else [])
    return [tensor.cpu() for tensor in answer]


def median(linears, T, with_weights):
    host_input = torch.randn(1, T, WIDTH)
    for _ in range(2):
        forward(host_input, linears, with_weights)
    times, end = [], time.perf_counter() + 1
    while len(times) < 5 or time.perf_counter() < end:
        start = time.perf_counter()
        forward(host_input, linears, with_weights)
        times.append((time.perf_counter() - start) * 1000)
    return sorted(times)[len(times) // 2]


linears = [torch.nn.Linear(WIDTH, WIDTH, bias=i == 3).to(DEVICE) for i in range(4)]
device = torch.cuda.get_device_name() if DEVICE == "cuda" else "cpu"
print(json.dumps({
    "name": f"torch {torch.__version__} on {device}",
    "summary": {T: median(linears, T, False) for T in LENGTHS},
    "weights": {T: median(linears, T, True) for T in LENGTHS},
}))
