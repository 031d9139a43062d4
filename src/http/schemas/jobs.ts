import { Type } from '@sinclair/typebox'
import type { TSchema } from '@sinclair/typebox'
import { experimentKinds } from '../../experiments/kinds.ts'
import { jobStates } from '../../jobs/job.ts'
import type { JobDocument, JobState } from '../../jobs/job.ts'
import { experimentForms } from '../experiments/form-names.ts'
import { mediaTypes } from '../negotiate.ts'
import { ExperimentAnswer } from '../experiments/answer.ts'
import { Problem, problemResponses } from './problems.ts'

const names = <T extends string>(values: readonly T[]) => Type.Union(values.map((value) => Type.Literal(value)))
const Time = Type.String({ format: 'date-time' })
const MaybeTime = (description: string) => Type.Union([Time, Type.Null()], { description })

export const JobBody = Type.Object(
  {
    id: Type.String(),
    kind: names(experimentKinds),
    state: names(jobStates),
    progress: Type.Object(
      {
        done: Type.Integer(),
        total: Type.Integer(),
        unit: Type.String({ description: 'What is counted, e.g. seed.' }),
      },
      { description: 'Units that are done, of those that there are.' },
    ),
    created_at: Time,
    started_at: MaybeTime('When its first chunk was taken.'),
    finished_at: MaybeTime('When it ended.'),
    expires_at: MaybeTime('When its result goes (JOB_RETENTION).'),
    problem: Type.Optional(
      Type.Object({ code: Problem.properties.code, detail: Type.String() }, { description: 'Why it failed.' }),
    ),
    links: Type.Object({ self: Type.String(), result: Type.String(), events: Type.String() }),
  },
  { title: 'Job' },
)

/** One server-sent event; a stream of them has no schema of its own in OpenAPI 3.1. */
const JobEvent = Type.Object(
  {
    id: Type.String({ description: 'Counts from 1; for Last-Event-ID.' }),
    event: names(['progress', 'succeeded', 'failed', 'cancelled']),
    data: Type.String({ contentMediaType: 'application/json', description: 'The job at that moment.' }),
  },
  { title: 'JobEvent' },
)

const JobList = Type.Object(
  {
    jobs: Type.Array(JobBody),
    next: Type.Union([Type.String(), Type.Null()], {
      description: 'The address of the next page; null: this is the last.',
    }),
  },
  { title: 'JobList' },
)

const links = {
  self: '/jobs/Zq4mV0Xk2s8Jt1yBwN7c3A',
  result: '/jobs/Zq4mV0Xk2s8Jt1yBwN7c3A/result',
  events: '/jobs/Zq4mV0Xk2s8Jt1yBwN7c3A/events',
}
const begun = { id: 'Zq4mV0Xk2s8Jt1yBwN7c3A', kind: 'bias', created_at: '2026-03-02T09:30:00.000Z' } as const
const times = {
  started_at: '2026-03-02T09:30:00.120Z',
  finished_at: '2026-03-02T09:31:10.450Z',
  expires_at: '2026-03-09T09:31:10.450Z',
}

/**
 * Jobs as the documents show them: written by hand, since times and ids are never the same twice. A test holds them to
 * the schema.
 */
export const jobExamples: Readonly<Record<JobState, JobDocument>> = {
  queued: {
    ...begun,
    state: 'queued',
    progress: { done: 0, total: 20_000, unit: 'seed' },
    started_at: null,
    finished_at: null,
    expires_at: null,
    links,
  },
  running: {
    ...begun,
    state: 'running',
    progress: { done: 8_500, total: 20_000, unit: 'seed' },
    started_at: times.started_at,
    finished_at: null,
    expires_at: null,
    links,
  },
  succeeded: { ...begun, state: 'succeeded', progress: { done: 20_000, total: 20_000, unit: 'seed' }, ...times, links },
  failed: {
    ...begun,
    state: 'failed',
    progress: { done: 8_500, total: 20_000, unit: 'seed' },
    ...times,
    problem: { code: 'engine-failed', detail: 'The engine failed.' },
    links,
  },
  cancelled: { ...begun, state: 'cancelled', progress: { done: 8_500, total: 20_000, unit: 'seed' }, ...times, links },
}

const params = Type.Object({ id: Type.String({ description: 'As the 202 gave it.' }) })
const jobContent = (...shown: (keyof typeof jobExamples)[]) => ({
  'application/json': {
    schema: JobBody,
    examples: Object.fromEntries(
      shown.map((name) => [name, { summary: `A job that is ${name}`, value: jobExamples[name] }]),
    ),
  },
})
const job = (description: string, ...shown: (keyof typeof jobExamples)[]) => ({
  description,
  content: jobContent(...shown),
})
const binary = (description: string) => ({ schema: Type.String({ format: 'binary', description }) })

/** The answer to an experiment that is to be a job. */
export const acceptedAnswer = {
  description:
    'With `Prefer: respond-async`: accepted as a job, or the job that was accepted for the same request before.',
  headers: {
    Location: Type.String({ description: 'The address of the job.' }),
    'Preference-Applied': Type.Literal('respond-async', { description: 'The preference that was followed.' }),
  },
  content: jobContent('queued'),
}

export const preferHeader = Type.Object({
  prefer: Type.Optional(
    Type.String({ description: '`respond-async`: answer 202 at once and compute as a job (RFC 7240).' }),
  ),
})

/** What openapi.yaml says of each route. */
export const jobDocs = {
  list: {
    tags: ['jobs'],
    operationId: 'listJobs',
    summary: "The caller's jobs, newest first",
    querystring: Type.Object(
      {
        limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
        before: Type.Optional(
          Type.String({ pattern: '^[A-Za-z0-9_-]{22}$', description: 'Only jobs older than the one of this id.' }),
        ),
      },
      { additionalProperties: false },
    ),
    response: {
      200: { description: 'A page of jobs.', content: { 'application/json': { schema: JobList } } },
      ...problemResponses(400, 503),
    },
  },
  get: {
    tags: ['jobs'],
    operationId: 'getJob',
    summary: 'State and progress of a job',
    params,
    response: { 200: job('The job.', 'running', 'succeeded', 'failed'), ...problemResponses(404, 503) },
  },
  result: {
    tags: ['jobs'],
    operationId: 'getJobResult',
    summary: 'What the synchronous call would have answered',
    params,
    description:
      'Byte for byte, in the form that Accept asks for. Of a failed job it is the problem document that the job failed with.',
    querystring: Type.Object(
      {
        format: Type.Optional(
          Type.Union(
            experimentForms.map((form) => Type.Literal(form)),
            { description: 'The form, for clients that cannot set Accept.' },
          ),
        ),
      },
      { additionalProperties: false },
    ),
    response: {
      200: {
        description: 'The result.',
        content: {
          [mediaTypes.json]: { schema: ExperimentAnswer },
          [mediaTypes.csv]: { schema: Type.String({ description: 'One record a seed and arm, with a header line.' }) },
          [mediaTypes.vegalite]: { schema: Type.Object({ $schema: Type.String() }) },
          [mediaTypes.svg]: { schema: Type.String() },
          [mediaTypes.png]: binary('The figure.'),
        } as Record<string, { schema: TSchema }>,
      },
      ...problemResponses(400, 404, 406, 409, 410, 413, 500, 503, 504),
    },
  },
  events: {
    tags: ['jobs'],
    operationId: 'getJobEvents',
    summary: 'Progress as server-sent events',
    params,
    description:
      '`progress` events, then one of `succeeded`, `failed`, `cancelled`; the data of each is the job. A comment every ten seconds keeps the connection.',
    headers: Type.Object({
      'last-event-id': Type.Optional(Type.String({ description: 'Goes on after the event of this id.' })),
    }),
    response: {
      200: { description: 'The events, from the first on.', content: { 'text/event-stream': { schema: JobEvent } } },
      204: { description: 'The job has ended and the last event is known: do not connect again.' },
      ...problemResponses(400, 404, 410, 503),
    },
  },
  cancel: {
    tags: ['jobs'],
    operationId: 'cancelJob',
    summary: 'Cancel a job',
    params,
    response: { 202: job('The job, cancelled.', 'cancelled'), ...problemResponses(404, 409, 503) },
  },
} as const
