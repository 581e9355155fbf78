/** One tab with the demo page: what a person does there, what they see, and what the browser complains about meanwhile. */
import type { BrowserContext, Page } from 'playwright-core';
import { until } from '../stack/stack.ts';

export class DemoTab {
  readonly page: Page;
  /** Errors of the console (refusals by the content security policy among them) and of scripts. */
  readonly complaints: string[] = [];

  constructor(page: Page) {
    this.page = page;
    page.on('console', (message) => {
      if (message.type() === 'error') this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(String(error)));
  }

  /** Opens the page with an API key in its fragment, as `npm start` prints it. */
  static async open(context: BrowserContext, apiUrl: string, apiKey: string): Promise<DemoTab> {
    const tab = new DemoTab(await context.newPage());
    await tab.page.goto(`${apiUrl}/demo/#key=${apiKey}`);
    return tab;
  }

  /** @param mood name of a simulated provider's mood, as `job-request.ts` of the page lists them */
  async submit(prompt: string, mood = 'calm'): Promise<void> {
    await this.#part('prompt').fill(prompt);
    await this.#part('provider').selectOption(mood);
    await this.click('submit');
    await until('the address names the job', () => this.jobKey);
  }

  click(testId: string): Promise<void> {
    return this.#part(testId).click();
  }

  fill(testId: string, text: string): Promise<void> {
    return this.#part(testId).fill(text);
  }

  shows(testId: string): Promise<boolean> {
    return this.#part(testId).isVisible();
  }

  async text(testId: string): Promise<string> {
    return (await this.#part(testId).textContent()) ?? '';
  }

  /** Waits until this part shows a text that fits. Returns it. */
  async seeing(testId: string, pattern: RegExp): Promise<string> {
    let last = '';
    await until(`${testId} shows ${pattern}`, async () => {
      last = (await this.shows(testId)) ? await this.text(testId) : '';
      return pattern.test(last);
    });
    return last;
  }

  /** Waits until so many of the job's events are on the page. */
  async seeingEvents(count: number): Promise<void> {
    await until(`${count} events are shown`, async () => Number(await this.text('events')) >= count);
  }

  /** The idempotency key in the address: it names the job and the simulator's case. */
  get jobKey(): string {
    return new URL(this.page.url()).searchParams.get('job') ?? '';
  }

  #part(testId: string) {
    return this.page.getByTestId(testId);
  }
}
