/** Requests that openapi.yaml shows and that are run when it is made: their answers are the examples of answers. */
export interface RouteExample {
  readonly method: 'GET' | 'POST'
  /** The path as the document has it. */
  readonly path: string
  readonly name: string
  readonly summary: string
  readonly body?: unknown
  /** Query string of a GET. */
  readonly query?: Readonly<Record<string, string>>
}

const study = { dropout: 0.1, seed: 42 }

export const examples: readonly RouteExample[] = [
  {
    method: 'POST',
    path: '/attention/causal',
    name: 'study',
    summary: "The source study's first model, its summary only",
    body: {
      model: { d_in: 20, d_out: 16, context_length: 8, qkv_bias: true, ...study },
      input: { randn: [5, 8, 20], seed: 42 },
      return: ['summary'],
    },
  },
  {
    method: 'POST',
    path: '/attention/causal',
    name: 'values',
    summary: 'Given values, tokens as labels',
    body: {
      model: { d_in: 3, d_out: 2, seed: 1 },
      input: {
        values: [
          [0.43, 0.15, 0.89],
          [0.55, 0.87, 0.66],
          [0.57, 0.85, 0.64],
        ],
      },
      tokens: ['Your', 'journey', 'starts'],
    },
  },
  {
    method: 'POST',
    path: '/attention/multi-head-wrapper',
    name: 'wrapper',
    summary: 'Two heads, drawn one after the other',
    body: { model: { d_in: 3, d_out: 2, num_heads: 2, seed: 123 }, input: { randn: [1, 4, 3], seed: 123 } },
  },
  {
    method: 'POST',
    path: '/attention/multi-head',
    name: 'two-heads',
    summary: "The source study's second model with 2 heads: weights, summary and how alike the heads are",
    body: {
      model: { d_in: 4, d_out: 4, num_heads: 2, ...study },
      input: { randn: [1, 6, 4], seed: 42, advance: 960 },
      return: ['weights', 'summary', 'similarity'],
    },
  },
  {
    method: 'POST',
    path: '/attention/multi-head',
    name: 'state-dict',
    summary: 'A state dict, as an oracle in float64',
    body: {
      model: {
        d_in: 2,
        d_out: 2,
        num_heads: 1,
        parameters: {
          'W_query.weight': [
            [1, 0],
            [0, 1],
          ],
          'W_key.weight': [
            [1, 0],
            [0, 1],
          ],
          'W_value.weight': [
            [1, 2],
            [3, 4],
          ],
          'out_proj.weight': [
            [1, 0],
            [0, 1],
          ],
          'out_proj.bias': [0, 0],
        },
      },
      input: {
        values: [
          [1, 0],
          [0, 1],
        ],
      },
      engine: 'reference',
    },
  },
  {
    method: 'POST',
    path: '/experiments/bias',
    name: 'study',
    summary: "The source study's configuration, 400 seeds, the arms that it had",
    body: { arms: ['none', 'qkv'] },
  },
  {
    method: 'POST',
    path: '/experiments/bias',
    name: 'notebook',
    summary: 'Its one run as it was drawn: a row an arm',
    body: { arms: ['none', 'qkv'], pairing: 'notebook', seeds: { list: [42] }, return: ['rows'] },
  },
  {
    method: 'POST',
    path: '/experiments/heads',
    name: 'notebook',
    summary: "The source study's one run as it was drawn: a row an arm",
    body: { pairing: 'notebook', seeds: { list: [42] }, return: ['rows'] },
  },
  {
    method: 'GET',
    path: '/attention/causal',
    name: 'link',
    summary: 'A result as a link',
    query: { d_in: '3', d_out: '2', randn: '1,3,3', seed: '1' },
  },
  {
    method: 'GET',
    path: '/attention/multi-head-wrapper',
    name: 'link',
    summary: 'A result as a link',
    query: { d_in: '3', d_out: '2', num_heads: '2', randn: '1,3,3', return: 'summary' },
  },
  {
    method: 'GET',
    path: '/attention/multi-head',
    name: 'link',
    summary: 'A result as a link',
    query: {
      d_in: '4',
      d_out: '4',
      num_heads: '2',
      seed: '42',
      randn: '1,6,4',
      input_seed: '42',
      advance: '960',
      return: 'summary',
    },
  },
]
