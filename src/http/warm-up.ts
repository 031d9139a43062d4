import { compute } from '../attention/compute.ts'
import type { Engines } from '../engines/select.ts'
import { causal } from './attention/causal.ts'
import { multiHead } from './attention/multi-head.ts'
import { multiHeadWrapper } from './attention/multi-head-wrapper.ts'
import type { AttentionKind } from './attention/kind.ts'
import { attentionForms, encodeAttention } from './attention-forms.ts'
import { readPresentation } from './read/presentation.ts'

/** Runs after which V8 has compiled the way of a small request. */
const smallRuns = 300

/**
 * Goes the way of a request before the first client does, below HTTP: small problems until their code is compiled, one
 * problem that is large enough for the main engine, whose sessions it builds.
 */
export async function warmUp(engines: Engines): Promise<void> {
  const shown = readPresentation({}, attentionForms)
  const run = async (kind: AttentionKind, width: number, length: number, runs: number): Promise<void> => {
    const heads = kind === causal ? {} : { num_heads: 2 }
    for (let seed = 0; seed < runs; seed++) {
      const request = kind.read({
        model: { d_in: width, d_out: width, seed, ...heads },
        input: { randn: [1, length, width], seed },
      })
      await encodeAttention(await compute(request, engines), request.presentation, 'json', shown)
    }
  }
  const classes = [causal, multiHeadWrapper, multiHead]
  for (const kind of classes) {
    await run(kind, 16, 8, smallRuns / classes.length)
    await run(kind, 64, 192, 1)
  }
}
