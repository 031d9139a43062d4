"""The part of the HTTP contract that the benchmark's requests use, checked by pydantic."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Size = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0, lt=2**53)]


class Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Model(Strict):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)
    d_in: Size
    d_out: Size
    num_heads: Size
    context_length: Size | None = None
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0
    qkv_bias: bool = False
    seed: Seed = 42

    @model_validator(mode="after")
    def heads_divide(self):
        if self.d_out % self.num_heads:
            raise ValueError("d_out must be divisible by num_heads")
        return self


class Input(Strict):
    randn: Annotated[list[Size], Field(min_length=3, max_length=3)] | None = None
    seed: Seed = 42
    values: Any = None  # nested lists; NumPy checks them as it reads them


class Request(Strict):
    model: Model
    input: Input
    mode: Literal["eval"] = "eval"
    wanted: Annotated[list[Literal["weights", "context", "summary"]], Field(alias="return")] = ["weights", "context", "summary"]
