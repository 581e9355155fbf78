/** The job that everything is measured with: a body of 1 KB. */
import type { Logger, Prices, SubmitRequest } from '@holdfast/core';

export const request = {
  task: 'chat.completions',
  input: { model: 'sim', messages: [{ role: 'user', content: 'Tell me about it. '.repeat(50) }] },
} satisfies SubmitRequest;

export const requestText = JSON.stringify(request);

export const prices: Prices = { sim: { input_usd_per_million: 1, output_usd_per_million: 2 } };

export const quiet: Logger = { debug() {}, info() {}, warn() {}, error() {} };
