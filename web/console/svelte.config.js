// Svelte in runes mode only; TypeScript is stripped by Svelte itself.
export default { compilerOptions: { runes: true } };
