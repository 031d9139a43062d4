import type { JSX } from 'preact'
import { interval, shown } from '../parts/text.ts'
import type { Claim, Report, Verdict } from './report-types.ts'

const verdictWords: Readonly<Record<Verdict, { readonly word: string; readonly sign: string }>> = {
  supported: { word: 'Supported', sign: '\u2713' },
  refuted: { word: 'Refuted', sign: '\u2715' },
  not_distinguishable: { word: 'Not distinguishable', sign: '\u2248' },
}

/** The study's claims, each with its verdict. */
export function Verdicts({ report }: { readonly report: Report }): JSX.Element {
  const counts = (Object.keys(verdictWords) as Verdict[])
    .map((verdict) => [verdict, report.claims.filter((claim) => claim.verdict === verdict).length] as const)
    .filter(([, count]) => count > 0)
  const confidence = Math.round(report.config.confidence * 100)
  return (
    <section aria-labelledby="verdicts-heading">
      <div class="card-head">
        <h2 id="verdicts-heading">What {report.seeds.count.toLocaleString('en')} seeds say about the study’s claims</h2>
        <p class="quiet">
          {counts.map(([verdict, count]) => `${count} ${verdictWords[verdict].word.toLowerCase()}`).join(', ')}
        </p>
      </div>
      <ul class="claims">
        {report.claims.map((claim) => (
          <ClaimCard key={claim.id} claim={claim} confidence={confidence} />
        ))}
      </ul>
    </section>
  )
}

function ClaimCard({ claim, confidence }: { readonly claim: Claim; readonly confidence: number }): JSX.Element {
  const { word, sign } = verdictWords[claim.verdict]
  return (
    <li class={`card claim claim-${claim.verdict}`}>
      <p class="verdict">
        <span aria-hidden="true">{sign}</span> {word}
      </p>
      <h3>
        <span class="claim-says">The study says</span> {claim.statement}
      </h3>
      <p class="claim-evidence">{claim.evidence}</p>
      <dl class="facts">
        <div>
          <dt>{claim.statistic}</dt>
          <dd>{shown(claim.effect)}</dd>
        </div>
        <div>
          <dt>{confidence} % interval</dt>
          <dd>{interval(claim.confidence_interval, 4)}</dd>
        </div>
      </dl>
    </li>
  )
}
