import type { ProblemOutline } from '../problem/outline.ts'
import type { AttentionProblem } from '../problem/problem.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** Parameters by PyTorch's names. */
export type NamedParameters = ReadonlyMap<string, Tensor>

/** What is wanted of a source: it need not draw, read or compute more. */
export interface Needs {
  /** Contexts, values and what follows from them; without, its problems are ones of maps alone. */
  readonly context: boolean
  /** Its parameters, all of them, to be shown. */
  readonly parameters: boolean
}

/** A member of an answer that says where its numbers come from. */
export type DescribedMember =
  | { readonly plain: unknown }
  /** One of a layer's `inputs`: its shape, and its values where the request returns inputs. */
  | { readonly input: string; readonly shape: readonly number[] }

/** What answers and figures say of a source. */
export interface SourceDescription {
  /** The first members of an answer, by their names on the wire, in order. */
  readonly members: readonly (readonly [name: string, member: DescribedMember])[]
  /** Whether its parameters are as they were initialised: then a map shows no learning. */
  readonly untrained: boolean
  /** For figures: what was computed, the positions and the item apart. */
  readonly words: readonly string[]
  /** And in which way, where that is not the usual one: `train mode`. */
  readonly modeWords: readonly string[]
  /** For figures: what a score is, such as `q . k / sqrt(head_dim)`. */
  readonly scoreWords: string
  /** Whether some weights are dropped before the values are mixed. */
  readonly drops: boolean
  /** Whether a request has masks of its own, so that an answer says how many rows see no key. */
  readonly masks: boolean
  /** Whether a context is one vector a head, as it is where no output projection follows: (batch, heads, query, width). */
  readonly contextByHead: boolean
}

/** One attention layer of a source, its problem ready to be solved. */
export interface SourceLayer {
  /** Its number; null where a source has but one. */
  readonly layer: number | null
  readonly problem: AttentionProblem
  /** What the answer may show of the inputs, by name. */
  readonly inputs: ReadonlyMap<string, Tensor>
  /** Null where they are not wanted. */
  readonly parameters: NamedParameters | null
  /** The problem has been solved: what it alone needed may be used for something else. */
  solved(): void
  /** Nothing of the layer is read any more. */
  end(): void
}

/**
 * Where attention problems come from: a model class and its seed, a state dict, given queries and keys, a layer of a
 * trained decoder. It knows no engine; whoever solves it takes one layer after the other, so that no more than one
 * layer's maps are ever there.
 */
export interface AttentionSource {
  /** Its name on the wire. */
  readonly kind: string
  /** What each of its layers will be like, before anything is drawn; never empty. */
  outlines(needs: Needs): readonly [ProblemOutline, ...ProblemOutline[]]
  describe(): SourceDescription
  /** Plain data, all that tells it from another source: equal ones have equal answers. */
  identity(): unknown
  /** What it takes beside the engine: bytes of parameters and inputs at their worst, operations of drawing them. */
  cost(needs: Needs): { readonly bytes: number; readonly operations: number }
  layers(needs: Needs): Iterable<SourceLayer> | AsyncIterable<SourceLayer>
}
