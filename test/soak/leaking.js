// The control of the memory test: a process that keeps 4 MiB of every batch of work.
const kept = []

process.on('message', () => {
  kept.push(Buffer.alloc(4 * 2 ** 20, kept.length + 1))
  process.send('done')
})
process.on('disconnect', () => process.exit())
process.send('up')
