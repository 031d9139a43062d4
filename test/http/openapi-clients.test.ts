import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import openapiTS, { astToString } from 'openapi-typescript'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pythonWith, runPython } from '../support/python.ts'
import { RunningService } from '../support/running-service.ts'
import { absent } from '../support/skip.ts'

const root = join(import.meta.dirname, '../..')
const document = join(root, 'openapi.yaml')

/** What the generated client in Python is asked to do; it prints one line a call. */
const calls = `
import sys
sys.path.insert(0, sys.argv[1])
from attention_client import Client, models
from attention_client.api.attention import get_multi_head_attention, post_causal_attention
from attention_client.api.experiments import post_bias_experiment, post_heads_experiment
from attention_client.api.service import get_engines

client = Client(base_url=sys.argv[2], raise_on_unexpected_status=True)
print(type(get_engines.sync(client=client)).__name__)

body = models.CausalAttentionRequest(
    model=models.CausalAttentionRequestModel(d_in=3, d_out=2, seed=1),
    input_=models.RandomInput(randn=[1, 4, 3]),
)
answer = post_causal_attention.sync(client=client, body=body)
print(type(answer).__name__, answer.checks.finite, len(answer.weights[0][0]))

state_dict = {"W_query.weight": [[1]], "W_key.weight": [[1]], "W_value.weight": [[2]]}
body = models.CausalAttentionRequest.from_dict(
    {"model": {"d_in": 1, "d_out": 1, "parameters": state_dict}, "input": {"values": [[1.5], [1.5]]}}
)
print(post_causal_attention.sync(client=client, body=body).context)

answer = get_multi_head_attention.sync(
    client=client, d_in=4, d_out=4, num_heads=2, randn=[1, 2, 4], tokens=["Hello,", "world"],
    return_=[models.GetMultiHeadAttentionReturnItem.WEIGHTS],
)
print(answer.tokens, answer.context is models.attention_answer.UNSET)

report = post_bias_experiment.sync(client=client, body=models.BiasExperimentRequest.from_dict({"seeds": {"count": 20}}))
print(type(report).__name__, report.seeds.count, len(report.claims) > 0)
body = models.HeadsExperimentRequest.from_dict({"seeds": {"list": [7, 8, 9]}, "input": {"batch": 2, "seq_len": 5}})
report = post_heads_experiment.sync(client=client, body=body)
print(type(report).__name__, report.seeds.count)
`

const validator = pythonWith('openapi_spec_validator', 'yaml')
const generator = pythonWith('openapi_python_client', 'httpx')

describe('openapi.yaml', () => {
  it.skipIf(absent(validator === null, 'openapi-spec-validator (pip install -r test/requirements.txt)'))(
    'is valid OpenAPI 3.1',
    () => {
      const script = `
import sys, yaml
from openapi_spec_validator import OpenAPIV31SpecValidator
for error in OpenAPIV31SpecValidator(yaml.load(sys.stdin, Loader=yaml.CSafeLoader)).iter_errors():
    print(list(error.absolute_path), error.message[:300])
`
      expect(runPython(validator!, script, readFileSync(document))).toBe('')
    },
    120_000,
  )

  describe.skipIf(absent(generator === null, 'openapi-python-client (pip install -r test/requirements.txt)'))(
    'makes a client in Python',
    () => {
      const folder = mkdtempSync(join(tmpdir(), 'attention-client-'))
      let service: RunningService
      beforeAll(async () => {
        service = await RunningService.start({ WORKERS: '0', ENGINE: 'direct' })
      }, 70_000)
      afterAll(async () => {
        await service.stop()
        rmSync(folder, { recursive: true, force: true })
      }, 70_000)

      it('with every operation, which computes, runs experiments and reads what it gets', () => {
        const config = join(folder, 'config.yaml')
        writeFileSync(config, 'post_hooks: []\n')
        const output = join(folder, 'attention_client')
        const args = ['-m', 'openapi_python_client', 'generate', '--path', document, '--output-path', output]
        const made = spawnSync(generator!, [...args, '--meta', 'none', '--config', config], { encoding: 'utf8' })
        expect(made.status, made.stderr).toBe(0)
        // It leaves out what it does not understand, and only warns.
        expect(made.stdout + made.stderr).not.toMatch(/warning|unable|will not be generated/i)
        const operations = readdirSync(join(output, 'api/experiments')).filter((name) => name.startsWith('post_'))
        expect(operations.sort()).toEqual(['post_bias_experiment.py', 'post_heads_experiment.py'])

        const used = spawnSync(generator!, ['-c', calls, folder, `http://127.0.0.1:${service.port}`], {
          encoding: 'utf8',
        })
        expect(used.stderr).toBe('')
        expect(used.stdout.trim().split('\n')).toEqual([
          'EnginesAnswer',
          'AttentionAnswer True 4',
          '[[[3], [3]]]',
          "['Hello,', 'world'] True",
          'ExperimentAnswer 20 True',
          'ExperimentAnswer 3',
        ])
      }, 120_000)
    },
  )

  it('makes types of TypeScript that the bodies of the documentation fit, and wrong ones do not', async () => {
    const folder = join(root, 'build/test-types')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'openapi.d.ts'), astToString(await openapiTS(readFileSync(document))))
    const bodies = documentedBodies()
    expect(bodies.length).toBeGreaterThan(5)
    const uses = bodies.map(
      ({ path, body }, i) => `export const use${i} = () => client.POST('${path}', { body: ${body} })`,
    )
    const head = `import createClient from 'openapi-fetch'\nimport type { paths } from './openapi.d.ts'\nconst client = createClient<paths>()\n`
    expect(complaints(folder, head + uses.join('\n'))).toEqual([])
    const typescript = readFileSync(join(root, 'docs/requests.md'), 'utf8').match(
      /```ts\n(import createClient[^`]*)```/,
    )
    expect(complaints(folder, typescript![1]!)).toEqual([])
    for (const wrong of ['{ model: { d_in: 3 }, input: { randn: [1, 2, 3] } }', '{ model: { d_in: 3, d_out: 2 } }'])
      expect(complaints(folder, `${head}void client.POST('/attention/causal', { body: ${wrong} })`)).not.toEqual([])
  }, 120_000)
})

/** The bodies that curl sends in README.md and docs, by the path that they go to. */
function documentedBodies(): { path: string; body: string }[] {
  const files = [join(root, 'README.md'), ...readdirSync(join(root, 'docs')).map((name) => join(root, 'docs', name))]
  return files
    .filter((name) => name.endsWith('.md'))
    .flatMap((name) => [
      ...readFileSync(name, 'utf8').matchAll(
        /curl [^\n]*127\.0\.0\.1:8080(\/(?:attention|experiments)\/[\w-]+)[^\n]* -d '(\{[^\n]*\})'/g,
      ),
    ])
    .map(([, path, body]) => ({ path: path!, body: body! }))
}

/** What TypeScript says of a module beside the types. */
function complaints(folder: string, source: string): string[] {
  const file = join(folder, 'uses.ts')
  writeFileSync(file, source)
  const program = ts.createProgram([file], {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    allowImportingTsExtensions: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2022,
    types: [],
  })
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'))
}
