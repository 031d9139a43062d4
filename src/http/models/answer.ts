import type { Presentation } from '../../attention/presentation.ts'
import type { AttentionResult } from '../../attention/result.ts'
import { layerMembers } from '../../encoders/answer.ts'
import { tensorView } from '../../encoders/array-view.ts'
import type { EncodedLayer } from '../../encoders/model-layers.ts'
import { selectionOf } from '../../encoders/selection.ts'
import type { ModelToken } from '../../models/model-text.ts'
import { tokenPatterns, uniformTokenPatterns } from '../../statistics/token-patterns.ts'
import type { Repeats } from '../../statistics/token-patterns.ts'
import { receivedWeights, topKeys } from '../../statistics/top-keys.ts'
import type { ModelReturn } from './schema.ts'

export interface LayerWords {
  readonly returns: ReadonlySet<ModelReturn>
  readonly presentation: Presentation
  readonly topKeys: { readonly k: number; readonly minWeight: number }
  readonly repeats: Repeats
  /** Heads of the model that the result's heads are, by layer; null: all in order. */
  readonly headsOf: (layer: number) => readonly number[] | null
}

/** Tokens as they go over the wire. */
export function wireTokens(tokens: readonly ModelToken[]): Record<string, unknown>[] {
  return tokens.map(({ id, text, start, end, special }) => ({ id, text, start, end, special }))
}

/** What one layer came to, by the names of the wire; its maps stay the engine's until it is let go. */
export function encodedLayer(result: AttentionResult, words: LayerWords): EncodedLayer {
  const { returns, presentation, repeats } = words
  const layer = result.layer!
  const { size, output } = result
  const chosen = words.headsOf(layer) ?? Array.from({ length: size.heads }, (_, head) => head)
  const weights = output.weights
  const heads = Array.from({ length: size.heads }, (_, head) => head)
  const selection = selectionOf(presentation, size)
  const members = layerMembers(result, selection).map(([name, member]) => {
    if (name !== 'summary' || !('plain' in member)) return [name, member] as const
    const summary = member.plain as { weights: Record<string, unknown>; context: unknown }
    const patterns = heads.map((head) => tokenPatterns(weights!, 0, head, repeats))
    const { uniform, ...statistics } = summary.weights
    const equal = uniformTokenPatterns(weights!, 0, 0, repeats)
    const withPatterns = {
      ...statistics,
      induction: patterns.map(({ induction }) => induction),
      duplicate_token: patterns.map(({ duplicateToken }) => duplicateToken),
      uniform: { ...(uniform as object), induction: equal.induction, duplicate_token: equal.duplicateToken },
    }
    return [name, { plain: { ...summary, weights: withPatterns } }] as const
  })
  const rows = Array.from({ length: selection.rowCount }, (_, i) => selection.rowStart + i)
  const more: [string, { plain: unknown }][] = []
  if (returns.has('top_keys')) {
    const { k, minWeight } = words.topKeys
    const tops = heads.map((head) => rows.map((row) => topKeys(weights!, 0, head, row, k, minWeight)))
    more.push([
      'top_keys',
      {
        plain: {
          keys: tops.map((of) => of.map(({ keys }) => keys)),
          weights: tops.map((of) => of.map((row) => row.weights)),
          dropped: tops.map((of) => of.map(({ dropped }) => dropped)),
        },
      },
    ])
  }
  if (returns.has('received'))
    more.push(['received', { plain: heads.map((head) => receivedWeights(weights!, 0, head)) }])
  const hidden = returns.has('hidden_states')
    ? [['hidden_states', { array: tensorView(result.inputs.get('hidden_states')!) }] as const]
    : []
  return {
    layer,
    members: [['layer', { plain: layer }], ['heads', { plain: chosen }], ...members, ...more, ...hidden],
    letGo: () => result.letGo(),
  }
}
