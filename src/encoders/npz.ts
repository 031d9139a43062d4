import { Readable } from 'node:stream'
import { ZipFile } from './zip.ts'
import type { Presentation } from '../attention/presentation.ts'
import type { AttentionResult } from '../attention/result.ts'
import { answerOf } from './answer.ts'
import type { Answer, Member } from './answer.ts'
import type { ArrayView } from './array-view.ts'
import { lendBlock, textBytes } from './blocks.ts'
import { numbersIn, withLeastBytes } from './least-bytes.ts'
import { npyHeader, npyText } from './npy.ts'
import { rowsToBytes } from './rows-to-bytes.ts'

/** The ZIP format's first day, in local time, which is what it keeps: the same request gives the same bytes. */
const fixedTime = new Date(1980, 0, 1)
const entryOptions = { compress: false, mtime: fixedTime, forceDosTimestamp: true }

/**
 * A result as numpy.savez writes it: a ZIP of .npy files, one an array; `parameters` and `similarity` give one a name
 * (`similarity.pearson`); what is no array is JSON text in an array of one string (`summary`, `model`, ...).
 */
export function encodeNpz(result: AttentionResult, presentation: Presentation): Readable {
  const zip = new ZipFile()
  const answer = answerOf(result, presentation)
  addMembers(zip, answer, '')
  zip.end()
  return withLeastBytes(zip.outputStream as Readable, numbersIn(answer) * 4)
}

function addMembers(zip: ZipFile, members: Answer, prefix: string): void {
  for (const [name, member] of members) addMember(zip, prefix + name, member)
}

function addMember(zip: ZipFile, name: string, member: Member): void {
  if (name === 'input' && 'group' in member)
    addMember(zip, name, Object.fromEntries(member.group).values!) // its shape is the array's
  else if ('group' in member) addMembers(zip, member.group, `${name}.`)
  else if ('plain' in member) zip.addBuffer(npyText(JSON.stringify(member.plain)), `${name}.npy`, entryOptions)
  else
    zip.addReadStreamLazy(`${name}.npy`, entryOptions, (add) =>
      add(null, Readable.from(npyPieces(member.array), { objectMode: false, highWaterMark: 1 })),
    )
}

/** An array as a .npy file, in pieces that follow the reader. */
export function* npyPieces(array: ArrayView): Generator<Buffer> {
  yield npyHeader('<f4', array.shape)
  yield* rowsToBytes(array, textBytes, lendBlock)
}
