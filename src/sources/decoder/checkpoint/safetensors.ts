import { UnsupportedModel } from '../unsupported.ts'
import { isObject, parseUniqueKeys } from './strict-json.ts'

/** Bits of an element, by the format's names of types: https://github.com/huggingface/safetensors */
const bitsOf: Readonly<Record<string, number>> = {
  BOOL: 8,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  I64: 64,
  U64: 64,
  F64: 64,
  C64: 64,
}

/** Headers of real models have some hundred bytes a tensor; a longer one is hostile or broken. */
const longestHeader = 16 * 2 ** 20

/** Where a tensor lies in its file. */
export interface TensorEntry {
  readonly name: string
  readonly dtype: string
  readonly shape: readonly number[]
  /** From the beginning of the file. */
  readonly offset: number
  readonly bytes: number
}

/** A file, or the memory that stands for one: `read` gives exactly these bytes or throws. */
export interface ByteSource {
  readonly size: number
  read(offset: number, length: number): Promise<Uint8Array>
}

/**
 * The tensors of a safetensors file by name. The header is believed in nothing: every tensor's bytes must follow from
 * its type and shape, and all tensors together must fill the file, without gap or overlap.
 * @throws UnsupportedModel
 */
export async function readTensorEntries(file: ByteSource, label: string): Promise<Map<string, TensorEntry>> {
  if (file.size < 8) throw new UnsupportedModel(`${label} has ${file.size} bytes, too few for a safetensors header`)
  const start = await file.read(0, 8)
  const length = Number(new DataView(start.buffer, start.byteOffset, 8).getBigUint64(0, true))
  if (length > longestHeader)
    throw new UnsupportedModel(`${label}: a header of ${length} bytes is longer than the limit of ${longestHeader}`)
  if (length > file.size - 8)
    throw new UnsupportedModel(`${label}: a header of ${length} bytes reaches beyond the file's end; is it truncated?`)
  const header = parseUniqueKeys(await file.read(8, length), `${label}: the header`)
  delete header.__metadata__
  const data = 8 + length
  const entries = Object.entries(header).map(([name, value]) => readEntry(name, value, data, label))
  checkLayout(entries, data, file.size, label)
  return new Map(entries.map((entry) => [entry.name, entry]))
}

function readEntry(name: string, value: unknown, data: number, label: string): TensorEntry {
  const where = `${label}: tensor ${JSON.stringify(name)}`
  if (!isObject(value)) throw new UnsupportedModel(`${where} is not described by an object`)
  const { dtype, shape, data_offsets: offsets } = value
  if (typeof dtype !== 'string' || !Object.hasOwn(bitsOf, dtype))
    throw new UnsupportedModel(`${where} has an unknown dtype ${JSON.stringify(dtype)}`)
  if (!isListOfNaturals(shape)) throw new UnsupportedModel(`${where} has no shape of whole numbers`)
  if (!isListOfNaturals(offsets) || offsets.length !== 2 || offsets[0]! > offsets[1]!)
    throw new UnsupportedModel(`${where} has no data_offsets [begin, end]`)
  const elements = shape.reduce((product, side) => product * side, 1)
  const bytes = (elements * bitsOf[dtype]!) / 8
  if (!Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes))
    throw new UnsupportedModel(`${where} has more elements than a file can hold`)
  if (offsets[1]! - offsets[0]! !== bytes)
    throw new UnsupportedModel(
      `${where}: ${dtype} of shape [${shape.join(', ')}] has ${bytes} bytes, data_offsets say ${offsets[1]! - offsets[0]!}`,
    )
  return { name, dtype, shape, offset: data + offsets[0]!, bytes }
}

function checkLayout(entries: readonly TensorEntry[], data: number, size: number, label: string): void {
  let end = data
  for (const { name, offset, bytes } of entries.toSorted((a, b) => a.offset - b.offset || a.bytes - b.bytes)) {
    const where = `${label}: tensor ${JSON.stringify(name)}`
    if (offset < end) throw new UnsupportedModel(`${where} overlaps the one before it`)
    if (offset > end) throw new UnsupportedModel(`${where} leaves a gap of ${offset - end} bytes before it`)
    end = offset + bytes
    if (end > size) throw new UnsupportedModel(`${where} ends beyond the file's end; is it truncated?`)
  }
  if (end !== size) throw new UnsupportedModel(`${label} has ${size - end} bytes that belong to no tensor`)
}

function isListOfNaturals(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((each) => Number.isSafeInteger(each) && each >= 0)
}
