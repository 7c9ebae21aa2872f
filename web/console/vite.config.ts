/** Build of the console: static files under /console/, every asset with a hash, nothing inlined. */
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vite';

/** Where a running server is while `vite` serves the page itself. */
const backend = process.env.HONGYAN_BACKEND ?? 'http://127.0.0.1:7800';

export default defineConfig({
  base: '/console/',
  plugins: [svelte()],
  // A strict Content-Security-Policy allows no data: URLs for scripts or styles, so nothing is inlined.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false }, sourcemap: false },
  server: { proxy: { '/api/v1': backend } },
});
