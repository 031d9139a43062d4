import { readFileSync } from 'node:fs'

const PAGE = 4096

/** A process and all its descendants, from /proc (Linux). */
export function treeOf(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    return [pid, ...children.flatMap(treeOf)]
  } catch {
    return []
  }
}

/** Resident bytes of one process; shared pages count in each, so a sum over a tree errs upwards. */
function residentBytes(pid: number): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * PAGE
  } catch {
    return 0
  }
}

export function treeBytes(pid: number): number {
  return treeOf(pid).reduce((sum, each) => sum + residentBytes(each), 0)
}

/** Samples the tree's resident bytes every 5 ms until `stop`, which returns the greatest sum. */
export function watchPeak(pid: number): { stop(): number } {
  let peak = treeBytes(pid)
  const timer = setInterval(() => {
    peak = Math.max(peak, treeBytes(pid))
  }, 5)
  return {
    stop: () => {
      clearInterval(timer)
      return peak
    },
  }
}
