import { headsArms, similarityArm } from '../../experiments/heads/arms.ts'
import type { Report } from '../../experiments/report.ts'

/** What a claim is about, as a picture needs it: one arm's statistic, or its difference from another arm's. */
export interface ClaimForm {
  readonly arm: string
  readonly baseline: string | null
  readonly statistic: string
  /** Where an interval that lies wholly within supports the claim; null where another test judges it. */
  readonly supports: readonly [from: number, to: number] | null
  /** The value that separates supporting from refuting, or that would be no effect at all. */
  readonly reference: number
}

/** One statistic of every arm, a value a seed, NaN where it is not defined: `Sample` of experiments/. */
export interface SeedValues {
  of(arm: string, statistic: string): Float64Array
}

const above: readonly [number, number] = [0, Infinity]

/** The form of a claim by its id; null of one that is not known here. */
export function claimForm(report: Report, id: string): ClaimForm | null {
  if (report.experiment === 'bias') return biasForm(id)
  const { numHeads, dOut } = report.config.model as { numHeads: readonly number[]; dOut: number }
  const margin = report.config.margin as number
  const last = numHeads.at(-1)!
  const [few, many] = [numHeads[0]!, last].toSorted((a, b) => a - b) as [number, number]
  const name = (heads: number): string => headsArms({ numHeads, dOut }).find((arm) => arm.numHeads === heads)!.name
  switch (id) {
    case 'heads-redundant':
      return {
        arm: similarityArm({ numHeads, dOut }).name,
        baseline: null,
        statistic: 'rowCenteredPearson',
        supports: [margin, Infinity],
        reference: 0,
      }
    case 'contexts-identical':
      return {
        arm: name(last),
        baseline: null,
        statistic: 'contextDifference',
        supports: [-Infinity, margin],
        reference: margin,
      }
    case 'more-heads-no-better':
      return {
        arm: name(many),
        baseline: name(few),
        statistic: 'klFromUniform',
        supports: [-Infinity, 0],
        reference: 0,
      }
    case 'small-head-dim-limits':
      return { arm: name(few), baseline: name(many), statistic: 'effectiveRank', supports: above, reference: 0 }
    default:
      return null
  }
}

function biasForm(id: string): ClaimForm | null {
  switch (id) {
    case 'bias-more-uniform':
      return { arm: 'qkv', baseline: 'none', statistic: 'normalizedEntropy', supports: above, reference: 0 }
    case 'no-bias-sharper-peaks':
      return { arm: 'none', baseline: 'qkv', statistic: 'maxWeight', supports: above, reference: 0 }
    case 'bias-wider-context':
      return { arm: 'qkv', baseline: 'none', statistic: 'contextRange', supports: above, reference: 0 }
    case 'bias-content-independent-prior':
      return { arm: 'qkv', baseline: null, statistic: 'keyPreferenceShare', supports: null, reference: 0 }
    default:
      return null
  }
}

/** A claim's effect of every seed. */
export function claimValues(form: ClaimForm, seeds: SeedValues): Float64Array {
  const values = seeds.of(form.arm, form.statistic)
  if (form.baseline === null) return values
  const baseline = seeds.of(form.baseline, form.statistic)
  return values.map((value, at) => value - baseline[at]!)
}
