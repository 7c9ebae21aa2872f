/** Build of the demo page: static files under /demo/, every asset with a hash, nothing inlined. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Where a running server or mock is while `vite` serves the page itself. */
const backend = process.env.HONGYAN_BACKEND ?? 'http://127.0.0.1:7800';
const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

export default defineConfig({
  base: '/demo/',
  plugins: [svelte()],
  worker: { format: 'es' },
  // A strict Content-Security-Policy allows no data: URLs for scripts or styles, so nothing is inlined.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
  server: {
    headers: isolation,
    proxy: {
      '/demo/api': backend,
      '/ws': { target: backend, ws: true },
      '/emulator': { target: backend, ws: true },
    },
  },
});
