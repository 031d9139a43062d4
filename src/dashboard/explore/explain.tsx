import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { Alert } from '../parts/alert.tsx'
import { TextField } from '../parts/field.tsx'
import { shown } from '../parts/text.ts'
import { useRequest } from '../state/request.ts'
import { computeRow } from './calls.ts'
import { requestBody, tokensOf } from './config.ts'
import type { Config } from './config.ts'
import type { Cell } from './state.ts'

/** As many products and terms are printed; of more, the greatest. */
const printed = 12
/** exp of a greater score would be Infinity in a float64 sum; the softmax is the same without the row's greatest. */
const largestExponent = 500

type Map4 = readonly (readonly (readonly (readonly (number | null)[])[])[])[]

interface Row {
  readonly query: readonly number[]
  readonly keys: readonly (readonly number[])[]
  readonly scores: readonly (number | null)[]
  readonly weights: readonly number[]
}

/** How one weight came about: q_i . k_j, the scale, the exponent, the denominator. */
export function Explain({
  config,
  cell,
  item,
  name,
  scroll,
  onChange,
  onClose,
  onZoom,
}: {
  readonly config: Config
  readonly cell: Cell
  readonly item: number
  readonly name: string | null
  /** It was just asked for: brought into view. */
  readonly scroll: boolean
  readonly onChange: (change: Partial<Cell>) => void
  readonly onClose: () => void
  readonly onZoom: (() => void) | null
}): JSX.Element {
  const { head, query, key } = cell
  const request = useRequest(
    `${config.kind} ${head} ${query} ${item} ${JSON.stringify(requestBody(config))}`,
    async (signal): Promise<Row> => {
      const answer = await computeRow(config, head, query, signal)
      const of = (tensor: unknown) => (tensor as Map4)[item]![0]!
      return {
        query: of(answer.queries)[0] as number[],
        keys: of(answer.keys) as number[][],
        scores: of(answer.scores)[0]!,
        weights: of(answer.weights)[0] as number[],
      }
    },
    150,
  )
  const section = useRef<HTMLElement>(null)
  useEffect(() => {
    if (scroll)
      section.current?.scrollIntoView({
        block: 'nearest',
        behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth',
      })
  }, [])
  const tokens = tokensOf(config)
  const label = (position: number): string =>
    tokens?.[position] === undefined ? String(position) : `${position} \u201c${tokens[position]}\u201d`
  const place = (field: 'head' | 'query' | 'key') => ({
    label: field === 'head' ? 'Head' : field === 'query' ? 'Query i' : 'Key j',
    value: String(cell[field]),
    onChange: (text: string) => {
      if (/^\d{1,6}$/.test(text)) onChange({ [field]: Number(text) })
    },
  })
  return (
    <section class="card explain" ref={section} aria-labelledby="explain-heading">
      <div class="card-head">
        <h2 id="explain-heading">Where this weight comes from{name === null ? '' : ` (${name})`}</h2>
        {onZoom === null ? null : (
          <button type="button" class="button small" onClick={onZoom}>
            Zoom to it
          </button>
        )}
        <button type="button" class="button small" onClick={onClose}>
          Close
        </button>
      </div>
      <div class="fields cell-fields">
        <TextField {...place('head')} />
        <TextField {...place('query')} />
        <TextField {...place('key')} />
      </div>
      {request.problem === null ? null : <Alert problem={request.problem} />}
      {key > query ? (
        <p class="explain-result">
          Query {label(query)} comes before key {label(key)}: the causal mask gives it the weight <strong>0</strong>,
          exactly.
        </p>
      ) : request.data === undefined || (request.loading && request.data.keys[key] === undefined) ? (
        <p class="explain-result quiet">{request.problem === null ? 'Computing…' : ''}</p>
      ) : request.data.keys[key] === undefined ? (
        <p class="explain-result">There is no key {key}.</p>
      ) : (
        <Steps row={request.data} cell={cell} label={label} />
      )}
    </section>
  )
}

function Steps({
  row,
  cell,
  label,
}: {
  readonly row: Row
  readonly cell: Cell
  readonly label: (position: number) => string
}): JSX.Element {
  const { query, key } = cell
  const k = row.keys[key]!
  const products = row.query.map((q, dimension) => ({ dimension, q, k: k[dimension]!, product: q * k[dimension]! }))
  const dot = products.reduce((sum, { product }) => sum + product, 0)
  const score = row.scores[key] ?? NaN
  const seen = row.scores.slice(0, query + 1).map((one) => one ?? NaN)
  const greatest = Math.max(...seen)
  const shift = greatest > largestExponent ? greatest : 0
  const terms = seen.map((one, position) => ({ position, score: one, term: Math.exp(one - shift) }))
  const denominator = terms.reduce((sum, { term }) => sum + term, 0)
  const exponent = Math.exp(score - shift)
  const some =
    products.length <= printed
      ? products
      : [...products].sort((a, b) => Math.abs(b.product) - Math.abs(a.product)).slice(0, printed)
  const listed = terms.length <= printed ? terms : [...terms].sort((a, b) => b.term - a.term).slice(0, printed)
  const withOwn = listed.some(({ position }) => position === key)
    ? listed
    : [...listed.slice(0, printed - 1), terms[key]!]
  return (
    <>
      <p class="explain-result">
        Query {label(query)} gives key {label(key)} the weight <strong>{shown(row.weights[key], 5)}</strong>.
      </p>
      <ol class="steps">
        <li>
          <h3>
            q<sub>i</sub> · k<sub>j</sub> = {shown(dot, 5)}
          </h3>
          <div class="scroll" tabIndex={0} role="region" aria-label="Products of query and key">
            <table class="numbers compact">
              <thead>
                <tr>
                  <th scope="col">dim</th>
                  <th scope="col">
                    q<sub>i</sub>
                  </th>
                  <th scope="col">
                    k<sub>j</sub>
                  </th>
                  <th scope="col">product</th>
                </tr>
              </thead>
              <tbody>
                {some.map((one) => (
                  <tr key={one.dimension}>
                    <th scope="row">{one.dimension}</th>
                    <td>{shown(one.q)}</td>
                    <td>{shown(one.k)}</td>
                    <td>{shown(one.product)}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {some.length === products.length ? null : (
            <p class="quiet">
              The {printed} products of greatest magnitude, of {products.length}.
            </p>
          )}
        </li>
        <li>
          <h3>Scale by 1/√head_dim = {shown(1 / Math.sqrt(k.length), 5)}</h3>
          <p>
            Score s<sub>ij</sub> = {shown(dot, 5)} × {shown(1 / Math.sqrt(k.length), 5)} ={' '}
            <strong>{shown(score, 5)}</strong>
          </p>
        </li>
        <li>
          <h3>
            Exponent: exp(s<sub>ij</sub>) = {shown(exponent, 5)}
          </h3>
          {shift === 0 ? null : (
            <p class="quiet">
              The row’s greatest score, {shown(greatest)}, is taken off every score first; the weights stay the same.
            </p>
          )}
        </li>
        <li>
          <h3>
            Denominator: Σ exp(s<sub>ij′</sub>) = {shown(denominator, 5)}
          </h3>
          <div class="scroll" tabIndex={0} role="region" aria-label="Terms of the denominator">
            <table class="numbers compact">
              <thead>
                <tr>
                  <th scope="col">key j′</th>
                  <th scope="col">score</th>
                  <th scope="col">exp</th>
                  <th scope="col">weight</th>
                </tr>
              </thead>
              <tbody>
                {withOwn.map((one) => (
                  <tr key={one.position} class={one.position === key ? 'own' : undefined}>
                    <th scope="row">{label(one.position)}</th>
                    <td>{shown(one.score)}</td>
                    <td>{shown(one.term)}</td>
                    <td>{shown(row.weights[one.position])}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          {withOwn.length === terms.length ? null : (
            <p class="quiet">
              The greatest of {terms.length} terms: keys 0 to {query}.
            </p>
          )}
        </li>
        <li>
          <h3>
            Weight = {shown(exponent, 5)} / {shown(denominator, 5)} = {shown(exponent / denominator, 5)}
          </h3>
          <p class="quiet">The service computed {shown(row.weights[key], 7)} in float32.</p>
        </li>
      </ol>
    </>
  )
}
