/** Loaded before a worker: whoever imports `@holdfast/providers` gets `no-op-provider.ts`, which itself gets the real one. */
import { registerHooks } from 'node:module';

const stand = new URL('./no-op-provider.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== '@holdfast/providers' || context.parentURL === stand) return nextResolve(specifier, context);
    return { url: stand, shortCircuit: true };
  },
});
