"""Trains the model that is shipped in models/tiny-shakespeare, and checks that it has the heads it is shipped for.

    python scripts/train-tiny-model/train.py --out models/tiny-shakespeare [--work build/tiny-model] [--steps 4500]

A checkpoint is written every 250 steps; a run that was stopped goes on from it. README.md in this folder says what
the recipe is and why.
"""

import argparse
import json
import math
import pathlib
import random
import time

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

FOLDER = pathlib.Path(__file__).parent
SEED = 42
VOCABULARY = 1024
POSITIONS = 256
END = "<|endoftext|>"

# Sequences of a step by length: most are short, because heads form fastest there; the long ones teach all positions.
LENGTHS = [(64, 64, 0.6), (128, 32, 0.25), (256, 16, 0.15)]
PEAK_RATE, FLOOR_RATE, WARM_UP = 3e-3, 1e-4, 100
CHECKPOINT_EVERY = 250


def read_text() -> tuple[str, str]:
    """The text before and after the last tenth, cut between two speeches."""
    text = (FOLDER / "tinyshakespeare.txt").read_text(encoding="utf-8")
    cut = text.index("\n\n", int(len(text) * 0.9)) + 2
    return text[:cut], text[cut:]


def train_tokenizer(text: str) -> Tokenizer:
    """GPT-2's kind of tokenizer: byte-level BPE that loses nothing; `<|endoftext|>` is token 0."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[END],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    # Paragraph by paragraph: a whole book as one string takes the trainer much longer.
    tokenizer.train_from_iterator(text.split("\n\n"), trainer)
    return tokenizer


def new_model() -> GPT2LMHeadModel:
    torch.manual_seed(SEED)
    return GPT2LMHeadModel(
        GPT2Config(
            vocab_size=VOCABULARY,
            n_positions=POSITIONS,
            n_embd=128,
            n_layer=3,
            n_head=4,
            resid_pdrop=0.0,
            embd_pdrop=0.0,
            attn_pdrop=0.0,
            bos_token_id=0,
            eos_token_id=0,
        )
    )


def windows(tokens: torch.Tensor, count: int, length: int, generator: torch.Generator) -> torch.Tensor:
    """(count, length) pieces of the text; every fourth begins with the end-of-text token, as a document would."""
    starts = torch.randint(0, len(tokens) - length, (count,), generator=generator)
    pieces = tokens[starts[:, None] + torch.arange(length)]
    pieces[::4] = torch.cat([torch.zeros_like(pieces[::4, :1]), pieces[::4, :-1]], dim=1)
    return pieces


def repeats(tokens: torch.Tensor, count: int, length: int, generator: torch.Generator) -> torch.Tensor:
    """(count, length) sequences that repeat one piece of text, or of random tokens, from 5 tokens to half the length."""
    rows = []
    for row in range(count):
        period = int(torch.randint(5, length // 2 + 1, (1,), generator=generator))
        if row % 2 == 0:
            piece = windows(tokens, 1, period, generator)[0]
        else:
            piece = torch.randint(1, VOCABULARY, (period,), generator=generator)
        rows.append(piece.repeat(math.ceil(length / period))[:length])
    return torch.stack(rows)


def batch(tokens: torch.Tensor, generator: torch.Generator, choice: random.Random) -> tuple[torch.Tensor, torch.Tensor]:
    """Token ids and their positions: half of the sequences are text, half repeats; each stands somewhere in 0..255."""
    [(length, count, _)] = choice.choices(LENGTHS, weights=[share for _, _, share in LENGTHS])
    half = count // 2
    ids = torch.cat([windows(tokens, half, length, generator), repeats(tokens, half, length, generator)])
    # Half begin at position 0, as texts do; the others at any place, so that heads work alike at every position.
    offsets = torch.randint(0, POSITIONS - length + 1, (count,), generator=generator)
    offsets[::2] = 0
    return ids, offsets[:, None] + torch.arange(length)


def rate(step: int, steps: int) -> float:
    if step < WARM_UP:
        return PEAK_RATE * (step + 1) / WARM_UP
    progress = (step - WARM_UP) / max(1, steps - WARM_UP)
    return FLOOR_RATE + (PEAK_RATE - FLOOR_RATE) * 0.5 * (1 + math.cos(math.pi * progress))


@torch.no_grad()
def text_loss(model: GPT2LMHeadModel, tokens: torch.Tensor, length: int) -> float:
    """Mean next-token loss in nats over windows that lie side by side."""
    count = len(tokens) // length
    pieces = tokens[: count * length].view(count, length)
    losses = [float(model(piece, labels=piece).loss) * len(piece) for piece in pieces.split(16)]
    return sum(losses) / count


def bigram_loss(train: torch.Tensor, held_out: torch.Tensor) -> float:
    """Next-token loss of a bigram model with add-0.1 smoothing, which is better here than add-1."""
    counts = torch.full((VOCABULARY, VOCABULARY), 0.1, dtype=torch.float64)
    counts.index_put_((train[:-1], train[1:]), torch.ones(len(train) - 1, dtype=torch.float64), accumulate=True)
    probabilities = counts / counts.sum(dim=1, keepdim=True)
    return float(-probabilities[held_out[:-1], held_out[1:]].log().mean())


@torch.no_grad()
def heads(model: GPT2LMHeadModel, period: int, count: int = 16) -> dict[str, torch.Tensor]:
    """(layer, head) statistics over random sequences of distinct tokens, repeated once.

    previous_token: mean over rows i >= 1 of the weight on i - 1. induction: mean over the rows that have an earlier
    equal token of the weight on the token after it. loss: of the second half, in nats.
    """
    generator = torch.Generator().manual_seed(SEED + period)
    pieces = torch.stack([torch.randperm(VOCABULARY - 1, generator=generator)[:period] + 1 for _ in range(count)])
    ids = torch.cat([pieces, pieces], dim=1)
    output = model(ids, output_attentions=True)
    weights = torch.stack(output.attentions)  # (layers, count, heads, 2 * period, 2 * period)
    previous = weights.diagonal(offset=-1, dim1=-2, dim2=-1).mean(dim=(1, 3))
    induction = weights.diagonal(offset=1 - period, dim1=-2, dim2=-1)[..., 1:].mean(dim=(1, 3))
    loss = torch.nn.functional.cross_entropy(output.logits[:, period:-1].flatten(0, 1), ids[:, period + 1 :].flatten())
    return {"previous_token": previous, "induction": induction, "loss": loss}


def report(model: GPT2LMHeadModel, train: torch.Tensor, held_out: torch.Tensor) -> dict:
    model.eval()
    model.set_attn_implementation("eager")
    figures = {
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "held_out_loss": {length: round(text_loss(model, held_out, length), 4) for length in (64, 128, 256)},
        "bigram_loss": round(bigram_loss(train, held_out), 4),
        "repeated_random_tokens": {},
    }
    for period in (16, 32, 64, 128):
        found = heads(model, period)
        figures["repeated_random_tokens"][2 * period] = {
            name: {"largest": round(float(found[name].max()), 4), "layer, head": divmod(int(found[name].argmax()), 4)}
            for name in ("previous_token", "induction")
        } | {"loss_of_second_half": round(float(found["loss"]), 4)}
    model.set_attn_implementation("sdpa")
    return figures


def save(model: GPT2LMHeadModel, tokenizer: Tokenizer, held_out: str, out: pathlib.Path) -> GPT2LMHeadModel:
    """Writes Hugging Face's layout, weights rounded to float16; gives back the model as it reads from there."""
    out.mkdir(parents=True, exist_ok=True)
    model.half().save_pretrained(out)
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token=END,
        eos_token=END,
        unk_token=END,
        model_max_length=POSITIONS,
        clean_up_tokenization_spaces=False,
    )
    fast.save_pretrained(out)
    (out / "generation_config.json").unlink(missing_ok=True)
    # transformers 4 does not know version 5's name of the class.
    config = json.loads((out / "tokenizer_config.json").read_text())
    config["tokenizer_class"] = "PreTrainedTokenizerFast"
    config.pop("backend", None)
    (out / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    # 40,000 characters of the text that training never saw, cut between two speeches.
    (out / "held-out.txt").write_text(held_out[: held_out.index("\n\n", 40_000) + 1], encoding="utf-8")
    return GPT2LMHeadModel.from_pretrained(out, dtype=torch.float32)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--out", type=pathlib.Path, required=True, help="folder of the finished model")
    arguments.add_argument("--work", type=pathlib.Path, default=pathlib.Path("build/tiny-model"), help="checkpoints")
    arguments.add_argument("--steps", type=int, default=4500)
    arguments.add_argument("--threads", type=int, default=2)
    given = arguments.parse_args()
    torch.set_num_threads(given.threads)
    given.work.mkdir(parents=True, exist_ok=True)

    train_text, held_out_text = read_text()
    tokenizer = train_tokenizer(train_text)
    train = torch.tensor(tokenizer.encode(train_text).ids)
    held_out = torch.tensor(tokenizer.encode(held_out_text).ids)
    print(f"{len(train)} tokens to train on, {len(held_out)} held out", flush=True)

    model = new_model()
    model.train()
    decayed = [weight for weight in model.parameters() if weight.dim() > 1]
    others = [weight for weight in model.parameters() if weight.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": others, "weight_decay": 0.0}], betas=(0.9, 0.98)
    )
    generator = torch.Generator().manual_seed(SEED)
    choice = random.Random(SEED)
    checkpoint = given.work / "checkpoint.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=False)
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        generator.set_state(state["generator"])
        choice.setstate(state["choice"])
        first = state["step"]

    started = time.monotonic()
    for step in range(first, given.steps):
        for group in optimizer.param_groups:
            group["lr"] = rate(step, given.steps)
        ids, positions = batch(train, generator, choice)
        loss = model(ids, position_ids=positions, labels=ids).loss
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if (step + 1) % 50 == 0:
            print(f"step {step + 1} loss {float(loss.detach()):.3f} {time.monotonic() - started:.0f} s", flush=True)
        if (step + 1) % CHECKPOINT_EVERY == 0 or step + 1 == given.steps:
            state = {
                "model": model.state_dict(),
                "optimizer": optimizer.state_dict(),
                "generator": generator.get_state(),
                "choice": choice.getstate(),
                "step": step + 1,
            }
            torch.save(state, checkpoint.with_suffix(".new"))
            checkpoint.with_suffix(".new").replace(checkpoint)
            print(json.dumps(report(model, train, held_out)), flush=True)
            model.train()

    shipped = save(model, tokenizer, held_out_text, given.out)
    figures = report(shipped, train, held_out)
    (given.work / "report.json").write_text(json.dumps(figures, indent=2) + "\n")
    print(json.dumps(figures, indent=2))
    longest = figures["repeated_random_tokens"][2 * 32]
    assert longest["previous_token"]["largest"] > 0.5, "no previous-token head"
    assert longest["induction"]["largest"] > 0.4, "no induction head"
    assert figures["held_out_loss"][128] < figures["bigram_loss"] - 0.1, "no better than a bigram model"


if __name__ == "__main__":
    main()
