import { baseUrl, mediaTypes } from '../api/client.ts'
import { savedKey } from '../api/key.ts'
import { indented } from './text.ts'

/** A text in single quotes for a POSIX shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}

/** A key never stands in a snippet: the shell's variable does. */
export function asCurl(path: string, body: unknown, accept: string, outputFile: string | null = null): string {
  return [
    `curl ${shellQuoted(baseUrl + path)}`,
    ...(savedKey() === null ? [] : [`  -H "Authorization: Bearer $API_KEY"`]),
    `  -H 'Content-Type: application/json'`,
    `  -H ${shellQuoted(`Accept: ${accept}`)}`,
    `  -d ${shellQuoted(JSON.stringify(body))}`,
    ...(outputFile === null ? [] : [`  -o ${outputFile}`]),
  ].join(' \\\n')
}

/** JSON as a Python literal. */
export function pythonLiteral(value: unknown): string {
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (value === null || value === undefined) return 'None'
  if (Array.isArray(value)) return `[${value.map(pythonLiteral).join(', ')}]`
  if (typeof value === 'object')
    return `{${Object.entries(value)
      .map(([name, entry]) => `${JSON.stringify(name)}: ${pythonLiteral(entry)}`)
      .join(', ')}}`
  // A JSON string is a Python string too, once its escapes are ASCII.
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}

function pythonHeaders(accept: string): string {
  const key = savedKey() === null ? '' : `, "Authorization": "Bearer " + os.environ["API_KEY"]`
  return `{"Accept": "${accept}"${key}}`
}

/** Arrays by NumPy's own file form. */
export function attentionAsPython(path: string, body: Readonly<Record<string, unknown>>): string {
  return [
    'import io',
    ...(savedKey() === null ? [] : ['import os']),
    '',
    'import numpy as np',
    'import requests',
    '',
    `request = ${indented(body, pythonLiteral)}`,
    'response = requests.post(',
    `    ${JSON.stringify(baseUrl + path)},`,
    '    json=request,',
    `    headers=${pythonHeaders(mediaTypes.npz)},`,
    ')',
    'response.raise_for_status()',
    'result = np.load(io.BytesIO(response.content))',
    'print(result["weights"].shape)  # (batch, heads, query, key)',
    'print(result["context"].shape)  # (batch, seq, output_dim)',
  ].join('\n')
}

export function experimentAsPython(path: string, body: Readonly<Record<string, unknown>>): string {
  return [
    ...(savedKey() === null ? [] : ['import os', '']),
    'import requests',
    '',
    `request = ${indented(body, pythonLiteral)}`,
    'response = requests.post(',
    `    ${JSON.stringify(baseUrl + path)},`,
    '    json=request,',
    `    headers=${pythonHeaders(mediaTypes.json)},`,
    ')',
    'response.raise_for_status()',
    'for claim in response.json()["claims"]:',
    '    print(claim["verdict"], claim["statement"], claim["evidence"])',
  ].join('\n')
}
