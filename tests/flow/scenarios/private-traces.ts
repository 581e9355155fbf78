/** Without OTEL_CAPTURE_CONTENT no prompt and no answer leaves with a trace. */
import { Collector } from '../../../packages/service/testing/collector.ts';
import { chat, until } from '../../stack/stack.ts';
import type { Scenario, Stage } from './scenario.ts';

const PROMPT = 'tangerine-18';

export const privateTraces = {
  name: 'private-traces',
  stack: { workers: 0 },
  most: { withPrompt: 0, withAnswer: 0 },

  async play({ stack }: Stage) {
    const collector = await Collector.start();
    try {
      const worker = await stack.start('worker', { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url });
      const { job } = await stack.client.submit(chat('traced', 'tokens=5', PROMPT));
      const { output_text: answer } = await stack.client.wait(job.id);
      if (!answer) throw new Error('there is no answer');
      await until('the call was traced', () => collector.spans.some(({ name }) => name === 'chat sim'));
      await worker.end();
      const having = (text: string) => collector.bodies.filter((body) => body.includes(text)).length;
      return { counts: { withPrompt: having(PROMPT), withAnswer: having(answer) } };
    } finally {
      await collector.close();
    }
  },
} satisfies Scenario;
