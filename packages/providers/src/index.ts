/** Stage 4 of 6: calls to OpenAI-compatible providers, and their health. The only package that imports the `openai` SDK. */

export { createOpenAiProvider, type OpenAiProviderOptions } from './call/open-ai-provider.ts';
export { Breaker, type Pass } from './health/breaker.ts';
export type { Asker, Held } from './health/failure-scope.ts';
export { healthOf, mayBeOfRequest } from './health/provider-health.ts';
