/** One sample of the Prometheus text format. */
export interface Sample {
  readonly name: string
  readonly labels: string
  readonly value: number
}
export interface Metric {
  readonly name: string
  readonly help: string
  readonly type: string
  readonly samples: readonly Sample[]
}

/** Reads the Prometheus text exposition format, version 0.0.4. */
export function readMetrics(text: string): Metric[] {
  const metrics = new Map<string, { name: string; help: string; type: string; samples: Sample[] }>()
  const of = (name: string) => {
    const known = metrics.get(name) ?? { name, help: '', type: 'untyped', samples: [] }
    metrics.set(name, known)
    return known
  }
  for (const line of text.split('\n')) {
    const comment = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line)
    if (comment !== null) {
      const metric = of(comment[2]!)
      if (comment[1] === 'HELP') metric.help = comment[3]!
      else metric.type = comment[3]!
      continue
    }
    const sample = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)/.exec(line)
    if (sample === null) continue
    const base = sample[1]!.replace(/_(bucket|sum|count)$/, '')
    of(metrics.has(base) ? base : sample[1]!).samples.push({
      name: sample[1]!,
      labels: sample[2] ?? '',
      value: Number(sample[3]),
    })
  }
  return [...metrics.values()].filter(({ samples }) => samples.length > 0)
}

/** A metric's samples as a person reads them: of a histogram or summary its count and mean. */
export function readable(metric: Metric): { readonly labels: string; readonly value: number; readonly note: string }[] {
  if (metric.type !== 'histogram' && metric.type !== 'summary')
    return metric.samples.map(({ labels, value }) => ({ labels, value, note: '' }))
  const sums = new Map(
    metric.samples.filter(({ name }) => name.endsWith('_sum')).map(({ labels, value }) => [labels, value]),
  )
  return metric.samples
    .filter(({ name }) => name.endsWith('_count'))
    .map(({ labels, value }) => ({
      labels,
      value,
      note: value > 0 && sums.has(labels) ? `mean ${Number((sums.get(labels)! / value).toPrecision(3))}` : '',
    }))
}
