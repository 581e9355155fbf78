/** Stage 4: calls to OpenAI-compatible providers. The only home of the `openai` SDK. */
export { createOpenAiProvider, type OpenAiProviderOptions } from './open-ai-provider.ts';
