"""Tiny random models of every family that is served, and what transformers computes with them.

    python test/truth/models.py

Each folder of test/truth/models is a model as Hugging Face lays it out, with `expected.safetensors` beside it:
`tokens` (T), `attentions` (layers, heads, T, T), `hidden` (T, width) after the last norm and, for decoders, `logits`
(vocabulary) of the last position and `losses` (T - 1) of each next token; `gained_*` are the same after head 1 of
layer 1 was halved and, where there are biases, all of layer 0's query biases were taken away and value biases doubled.
"""

import copy
import json
import pathlib
import shutil

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers, Regex, AddedToken
from transformers import AutoModel, AutoModelForCausalLM, PreTrainedTokenizerFast
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

HERE = pathlib.Path(__file__).parent
OUT = HERE / "models"
TEXT = (HERE.parent.parent / "models" / "tiny-shakespeare" / "held-out.txt")
LENGTH = 14

SMALL = dict(hidden_size=24, intermediate_size=40, num_hidden_layers=3, num_attention_heads=4, max_position_embeddings=32)
GROUPED = dict(num_key_value_heads=2, head_dim=8)

# name: model type, configuration, dtype of the file, what else is done to the folder
CASES = {
    "gpt2": ("gpt2", dict(n_embd=24, n_layer=3, n_head=4, n_positions=32), torch.float32, []),
    "gpt2-base": (
        "gpt2",
        dict(n_embd=24, n_layer=3, n_head=3, n_positions=32, n_inner=40, scale_attn_by_inverse_layer_idx=True),
        torch.float16,
        ["base"],
    ),
    "gpt-neox": ("gpt_neox", dict(SMALL, rope_parameters=dict(rope_type="default", rope_theta=100.0, partial_rotary_factor=0.7)), torch.float16, ["old"]),
    "gpt-neox-sequential": (
        "gpt_neox",
        dict(SMALL, hidden_size=32, use_parallel_residual=False, attention_bias=False, hidden_act="gelu_new"),
        torch.bfloat16,
        [],
    ),
    "llama": ("llama", dict(SMALL, **GROUPED), torch.bfloat16, ["sharded"]),
    "llama-linear": (
        "llama",
        dict(SMALL, attention_bias=True, mlp_bias=True, tie_word_embeddings=True, rope_parameters=dict(rope_type="linear", rope_theta=500.0, factor=4.0)),
        torch.float32,
        ["old"],
    ),
    "llama-llama3": (
        "llama",
        dict(SMALL, **GROUPED, rope_parameters=dict(rope_type="llama3", rope_theta=50.0, factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)),
        torch.bfloat16,
        ["old"],
    ),
    "llama-yarn": (
        "llama",
        dict(SMALL, **GROUPED, rope_parameters=dict(rope_type="yarn", rope_theta=50.0, factor=4.0, original_max_position_embeddings=8, beta_fast=2.0)),
        torch.bfloat16,
        [],
    ),
    "mistral": ("mistral", dict(SMALL, **GROUPED, sliding_window=5), torch.bfloat16, []),
    "qwen2": ("qwen2", dict(SMALL, num_key_value_heads=1, use_sliding_window=True, sliding_window=4, max_window_layers=1), torch.bfloat16, []),
    "qwen3": ("qwen3", dict(SMALL, num_key_value_heads=2, head_dim=10, tie_word_embeddings=True), torch.bfloat16, []),
    "gemma2": (
        "gemma2",
        dict(SMALL, **GROUPED, sliding_window=5, query_pre_attn_scalar=12, attn_logit_softcapping=2.0, final_logit_softcapping=3.0),
        torch.bfloat16,
        [],
    ),
    "gemma3-text": (
        "gemma3_text",
        dict(
            SMALL,
            **GROUPED,
            sliding_window=4,
            query_pre_attn_scalar=12,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            rope_parameters=dict(
                sliding_attention=dict(rope_type="default", rope_theta=30.0),
                full_attention=dict(rope_type="linear", rope_theta=300.0, factor=2.0),
            ),
        ),
        torch.bfloat16,
        [],
    ),
    "gemma3-text-old": (
        "gemma3_text",
        dict(
            SMALL,
            **GROUPED,
            sliding_window=4,
            query_pre_attn_scalar=12,
            layer_types=["sliding_attention", "full_attention", "sliding_attention"],
            rope_parameters=dict(
                sliding_attention=dict(rope_type="default", rope_theta=30.0),
                full_attention=dict(rope_type="linear", rope_theta=300.0, factor=2.0),
            ),
        ),
        torch.bfloat16,
        ["old"],
    ),
    "bert": ("bert", dict(SMALL, layer_norm_eps=1e-12), torch.float32, ["base"]),
    "bert-gamma": ("bert", dict(SMALL, hidden_act="relu"), torch.float16, ["base", "gamma"]),
}


def byte_level_bpe(normalizer=None, split=None, special=("<|endoftext|>",), post=None):
    tokenizer = Tokenizer(models.BPE())
    if normalizer is not None:
        tokenizer.normalizer = normalizer
    if split is None:
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    else:
        tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = post or processors.ByteLevel(trim_offsets=False)
    trainer = trainers.BpeTrainer(vocab_size=330, special_tokens=list(special), initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()), show_progress=False)
    return tokenizer, trainer


QWEN = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def sentencepiece_bpe(kind):
    """As converted LLaMA and Gemma tokenizers are: metaspaces, byte fallback."""
    specials = ["<unk>", "<s>", "</s>"] if kind != "gemma" else ["<pad>", "<eos>", "<bos>", "<unk>"]
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    replace = normalizers.Replace(" ", "▁")
    strip = [decoders.Strip(" ", 1, 0)]
    if kind == "legacy":
        tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), replace])
    elif kind == "metaspace":
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="first", split=False)
    else:
        tokenizer.normalizer = replace
        tokenizer.pre_tokenizer = pre_tokenizers.Split(" ", "merged_with_previous")
        strip = []
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), *strip])
    trainer = trainers.BpeTrainer(vocab_size=150, special_tokens=specials, show_progress=False, max_token_length=6)
    return tokenizer, trainer, specials


def with_bytes(tokenizer, specials, bos):
    """Adds the 256 byte tokens after the special ones, as sentencepiece has them, and the template with `bos`."""
    data = json.loads(tokenizer.to_str())
    tokens = [token for token in sorted(data["model"]["vocab"], key=data["model"]["vocab"].get) if token not in specials]
    order = [*specials, *(f"<0x{byte:02X}>" for byte in range(256)), *tokens]
    data["model"]["vocab"] = {token: index for index, token in enumerate(order)}
    result = Tokenizer.from_str(json.dumps(data))
    index = order.index(bos)
    result.post_processor = processors.TemplateProcessing(single=f"{bos} $A", pair=f"{bos} $A {bos} $B", special_tokens=[(bos, index)])
    return result


def make_tokenizer(name, texts):
    if name.startswith("bert"):
        tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=name == "bert")
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        tokenizer.decoder = decoders.WordPiece(prefix="##")
        specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
        tokenizer.train_from_iterator(texts, trainers.WordPieceTrainer(vocab_size=300, special_tokens=specials, show_progress=False))
        ends = [(token, tokenizer.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
        tokenizer.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends)
        return tokenizer
    if name in ("llama", "mistral", "llama-linear") or name.startswith("gemma"):
        kind = {"llama": "legacy", "llama-linear": "metaspace", "mistral": "metaspace"}.get(name, "gemma")
        tokenizer, trainer, specials = sentencepiece_bpe(kind)
        tokenizer.train_from_iterator(texts, trainer)
        return with_bytes(tokenizer, specials, "<bos>" if kind == "gemma" else "<s>")
    if name.startswith("qwen"):
        made = byte_level_bpe(normalizers.NFC(), [pre_tokenizers.Split(Regex(QWEN), "isolated")], ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
    elif name == "llama-llama3":
        made = byte_level_bpe(None, [pre_tokenizers.Split(Regex(LLAMA3), "isolated")], ["<|begin_of_text|>"])
    elif name == "llama-yarn":
        made = byte_level_bpe(None, [pre_tokenizers.Digits(individual_digits=True)], ["<|endoftext|>"])
    elif name.startswith("gpt-neox"):
        made = byte_level_bpe(normalizers.NFC(), post=processors.ByteLevel(trim_offsets=True))
    else:
        made = byte_level_bpe()
    tokenizer, trainer = made
    tokenizer.train_from_iterator(texts, trainer)
    if name == "llama-llama3":
        begin = "<|begin_of_text|>"
        tokenizer.post_processor = processors.Sequence(
            [processors.ByteLevel(trim_offsets=True), processors.TemplateProcessing(single=f"{begin} $A", pair=f"{begin} $A {begin} $B", special_tokens=[(begin, 0)])]
        )
    if name == "qwen2":
        tokenizer.add_special_tokens([AddedToken("<|mask|>", lstrip=True, special=True), AddedToken("<|tail|>", rstrip=True, special=True)])
        tokenizer.add_tokens([AddedToken("Romeo", single_word=True, normalized=True)])
    return tokenizer


AWKWARD = [
    "First Citizen: Before we proceed any further, hear me speak.",
    "don't CAN'T we'll I'VE they're he'd",
    "  two  spaces\n\nlines\r\n\ttabs   ",
    "1234567 3.14 12,000 \u00bd \u00b2 \u0664\u0662",
    "\u00dcn\u00efc\u00f6d\u00e9 na\u00efve caf\u00e9 \u00c5ngstr\u00f6m \u0130stanbul \u00df \u1e9e",
    "e\u0301 a\u0323\u0302 A\u030a o\u0328\u0301\u0334 \u1e69 s\u0307\u0323 \ufb01 \u2126 \u212b",
    "\u65e5\u672c\u8a9e\u306e\u30c6\u30ad\u30b9\u30c8 \u4e2d\u6587\u5206\u8bcd \ud55c\uad6d\uc5b4 \uac01\u1100\u1161\u11a8 \u304b\u3099",
    "\U0001f600 \U0001f44d\U0001f3fd\U0001f469\u200d\U0001f469\u200d\U0001f467 \U0001f1e9\U0001f1ea \U00020000x",
    "\u0938\u094d\u0924\u0947 \u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35 \u05e9\u05c1\u05b8\u05dc\u05d5\u05b9\u05dd \u0645\u0631\u062d\u0628\u0627",
    "a\u00a0b\u2003c\u3000d\u200be\ufefff\u0085g\u2028h",
    "\u0000\u0001x\u007f\ufffdy\u00adz",
    "<|endoftext|> <s>hi</s><bos> [CLS][SEP] [MASK]<unk>",
    "Romeo, Romeos Romeo! aRomeo  <|mask|>  x <|tail|>   y<|im_start|>user",
    "\u2581\u2581under \u2581 <0x0A> ##ing \u0120",
    "x",
    " ",
    "\n",
    "   leading and trailing   ",
    "caf\u00e9\u0301\u0301 \u00e9\u0301",
    "\u03a3\u03b1\u03c2 \u039f\u0394\u039f\u03a3 \u01c5 \ufb03 \u1fb3",
    "http://a.b/c?d=e&f=[g]{h}~`|\\",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa b",
]


def token_cases(tokenizer):
    """What the Python library says of awkward texts: ids, offsets in code points, what was added, each token alone."""
    cases = []
    for text in AWKWARD:
        for special in (True, False):
            made = tokenizer(text, add_special_tokens=special, return_offsets_mapping=True, return_special_tokens_mask=True)
            ids = made["input_ids"]
            cases.append(
                {
                    "text": text,
                    "special_tokens": special,
                    "ids": ids,
                    "offsets": made["offset_mapping"],
                    "special": made["special_tokens_mask"],
                    "texts": [tokenizer.decode([each], clean_up_tokenization_spaces=False) for each in ids],
                }
            )
    return cases


def randomize(model):
    """Weights large enough for maps that are far from uniform, norms and biases that are not what they begin as."""
    for name, weight in model.named_parameters():
        if weight.dim() > 1:
            weight.normal_(0, 0.25)
        elif name.endswith("bias") or name.endswith("beta"):
            weight.normal_(0, 0.3)
        else:
            weight.add_(torch.empty_like(weight).normal_(0, 0.2))


def output_projections(model, kind):
    body = getattr(model, model.base_model_prefix, model)
    if kind == "gpt2":
        return [layer.attn.c_proj for layer in body.h]
    if kind == "gpt_neox":
        return [layer.attention.dense for layer in body.layers]
    if kind == "bert":
        return [layer.attention.output.dense for layer in body.encoder.layer]
    return [layer.self_attn.o_proj for layer in body.layers]


def change_biases(model, kind, head_dim, heads):
    """Takes layer 0's query bias away and doubles its value bias; whether there were any."""
    body = getattr(model, model.base_model_prefix, model)
    if kind == "gpt2":
        bias = body.h[0].attn.c_attn.bias
        bias[: bias.numel() // 3] = 0
        bias[-bias.numel() // 3 :] *= 2
    elif kind == "gpt_neox":
        bias = body.layers[0].attention.query_key_value.bias
        if bias is None:
            return False
        parts = bias.view(heads, 3, head_dim)
        parts[:, 0] = 0
        parts[:, 2] *= 2
    else:
        attention = body.encoder.layer[0].attention.self if kind == "bert" else body.layers[0].self_attn
        query, value = (attention.query, attention.value) if kind == "bert" else (attention.q_proj, attention.v_proj)
        if query.bias is None:
            return False
        query.bias.zero_()
        value.bias.mul_(2)
    return True


def numbers(model, tokens, is_decoder):
    output = model(tokens[None], output_attentions=True, output_hidden_states=True)
    result = {
        "attentions": torch.stack([each[0] for each in output.attentions]),
        "hidden": output.hidden_states[-1][0],
    }
    if is_decoder:
        result["logits"] = output.logits[0, -1]
        result["losses"] = torch.nn.functional.cross_entropy(output.logits[0, :-1], tokens[1:], reduction="none")
    return {name: value.contiguous().float() for name, value in result.items()}


def old_spelling(kind, config):
    """The configuration as transformers 4 wrote it."""
    config["torch_dtype"] = config.pop("dtype", "float32")
    rope = config.pop("rope_parameters", None)
    config.pop("layer_types", None)
    if kind == "gpt_neox":
        config["rotary_pct"] = rope["partial_rotary_factor"]
        config["rotary_emb_base"] = rope["rope_theta"]
    elif kind == "gemma3_text":
        config["rope_local_base_freq"] = rope["sliding_attention"]["rope_theta"]
        config["rope_theta"] = rope["full_attention"].pop("rope_theta")
        config["rope_scaling"] = rope["full_attention"]
        config["sliding_window_pattern"] = 2
        config.pop("_sliding_window_pattern", None)
    else:
        config["rope_theta"] = rope.pop("rope_theta")
        config["rope_scaling"] = rope
        if rope["rope_type"] == "linear":
            rope["type"] = rope.pop("rope_type")
    return config


def gamma_names(folder):
    tensors = load_file(folder / "model.safetensors")
    renamed = {f"bert.{name}".replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): value for name, value in tensors.items()}
    save_file(renamed, folder / "model.safetensors")


@torch.no_grad()
def make(name, texts):
    kind, given, dtype, extras = CASES[name]
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tokenizer = make_tokenizer(name, texts)
    torch.manual_seed(len(name))
    config = CONFIG_MAPPING[kind](vocab_size=tokenizer.get_vocab_size(), bos_token_id=0, eos_token_id=0, pad_token_id=None, **given)
    config._attn_implementation = "eager"
    is_decoder = kind != "bert"
    model = (AutoModelForCausalLM if is_decoder else AutoModel).from_config(config, dtype=torch.float32).eval()
    randomize(model)
    for weight in model.parameters():
        weight.copy_(weight.to(dtype))  # what the file can hold; buffers, as of rotary positions, stay as they are
    saved = copy.deepcopy(model.base_model if "base" in extras else model).to(dtype)
    saved.save_pretrained(folder, max_shard_size="24KB" if "sharded" in extras else "5GB")
    (folder / "generation_config.json").unlink(missing_ok=True)
    if "gamma" in extras:
        gamma_names(folder)
    if "old" in extras:
        path = folder / "config.json"
        path.write_text(json.dumps(old_spelling(kind, json.loads(path.read_text())), indent=2) + "\n")
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False)
    fast.save_pretrained(folder)
    (folder / "tokenizer.json").write_text(json.dumps(json.loads(tokenizer.to_str()), ensure_ascii=False) + "\n")
    (folder / "tokens.json").write_text(json.dumps(token_cases(fast)) + "\n")

    heads = config.num_attention_heads
    head_dim = getattr(config, "head_dim", None) or config.hidden_size // heads
    tokens = torch.randint(0, config.vocab_size, (LENGTH,))
    expected = {"tokens": tokens.int(), **numbers(model, tokens, is_decoder)}

    def halve(_, inputs):
        changed = inputs[0].clone()
        changed[..., head_dim : 2 * head_dim] *= 0.5
        return (changed, *inputs[1:])

    output_projections(model, kind)[1].register_forward_pre_hook(halve)
    change_biases(model, kind, head_dim, heads)
    expected |= {f"gained_{key}": value for key, value in numbers(model, tokens, is_decoder).items()}
    save_file(expected, folder / "expected.safetensors")
    print(name, sum(path.stat().st_size for path in folder.iterdir()) // 1024, "KiB")


def main():
    text = TEXT.read_text() if TEXT.exists() else (HERE.parent.parent / "scripts/train-tiny-model/tinyshakespeare.txt").read_text()[-40_000:]
    extra = ["Ünïcödé naïve café", "日本語 中文 한국어", "😀 👍🏽 👩‍👩‍👧", "don't can't 1234 3.14", "  two  spaces\n\nlines\t"]
    for name in CASES:
        make(name, [*text.split("\n\n"), *extra])


if __name__ == "__main__":
    main()
