import { ServiceError } from '../errors.ts'
import { planOf } from '../sources/decoder/backbone/plan.ts'
import type { Interpreter } from '../sources/decoder/backbone/interpreter.ts'
import type { Plan } from '../sources/decoder/backbone/plan.ts'
import { UnsupportedModel } from '../sources/decoder/unsupported.ts'
import { HiddenCache } from './hidden-cache.ts'
import { fingerprintOf, inspect, openText, openWeights } from './inspect.ts'
import type { Inspected } from './inspect.ts'
import type { BackboneName, Backbones } from './interpreters.ts'
import { ModelText, unsupported } from './model-text.ts'
import { OpenModel } from './open-model.ts'
import { NoRoom, Room } from './room.ts'
import type { Kept, Use } from './room.ts'
import { findModels } from './scan.ts'
import type { FoundModel } from './scan.ts'
import { WeightStore } from './weight-store.ts'
import type { StoredWeights } from './weight-store.ts'

/** What is known of a model without computing with it. */
export type ModelDescription =
  | {
      readonly id: string
      readonly state: 'available' | 'loaded'
      readonly family: string
      readonly layers: number
      readonly heads: number
      readonly keyValueHeads: number
      readonly headDim: number
      readonly width: number
      readonly contextLength: number
      readonly vocabulary: number
      /** How many numbers it has learned. */
      readonly parameters: number
      /** Of its weights as the checkpoint has them. */
      readonly bytes: number
      readonly dtype: string
      /** Of the weights; null until they have been read once. */
      readonly sha256: string | null
      /** Whether it says anything of next tokens. */
      readonly nextTokens: boolean
    }
  | { readonly id: string; readonly state: 'unsupported'; readonly reason: string }

export interface ModelsOptions {
  /** MODELS_DIR. */
  readonly folder: string
  /** A folder of the service's own for weights as float32. */
  readonly dataFolder: string
  /** Bytes of loaded models, MODELS_MEMORY. */
  readonly memoryBytes: number
  /** Bytes of hidden states that are kept of texts seen before. */
  readonly hiddenBytes: number
  readonly backbones: Backbones
  /** Milliseconds that loading a model may take. */
  readonly loadTimeout: number
  /** Milliseconds; the monotonic clock by default. */
  readonly now?: () => number
}

/** A loaded model's numbers, for metrics and `GET /engines`. */
export interface LoadedModel {
  readonly id: string
  readonly backbone: BackboneName
  readonly bytes: number
  readonly secondsToLoad: number
}

/** What the registry holds and has done, for metrics and health. */
export interface ModelsStatus {
  readonly loaded: readonly LoadedModel[]
  /** Ids that are being loaded. */
  readonly loading: readonly string[]
  readonly bytes: number
  readonly limit: number
  readonly hidden: { readonly bytes: number; readonly hits: number; readonly misses: number }
}

/** A model's tokens. */
interface LoadedText extends Kept {
  readonly text: ModelText
}

/** A model that computes, with its tokens: room is made for all of it at once, so that no two wait for each other. */
interface Loaded extends LoadedText, LoadedModel {
  readonly sha256: string
  readonly weights: StoredWeights
  readonly plan: Plan
  readonly interpreter: Interpreter
}

/** A tokenizer in memory takes about so many times the bytes of its file: vocabulary and merges are maps of strings. */
const tokenizerFactor = 12

/** Milliseconds for which the folder is not searched again. */
const searchedFor = 1000

type Known = { readonly fingerprint: string } & (
  | { readonly inspected: Inspected; readonly reason?: undefined }
  | { readonly inspected?: undefined; readonly reason: string }
)

/**
 * The models of a folder: which there are, what they are, and computing with them. The folder may change at any time;
 * what a model's files say is looked at anew whenever they have changed. It knows nothing of HTTP; what it refuses are
 * `ServiceError`s.
 */
export class Models {
  readonly #options: ModelsOptions
  readonly #store: WeightStore
  readonly #room: Room<Loaded | LoadedText>
  readonly #hidden: HiddenCache
  readonly #known = new Map<string, Known>()
  readonly #digests = new Map<string, string>() // by fingerprint
  readonly #loading = new Map<string, string>() // ids by key
  #search: { readonly found: Promise<FoundModel[]>; readonly at: number } | null = null

  constructor(options: ModelsOptions) {
    this.#options = options
    this.#store = new WeightStore(options.dataFolder)
    this.#room = new Room(options.memoryBytes)
    this.#hidden = new HiddenCache(options.hiddenBytes)
  }

  /** Every model, in order of ids. */
  async list(): Promise<ModelDescription[]> {
    const found = await this.#find()
    const ids = new Set(found.map(({ id }) => id))
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#forget(id)
    const all: ModelDescription[] = []
    for (const model of found) all.push(this.#describe(model.id, await this.#look(model)))
    return all
  }

  /** @throws ServiceError `not-found` */
  async describe(id: string): Promise<ModelDescription> {
    return this.#describe(id, await this.#look(await this.#findOne(id)))
  }

  /** A model's tokens, without its weights. `end` it when it is no longer needed. @throws as `open` */
  async openText(id: string, signal?: AbortSignal): Promise<Use<ModelText>> {
    const model = await this.#findOne(id)
    const known = this.#supported(id, await this.#look(model))
    const { fingerprint, inspected } = known
    const make = (): Promise<LoadedText> => loadText(model, inspected)
    const use = await this.#use(id, `${id} ${fingerprint} text`, textBytesOf(inspected), make, signal)
    return { value: use.value.text, end: use.end }
  }

  /**
   * A model, loaded where it is not yet. `release` it when it is no longer needed.
   * @throws ServiceError `not-found`, `model-unsupported`, `engine-not-enabled` where the backbone is not there,
   *   `request-too-large` where it does not fit, `model-load-failed`; the signal's reason when that comes first
   */
  async open(id: string, backbone: BackboneName, signal?: AbortSignal): Promise<OpenModel> {
    const openBackbone = this.#options.backbones[backbone]
    if (openBackbone === undefined)
      throw new ServiceError('engine-not-enabled', `Models cannot be computed by ${backbone} here`)
    const model = await this.#findOne(id)
    const { fingerprint, inspected } = this.#supported(id, await this.#look(model))
    const use = await this.#use(
      id,
      `${id} ${fingerprint} ${backbone}`,
      bytesOf(inspected) + textBytesOf(inspected),
      (signal) => this.#load(model, fingerprint, inspected, backbone, openBackbone, signal),
      signal,
    )
    return new OpenModel({
      ...(use.value as Loaded),
      architecture: inspected.architecture,
      cache: this.#hidden,
      release: use.end,
    })
  }

  status(): ModelsStatus {
    const { bytes, hits, misses } = this.#hidden
    const loaded = this.#room.values.filter((each): each is Loaded => 'weights' in each)
    return {
      loaded: loaded.map(({ id, backbone, bytes, secondsToLoad }) => ({ id, backbone, bytes, secondsToLoad })),
      loading: [...new Set(this.#loading.values())],
      bytes: this.#room.bytes,
      limit: this.#room.limit,
      hidden: { bytes, hits, misses },
    }
  }

  close(): Promise<void> {
    return this.#room.close()
  }

  #find(): Promise<FoundModel[]> {
    const now = (this.#options.now ?? performance.now.bind(performance))()
    if (this.#search === null || now - this.#search.at >= searchedFor)
      this.#search = { found: findModels(this.#options.folder), at: now }
    return this.#search.found
  }

  async #findOne(id: string): Promise<FoundModel> {
    const isThis = (model: FoundModel): boolean => model.id === id
    let found = (await this.#find()).find(isThis)
    if (found === undefined) {
      this.#search = null // it may have come since
      found = (await this.#find()).find(isThis)
    }
    if (found !== undefined) return found
    this.#forget(id)
    throw new ServiceError(
      'not-found',
      `There is no model ${JSON.stringify(id)}; GET /models lists those that there are`,
    )
  }

  /** What a model's files say, read again only when they have changed. */
  async #look(model: FoundModel): Promise<Known> {
    const fingerprint = await fingerprintOf(model)
    const before = this.#known.get(model.id)
    if (before?.fingerprint === fingerprint) return before
    if (before !== undefined) this.#forget(model.id)
    let known: Known
    try {
      known = { fingerprint, inspected: await inspect(model, this.#store) }
    } catch (error) {
      known = { fingerprint, reason: reasonOf(error) }
    }
    this.#known.set(model.id, known)
    return known
  }

  /** What is loaded of a model goes when nobody uses it any more. */
  #forget(id: string): void {
    this.#known.delete(id)
    void this.#room.retire((key) => key.startsWith(`${id} `))
  }

  #supported(id: string, known: Known): Extract<Known, { inspected: Inspected }> {
    if (known.inspected === undefined) throw unsupported(id, known.reason)
    return known
  }

  #describe(id: string, known: Known): ModelDescription {
    if (known.inspected === undefined) return { id, state: 'unsupported', reason: known.reason }
    const { architecture, parameters, bytes, dtype } = known.inspected
    const { family, layers, width, contextLength, vocabulary, head } = architecture
    const { heads, keyValueHeads, headDim } = layers[0]!.attention
    const loaded = this.#room.values.some((each) => 'weights' in each && each.id === id)
    return {
      id,
      state: loaded ? 'loaded' : 'available',
      family,
      layers: layers.length,
      heads,
      keyValueHeads,
      headDim,
      width,
      contextLength,
      vocabulary,
      parameters: parameters.reduce((sum, { shape }) => sum + shape.reduce((product, side) => product * side, 1), 0),
      bytes,
      dtype,
      sha256: this.#digests.get(known.fingerprint) ?? known.inspected.sha256,
      nextTokens: head !== null,
    }
  }

  /** What is kept in the room, with the room's refusals as a client may see them. */
  async #use(
    id: string,
    key: string,
    bytes: number,
    make: (signal: AbortSignal) => Promise<Loaded | LoadedText>,
    signal: AbortSignal | undefined,
  ): Promise<Use<Loaded | LoadedText>> {
    const load = async (): Promise<Loaded | LoadedText> => {
      this.#loading.set(key, id)
      try {
        return await make(AbortSignal.timeout(this.#options.loadTimeout))
      } finally {
        this.#loading.delete(key)
      }
    }
    try {
      return await this.#room.use(key, bytes, load, signal)
    } catch (error) {
      throw signal?.aborted === true ? signal.reason : refusal(id, error)
    }
  }

  async #load(
    model: FoundModel,
    fingerprint: string,
    inspected: Inspected,
    backbone: BackboneName,
    openBackbone: NonNullable<Backbones[BackboneName]>,
    signal: AbortSignal,
  ): Promise<Loaded> {
    const begun = performance.now()
    const { architecture, parameters } = inspected
    const { text } = await loadText(model, inspected)
    const checkpoint = await openWeights(model)
    let weights: StoredWeights
    let sha256: string
    try {
      sha256 = await this.#store.digest(checkpoint, signal)
      weights = await this.#store.prepare(checkpoint, parameters, sha256, signal)
    } finally {
      await checkpoint.close()
    }
    try {
      if ((await fingerprintOf(model)) !== fingerprint)
        throw new Error('its files have changed while it was loaded; ask again')
      this.#digests.set(fingerprint, sha256)
      const interpreter = await openBackbone(weights)
      return {
        id: model.id,
        backbone,
        sha256,
        text,
        weights,
        plan: planOf(architecture),
        interpreter,
        bytes: weights.bytes + textBytesOf(inspected),
        secondsToLoad: (performance.now() - begun) / 1000,
        async close() {
          await interpreter.close()
          await weights.close()
        },
      }
    } catch (error) {
      await weights.close()
      throw error
    }
  }
}

async function loadText(model: FoundModel, { architecture }: Inspected): Promise<LoadedText> {
  const { tokenizer, chat } = await openText(model)
  return {
    text: new ModelText({
      tokenizer,
      chat,
      vocabulary: architecture.vocabulary,
      contextLength: architecture.contextLength,
    }),
    close: async () => {},
  }
}

function textBytesOf({ tokenizerBytes }: Inspected): number {
  return tokenizerBytes * tokenizerFactor
}

/** Weights as float32. */
function bytesOf({ parameters }: Inspected): number {
  return parameters.reduce((sum, { shape }) => sum + 4 * shape.reduce((product, side) => product * side, 1), 0)
}

function reasonOf(error: unknown): string {
  if (error instanceof UnsupportedModel) return error.message
  return `it cannot be read: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`
}

function refusal(id: string, error: unknown): unknown {
  if (error instanceof ServiceError) return error
  if (error instanceof UnsupportedModel) return unsupported(id, error.message)
  if (error instanceof NoRoom)
    return new ServiceError(
      'request-too-large',
      `The model ${id} needs ${error.bytes} bytes; all loaded models together may take ${error.limit}`,
      { extra: { estimated_bytes: error.bytes, limit_bytes: error.limit } },
    )
  const { name, message } = error as Error
  const why = name === 'TimeoutError' ? 'it took too long' : message
  return new ServiceError('model-load-failed', `The model ${id} could not be loaded: ${why}`, { cause: error })
}
