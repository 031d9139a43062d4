"""Frequencies of rotary positions as transformers computes them, in float32.

    python test/truth/rotary.py > test/truth/rotary.json
"""

import json
import sys

from transformers import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

LLAMA3 = dict(rope_type="llama3", low_freq_factor=1.0, high_freq_factor=4.0)
CASES = [
    (64, dict(rope_type="default", rope_theta=10000.0)),
    (34, dict(rope_type="default", rope_theta=1e6)),
    (64, dict(rope_type="linear", rope_theta=10000.0, factor=8.0)),
    (64, dict(LLAMA3, rope_theta=500000.0, factor=8.0, original_max_position_embeddings=8192)),
    (64, dict(LLAMA3, rope_theta=500000.0, factor=32.0, original_max_position_embeddings=8192)),
    (34, dict(LLAMA3, rope_theta=1e6, factor=8.0, high_freq_factor=2.0, original_max_position_embeddings=16)),
    (128, dict(rope_type="yarn", rope_theta=1e6, factor=4.0, original_max_position_embeddings=32768)),
    (12, dict(rope_type="yarn", rope_theta=10.0, factor=16.0, original_max_position_embeddings=16, attention_factor=0.8)),
    (
        64,
        dict(
            rope_type="yarn",
            rope_theta=10000.0,
            factor=40.0,
            original_max_position_embeddings=4096,
            mscale=0.7,
            mscale_all_dim=1.2,
            beta_fast=4.0,
            beta_slow=2.0,
            truncate=False,
        ),
    ),
]


def main():
    cases = []
    for head_dim, parameters in CASES:
        config = LlamaConfig(hidden_size=4 * head_dim, num_attention_heads=4, head_dim=head_dim, rope_parameters=dict(parameters))
        rotary = LlamaRotaryEmbedding(config)
        cases.append(
            {
                "head_dim": head_dim,
                "context_length": config.max_position_embeddings,
                "parameters": parameters,
                "frequencies": rotary.inv_freq.tolist(),
                "magnitude": rotary.attention_scaling,
            }
        )
    json.dump(cases, sys.stdout)
    print()


if __name__ == "__main__":
    main()
