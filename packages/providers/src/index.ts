/** Stage 4: calls to OpenAI-compatible providers, and what is known of their health. The only home of the `openai` SDK. */
export { Breaker, type Pass } from './breaker.ts';
export type { Asker, Held } from './failure-scope.ts';
export { createOpenAiProvider, type OpenAiProviderOptions } from './open-ai-provider.ts';
export { healthOf, mayBeOfRequest } from './provider-health.ts';
