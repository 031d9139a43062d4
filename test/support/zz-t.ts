import { RunningService } from './running-service.ts'
const s = await RunningService.start({ WORKERS: '1', RATE_LIMIT: '100000', LOG_LEVEL: 'info' })
const body = { model: { d_in: 64, d_out: 64, num_heads: 8 }, input: { randn: [1, 40960, 64] }, return: ['summary'] }
for (const engine of ['onnxruntime', 'direct', 'reference']) {
  const r = await s.post('/attention/multi-head', { ...body, engine, ...(engine === 'reference' ? { input: { randn: [1, 6000, 64] } } : {}) }, { 'request-timeout': '3' })
  const t = performance.now()
  console.log(engine, r.status, r.ms.toFixed(0), r.text.slice(0, 300))
  const n = await s.post('/attention/causal', { model: { d_in: 4, d_out: 4 }, input: { randn: [1, 3, 4] } })
  console.log('next', n.status, (performance.now() - t).toFixed(0), 'ms after; restarts', (await s.workers())[0].restarts)
}
console.log((await s.get('/metrics')).text.split('\n').filter((l) => /work_units|forwarded|restarts/.test(l) && !l.startsWith('#')).join('\n'))
console.log(s.output.split('\n').filter((l) => /504|kill|deadline/.test(l)).map((l) => l.slice(0, 300)).join('\n'))
await s.stop()
