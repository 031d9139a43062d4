import { availableParallelism, totalmem } from 'node:os'
import { Type } from '@sinclair/typebox'
import type { Static, TSchema } from '@sinclair/typebox'
import { Value } from '@sinclair/typebox/value'
import { visibleGpus } from './engines/nvidia.ts'
import { readRange } from './http/client-address.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** One environment variable: how it is read, what it means. The table in docs/settings.md is generated from these. */
interface Setting {
  readonly schema: TSchema
  readonly read: (text: string) => unknown
  readonly fallback: (environment: Environment) => unknown
  /** The default as docs/settings.md prints it, where `fallback` depends on the machine. */
  readonly shownDefault?: string
  readonly meaning: string
  /** What a wrong value is told, where the schema alone cannot say it. */
  readonly wanted?: string
}

const text = (text: string): unknown => text
const number = (text: string): unknown => (/^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text)
const list = (text: string): unknown =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
const boolean = (text: string): unknown => ({ true: true, false: false })[text.toLowerCase()] ?? text
const proxies = (text: string): unknown => {
  if (text === 'false' || text === '0') return false
  if (text === 'true') return 1
  if (/^\d+$/.test(text)) return Number(text)
  const ranges = list(text) as string[]
  return ranges.length > 0 && ranges.every((range) => readRange(range) !== undefined) ? ranges : text
}
/** Without the slash at its end; `/` is no prefix at all. */
const path = (text: string): unknown => text.replace(/\/+$/, '')
const natural = (minimum: number, maximum: number) => Type.Integer({ minimum, maximum })
const oneOf = <T extends string>(...names: T[]) => Type.Union(names.map((name) => Type.Literal(name)))

/** Every environment variable of the service, and the only place that reads them. */
export const settings = {
  HOST: {
    schema: Type.String({ minLength: 1 }),
    read: text,
    fallback: () => '127.0.0.1',
    meaning: 'Address to listen on; images set 0.0.0.0.',
  },
  PORT: {
    schema: natural(0, 65535),
    read: number,
    fallback: () => 8080,
    meaning: 'Port to listen on; 0 takes a free one.',
  },
  BASE_PATH: {
    schema: Type.String({ pattern: '^(/(?!\\.{1,2}(/|$))[A-Za-z0-9._~-]+)*$' }),
    read: path,
    fallback: () => '',
    wanted: 'must be a path such as /tools/attention',
    meaning:
      'Path below which a reverse proxy shows the service, such as `/tools/attention`, whether the proxy strips it or ' +
      'not. Links, `Location` and the servers of openapi.yaml begin with it.',
  },
  ENGINE: {
    schema: oneOf('auto', 'direct', 'onnxruntime', 'tensorflow', 'reference'),
    read: text,
    fallback: () => 'auto',
    meaning:
      'Engine of requests that name none. `auto`: `direct` for small problems unless DEVICE is `gpu`, for the others one on a GPU where there is one, else `onnxruntime`.',
  },
  DEVICE: {
    schema: oneOf('auto', 'cpu', 'gpu'),
    read: text,
    fallback: () => 'auto',
    meaning: 'Device to compute on. `gpu` without a GPU: the service is not ready, and says why.',
  },
  WORKERS: {
    schema: natural(0, 256),
    read: number,
    fallback: (environment) => gpusOf(environment).length || Math.max(1, Math.floor(availableParallelism() / 2)),
    shownDefault: 'one per GPU, else one per two cores, at least 1',
    meaning: 'Worker processes. 0: everything in one process.',
  },
  DATA_DIR: {
    schema: Type.String({ minLength: 1 }),
    read: text,
    fallback: () => './data',
    meaning: 'Where jobs and their results are kept. One service at a time.',
  },
  MODELS_DIR: {
    schema: Type.String({ minLength: 1 }),
    read: text,
    fallback: () => './models',
    meaning: 'Folder of trained models, one a folder as Hugging Face lays it out; a Hugging Face cache works.',
  },
  MODELS_MEMORY: {
    schema: natural(1, 1 << 30),
    read: number,
    fallback: (environment) => {
      const limit = Number(environment.MEMORY_LIMIT) || Math.floor(memoryMiB() / 2)
      return Math.max(16, Math.floor(limit / 3))
    },
    shownDefault: 'a third of MEMORY_LIMIT',
    meaning: 'Bytes of trained models that are loaded, all workers together, MiB; the least recently used leave.',
  },
  DATABASE_URL: {
    schema: Type.String(),
    read: text,
    fallback: () => '',
    meaning: 'A PostgreSQL for the jobs, shared by any number of replicas; empty: an embedded one in DATA_DIR.',
  },
  DATABASE_TIMEOUT: {
    schema: Type.Number({ exclusiveMinimum: 0, maximum: 3600 }),
    read: number,
    fallback: () => 10,
    meaning: 'How long the PostgreSQL of DATABASE_URL may take to answer, seconds; then routes of jobs say 503.',
  },
  JOBS_RESET: {
    schema: Type.Boolean(),
    read: boolean,
    fallback: () => false,
    meaning:
      'An embedded database that is damaged or of another release is kept under another name, and an empty one begun.',
  },
  API_KEYS: {
    schema: Type.Array(Type.String({ minLength: 1 }), { minItems: 1 }),
    read: list,
    fallback: () => [],
    meaning: 'Keys, comma-separated. Set: every route but health, the dashboard and the page of /docs asks for one.',
  },
  CORS_ORIGINS: {
    schema: Type.Array(Type.String({ minLength: 1 })),
    read: list,
    fallback: () => [],
    meaning: 'Origins of other pages that may call the service, comma-separated; `*` for any.',
  },
  TRUST_PROXY: {
    schema: Type.Union([Type.Literal(false), Type.Integer({ minimum: 1, maximum: 100 }), Type.Array(Type.String())]),
    read: proxies,
    fallback: () => false,
    wanted: 'must be false, true, a number of proxies, or addresses and ranges such as 10.0.0.0/8,::1',
    meaning:
      'Proxies of your own whose X-Forwarded-For is believed: `false`, so many (`true` is one), or their addresses and ' +
      'ranges, comma-separated. The client is the last address that they do not vouch for.',
  },
  LOG_LEVEL: {
    schema: oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
    read: text,
    fallback: () => 'info',
    meaning: 'Least level that is logged.',
  },
  BODY_LIMIT: {
    schema: natural(1, 4096),
    read: number,
    fallback: () => 128,
    meaning: 'Decoded bytes of a request, MiB.',
  },
  MEMORY_LIMIT: {
    schema: natural(16, 1 << 30),
    read: number,
    fallback: () => Math.max(16, Math.floor(memoryMiB() / 2)),
    shownDefault: "half of the machine's or container's memory",
    meaning: 'Estimated bytes of work and answers in flight, all workers together, MiB.',
  },
  QUEUE_LIMIT: { schema: natural(0, 1_000_000), read: number, fallback: () => 256, meaning: 'Requests that may wait.' },
  REQUEST_TIMEOUT: {
    schema: Type.Number({ exclusiveMinimum: 0, maximum: 86_400 }),
    read: number,
    fallback: () => 60,
    meaning: 'Deadline of a request, queue and compute together, seconds.',
  },
  EXPERIMENT_TIMEOUT: {
    schema: Type.Number({ exclusiveMinimum: 0, maximum: 86_400 }),
    read: number,
    fallback: () => 300,
    meaning: 'The same of an experiment in one call, seconds.',
  },
  WORK_LIMIT: {
    schema: Type.Number({ exclusiveMinimum: 0, maximum: 1e12 }),
    read: number,
    fallback: () => 50_000,
    meaning: 'Estimated work units of one request to `/attention`; more is refused at once (`work-too-large`).',
  },
  RATE_LIMIT: {
    schema: natural(0, 1e9),
    read: number,
    fallback: () => 0,
    meaning: 'Work units a minute and key (or address); 0: no limit.',
  },
  MAX_SEEDS: { schema: natural(1, 1e9), read: number, fallback: () => 100_000, meaning: 'Seeds of one job.' },
  JOB_RETENTION: {
    schema: Type.Number({ exclusiveMinimum: 0, maximum: 3650 }),
    read: number,
    fallback: () => 7,
    meaning: 'Days that a finished job is kept.',
  },
  JOB_LIMIT: {
    schema: natural(1, 1e6),
    read: number,
    fallback: () => 16,
    meaning: 'Unfinished jobs of one key (or of everybody, where there are no keys).',
  },
  JOB_STORAGE: {
    schema: natural(1, 1 << 30),
    read: number,
    fallback: () => 4096,
    meaning: 'All that is kept of jobs: requests, rows, results and events, MiB.',
  },
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: Type.String(),
    read: text,
    fallback: () => '',
    meaning: 'Where OpenTelemetry traces go; empty: none, and nothing is loaded.',
  },
  OTEL_TRACES_EXPORTER: {
    schema: oneOf('otlp', 'none'),
    read: text,
    fallback: () => 'otlp',
    meaning: '`none`: no traces, whatever the endpoint.',
  },
  OTEL_SDK_DISABLED: {
    schema: Type.Boolean(),
    read: boolean,
    fallback: () => false,
    meaning: '`true`: no traces, and nothing is loaded.',
  },
  OTEL_SERVICE_NAME: {
    schema: Type.String(),
    read: text,
    fallback: () => '',
    shownDefault: '`attention-service`',
    meaning: 'The name of the service in its traces.',
  },
  OTEL_RESOURCE_ATTRIBUTES: {
    schema: Type.String(),
    read: text,
    fallback: () => '',
    meaning: 'More attributes of its traces, as `key=value,key=value`.',
  },
} as const satisfies Record<string, Setting>

export type Config = { readonly [Name in keyof typeof settings]: Static<(typeof settings)[Name]['schema']> }

/** A wrong environment value; the message is the one line that the start prints. */
export class ConfigError extends Error {}

/** Memory that this process may use: the container's limit where there is one, else the machine's. MiB. */
function memoryMiB(): number {
  const constrained = process.constrainedMemory()
  const bytes = constrained > 0 && constrained < totalmem() ? constrained : totalmem()
  return bytes / 2 ** 20
}

/** The configuration from environment variables; a variable that is set but empty counts as not set. */
export function readConfig(environment: Environment = process.env): Config {
  const entries = Object.entries(settings as Record<string, Setting>).map(([name, setting]) => {
    const given = environment[name]
    if (given === undefined || given === '') return [name, setting.fallback(environment)]
    const value = setting.read(given)
    const error = Value.Errors(setting.schema, value).First()
    if (error !== undefined) throw new ConfigError(`${name}=${given}: ${setting.wanted ?? wanted(setting.schema)}`)
    return [name, value]
  })
  return Object.fromEntries(entries) as Config
}

/** What a setting must be, in words. */
function wanted(schema: TSchema): string {
  if (schema.anyOf !== undefined)
    return `must be one of ${schema.anyOf.map((option: { const: string }) => option.const).join(', ')}`
  if (schema.type === 'boolean') return 'must be true or false'
  if (schema.type === 'integer') return `must be a whole number from ${schema.minimum} to ${schema.maximum}`
  if (schema.type === 'number') return `must be a number above ${schema.exclusiveMinimum}, at most ${schema.maximum}`
  if (schema.type === 'array') return 'must name at least one'
  return 'must not be empty'
}

/** The GPUs that workers may be given, by their names in CUDA_VISIBLE_DEVICES; none where DEVICE=cpu. */
export function gpusOf(environment: Environment = process.env): readonly string[] {
  return environment.DEVICE === 'cpu' ? [] : visibleGpus(environment.CUDA_VISIBLE_DEVICES)
}

/** Sets variables that native libraries read when they are loaded, unless the user has set them. */
export function defaultEnvironment(variables: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(variables)) process.env[name] ??= value
}

/** The environment for a child process: this one's, with `changes`. */
export function childEnvironment(changes: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...process.env, ...changes }
}
