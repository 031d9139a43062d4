import { mkdir, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { findModels } from '../../src/models/scan.ts'
import { ModelsFolder } from './folder.ts'

const idsOf = async (root: string): Promise<string[]> => (await findModels(root)).map(({ id }) => id)

describe('the models of a folder', () => {
  it('are named by their paths below it, or by owner and name out of a cache', async () => {
    await using folder = await ModelsFolder.make()
    await folder.add('plain')
    await folder.add('org/name')
    await folder.addCached('openai-community', 'gpt2')
    await folder.addCached('other', 'beside.hub-1', 'gpt2', 'def', '.')
    await mkdir(folder.path('.hidden'), { recursive: true })
    await writeFile(folder.path('.hidden', 'config.json'), '{}')
    await mkdir(folder.path('with space'), { recursive: true })
    await writeFile(folder.path('with space', 'config.json'), '{}')
    await writeFile(folder.path('config.json'), '{}') // the folder of models is no model
    expect(await idsOf(folder.root)).toEqual(['openai-community/gpt2', 'org/name', 'other/beside.hub-1', 'plain'])
  })

  it('are none where the folder is not there', async () => {
    expect(await findModels('/does/not/exist')).toEqual([])
  })

  it('are those that links within it lead to, and not those outside', async () => {
    await using folder = await ModelsFolder.make()
    await folder.add('real')
    await folder.link(folder.path('real'), 'alias')
    await folder.link(folder.root, 'loop/again')
    await mkdir(folder.outside('elsewhere'))
    await writeFile(join(folder.outside('elsewhere'), 'config.json'), '{}')
    await folder.link(folder.outside('elsewhere'), 'leads-out')
    await folder.link('/does/not/exist', 'broken')
    const found = await findModels(folder.root)
    expect(found.map(({ id }) => id)).toContain('real')
    expect(found.map(({ id }) => id)).toContain('alias')
    expect(found.every(({ folder: path }) => path.startsWith(folder.root))).toBe(true)
    expect(found.some(({ id }) => id.includes('leads-out') || id.includes('broken'))).toBe(false)
  })

  it('out of a cache are the snapshot that main names, else the youngest', async () => {
    await using folder = await ModelsFolder.make()
    await folder.addCached('org', 'name', 'gpt2', 'first')
    await folder.addCached('org', 'name', 'gpt2', 'second')
    await writeFile(folder.path('hub/models--org--name/refs/main'), 'first\n')
    expect((await findModels(folder.root))[0]!.folder).toMatch(/first$/)
    await rm(folder.path('hub/models--org--name/refs'), { recursive: true })
    expect((await findModels(folder.root))[0]!.folder).toMatch(/second$/)
    await writeFile(folder.path('hub/models--org--name/blobs/evil'), '')
    await mkdir(folder.path('hub/models--org--name/refs'))
    await writeFile(folder.path('hub/models--org--name/refs/main'), '../../../../../etc')
    expect((await findModels(folder.root))[0]!.folder).toMatch(/second$/)
  })

  it('of which two have one id is the one that is not out of a cache', async () => {
    await using folder = await ModelsFolder.make()
    await folder.addCached('org', 'name')
    await folder.add('org/name')
    expect((await findModels(folder.root)).map(({ folder }) => folder)).toEqual([folder.path('org/name')])
  })

  it('are found in a cache whose snapshots link to blobs by absolute paths too', async () => {
    await using folder = await ModelsFolder.make()
    const snapshot = await folder.addCached('org', 'name')
    await rm(join(snapshot, 'config.json'))
    await symlink(folder.path('hub/models--org--name/blobs/abc123-config.json'), join(snapshot, 'config.json'))
    const models = folder.open()
    expect(await models.describe('org/name')).toMatchObject({ state: 'available', family: 'gpt2' })
  })
})
