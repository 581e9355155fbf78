/** Loaded before a worker. Every import of `@holdfast/providers` gets `no-op-provider.ts` instead. Only that file gets the real package. */
import { registerHooks } from 'node:module';

const noOpProvider = new URL('./no-op-provider.ts', import.meta.url).href;

registerHooks({
  resolve(specifier, context, nextResolve) {
    if (specifier !== '@holdfast/providers' || context.parentURL === noOpProvider)
      return nextResolve(specifier, context);
    return { url: noOpProvider, shortCircuit: true };
  },
});
