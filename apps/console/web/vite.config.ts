/**
 * How the console's web app is built: into `apps/console/dist/web`, for the address `/`. Our own packages come from their sources,
 * so this build waits for no other. `build.mjs` runs it where a source is newer.
 */
import { join } from 'node:path';
import { defineConfig } from 'vite';

const CONSOLE_URL = 'http://127.0.0.1:3001';

export default defineConfig({
  root: import.meta.dirname,
  base: '/',
  cacheDir: join(import.meta.dirname, '../../../node_modules/.vite'),
  resolve: { conditions: ['holdfast-source', 'module', 'browser', 'development|production'] },
  build: {
    outDir: join(import.meta.dirname, '../dist/web'),
    emptyOutDir: true,
    target: 'es2023',
    // The page's policy allows no `data:` addresses.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 500,
    // Most bytes come from libraries, which change rarely: they stay in the browser's cache when our own code changes.
    rolldownOptions: {
      // `"use client"` is for servers.
      checks: { moduleLevelDirective: false },
      output: {
        codeSplitting: {
          groups: [{ name: 'libraries', test: /node_modules\/(?!uplot|diff\/)/ }],
        },
      },
    },
  },
  // `npx vite apps/console/web`: the page with a reload at each change, against a console that runs (`npm start`).
  server: { port: 3005, strictPort: true, proxy: { '/admin': CONSOLE_URL, '/queues': CONSOLE_URL } },
});
