import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { defineConfig } from 'vite'
import type { Plugin } from 'vite'

/** Lays compressed copies beside the assets, which @fastify/static sends to clients that take them. */
function compressedCopies(): Plugin {
  return {
    name: 'compressed-copies',
    writeBundle({ dir }, bundle) {
      for (const name of Object.keys(bundle).filter((name) => /\.(js|css|svg)$/.test(name))) {
        const file = join(dir!, name)
        const content = readFileSync(file)
        writeFileSync(`${file}.gz`, gzipSync(content))
        writeFileSync(`${file}.br`, brotliCompressSync(content))
      }
    },
  }
}

/** The dashboard: `npm run build:dashboard` writes build/dashboard, which the service serves at GET /. */
export default defineConfig({
  root: 'src/dashboard',
  // Addresses relative to the page, so that it also works below a path of a reverse proxy.
  base: './',
  plugins: [compressedCopies()],
  build: {
    outDir: '../../build/dashboard',
    emptyOutDir: true,
    target: 'es2022',
    // The content security policy knows no data: addresses and no inline scripts.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 1200,
    // Brotli at its best takes most of a second, and is worth it.
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  // npm run dev:dashboard, beside a service that npm run dev runs.
  server: {
    proxy: {
      '^/(attention/|experiments/(bias|heads)$|jobs|engines|metrics|health/|docs|openapi)': 'http://127.0.0.1:8080',
    },
  },
})
