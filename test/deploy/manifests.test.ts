import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { readConfig, settings } from '../../src/config.ts'

/* eslint-disable @typescript-eslint/no-explicit-any */
const root = fileURLToPath(new URL('../../', import.meta.url))
const read = (path: string): any => parse(readFileSync(join(root, path), 'utf8'), { merge: true })
const compose = read('deploy/compose.yaml')
const deployment = read('deploy/kubernetes/base/deployment.yaml')
const pod = deployment.spec.template.spec
const container = pod.containers[0]
const gpu = read('deploy/kubernetes/gpu/gpu.yaml').spec.template.spec.containers[0]
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8')
const longestDeadline = readConfig({}).EXPERIMENT_TIMEOUT

describe('the manifests fit the service', () => {
  it('name settings that there are, with values that it takes', () => {
    const environments = [
      Object.fromEntries(
        Object.entries(compose.services.attention.environment as Record<string, string>).filter(
          ([, value]) => !value.includes('${'),
        ),
      ),
      ...[container, gpu].map(({ env }) => Object.fromEntries(env.map(({ name, value }: any) => [name, value]))),
    ]
    const names = [
      ...Object.keys(compose.services.attention.environment),
      ...environments.flatMap((environment) => Object.keys(environment)),
    ]
    for (const name of names) expect(Object.keys(settings)).toContain(name)
    for (const environment of environments) expect(() => readConfig(environment)).not.toThrow()
  })

  it('give it longer to end than its longest deadline', () => {
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(longestDeadline)
    expect(Number.parseInt(compose.services.attention.stop_grace_period, 10)).toBeGreaterThan(longestDeadline)
  })

  it('speak of the image as the Dockerfile makes it', () => {
    const port = Number(/PORT=(\d+)/.exec(dockerfile)![1])
    expect(container.ports[0].containerPort).toBe(port)
    expect(compose.services.attention.ports[0]).toMatch(new RegExp(`:${port}$`))
    expect(deployment.spec.template.metadata.annotations['prometheus.io/port']).toBe(String(port))
    expect(pod.securityContext.runAsUser).toBe(Number(/^USER (\d+):/m.exec(dockerfile)![1]))
    expect(dockerfile).toMatch(new RegExp(`AS ${compose.services.attention.build.target}$`, 'm'))
    const data = /DATA_DIR=(\S+)/.exec(dockerfile)![1]
    expect(container.volumeMounts.map(({ mountPath }: any) => mountPath)).toEqual(
      expect.arrayContaining(['/tmp', data]),
    )
  })

  it('have the shipped model in the image, where the service looks for models', () => {
    const folder = /MODELS_DIR=\/app\/(\S+)/.exec(dockerfile)![1]!
    expect(dockerfile).toContain(`COPY --from=build /app/${folder} ./${folder}`)
    expect(readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')).toContain(`!${folder}`)
    expect(existsSync(join(root, folder, 'tiny-shakespeare', 'config.json'))).toBe(true)
  })

  it('run it without rights, on a root file system that is read only', () => {
    expect(container.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
    })
    expect(compose.services.attention).toMatchObject({ read_only: true, cap_drop: ['ALL'] })
  })

  it('ask the addresses of health', () => {
    const paths = ['startupProbe', 'readinessProbe', 'livenessProbe'].map((probe) => container[probe].httpGet.path)
    expect(paths).toEqual(['/health/ready', '/health/ready', '/health/live'])
  })

  it('select the pods that the deployment makes', () => {
    const labels = deployment.spec.template.metadata.labels
    expect(deployment.spec.selector.matchLabels).toEqual(labels)
    expect(read('deploy/kubernetes/base/service.yaml').spec.selector).toEqual(labels)
    expect(read('deploy/kubernetes/base/pod-disruption-budget.yaml').spec.selector.matchLabels).toEqual(labels)
    expect(read('deploy/kubernetes/base/horizontal-pod-autoscaler.yaml').spec.scaleTargetRef.name).toBe(
      deployment.metadata.name,
    )
    expect(gpu.resources.limits['nvidia.com/gpu']).toBe('1')
  })

  it('mount files that are there', () => {
    for (const service of Object.values<any>(compose.services)) {
      for (const volume of service.volumes ?? []) {
        const source = String(volume).split(':')[0]!
        if (source.startsWith('.')) expect(existsSync(join(root, 'deploy', source)), source).toBe(true)
        else expect(Object.keys(compose.volumes)).toContain(source)
      }
    }
    for (const folder of ['base', 'gpu']) {
      const path = join('deploy/kubernetes', folder, 'kustomization.yaml')
      for (const resource of read(path).resources)
        expect(existsSync(join(root, dirname(path), resource)), resource).toBe(true)
      for (const { path: patch } of read(path).patches ?? [])
        if (patch !== undefined) expect(existsSync(join(root, dirname(path), patch)), patch).toBe(true)
    }
    expect(readdirSync(join(root, 'deploy/grafana')).some((name) => name.endsWith('.json'))).toBe(true)
  })
})
