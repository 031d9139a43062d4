import { Readable } from 'node:stream'
import type { Presentation } from '../attention/presentation.ts'
import type { AttentionResult } from '../attention/result.ts'
import { sizeOf } from '../tensor/tensor.ts'
import { answerOf } from './answer.ts'
import type { Answer, Member } from './answer.ts'
import type { ArrayView } from './array-view.ts'
import { lendBlock, textBytes } from './blocks.ts'
import { withLeastBytes } from './least-bytes.ts'
import { npyHeader, npyText } from './npy.ts'
import { rowsToBytes } from './rows-to-bytes.ts'
import { zipOf, zipSize } from './zip.ts'
import type { ZipEntry } from './zip.ts'

/**
 * A result as numpy.savez writes it: a ZIP of .npy files, one an array, numbers before texts; `parameters` and
 * `similarity` give one a name (`similarity.pearson`). What is no array is JSON text in an array of one string
 * (`summary`, `model`, ...), which few readers but NumPy understand: `strings` false leaves it out.
 */
export function encodeNpz(result: AttentionResult, presentation: Presentation, strings: boolean): Readable {
  const files = [...filesOf(answerOf(result, presentation), '')]
  const entries = [
    ...files.filter(({ isText }) => !isText),
    ...(strings ? files.filter(({ isText }) => isText) : []),
  ].map(({ entry }) => entry)
  const stream = Readable.from(zipOf(entries, lendBlock), { objectMode: false, highWaterMark: 1 })
  return withLeastBytes(stream, zipSize(entries))
}

interface File {
  readonly entry: ZipEntry
  readonly isText: boolean
}

function* filesOf(members: Answer, prefix: string): Generator<File> {
  for (const [name, member] of members) yield* filesOfMember(prefix + name, member)
}

function* filesOfMember(name: string, member: Member): Generator<File> {
  if (name === 'input' && 'group' in member)
    yield* filesOfMember(name, Object.fromEntries(member.group).values!) // its shape is the array's
  else if ('group' in member) yield* filesOf(member.group, `${name}.`)
  else if ('plain' in member) {
    yield { entry: textEntry(`${name}.npy`, member.plain), isText: true }
  } else yield { entry: arrayEntry(`${name}.npy`, member.array), isText: false }
}

/** An array as a .npy file. */
export function arrayEntry(name: string, array: ArrayView): ZipEntry {
  const header = npyHeader('<f4', array.shape)
  return {
    name,
    size: header.length + 4 * sizeOf(array.shape),
    *pieces(memory) {
      yield header
      yield* rowsToBytes(array, textBytes, memory)
    },
  }
}

/** What is no array, as JSON text in an array of one string. */
export function textEntry(name: string, plain: unknown): ZipEntry {
  const bytes = npyText(JSON.stringify(plain))
  return { name, size: bytes.length, pieces: () => [bytes] }
}
