/**
 * Asks, and shows the answer as it comes. What is asked is kept in the tab, with its key, before it is sent. After F5, at any
 * moment, the same is submitted again under the same key: it is the same job, and its text comes from the beginning.
 */
import { Holdfast, newIdempotencyKey } from './client/index.js';

// The server puts its own key in the place of this one.
const holdfast = new Holdfast({ baseUrl: location.origin, apiKey: 'kept-on-the-server' });
const part = (id) => document.getElementById(id);
const KEPT = 'question';
let shown = new AbortController();

async function ask({ question, key }) {
  // An answer that is still coming goes on as a job; this page shows the newest question only.
  shown.abort();
  shown = new AbortController();
  const { signal } = shown;
  part('question').value = question;
  part('status').textContent = 'asking';
  const messages = [{ role: 'user', content: question }];
  const request = { task: 'chat.completions', input: { model: 'gpt-4.1-mini', messages } };
  const { job } = await holdfast.submit(request, { idempotencyKey: key, signal });
  part('status').dataset.job = job.id;
  // Connections that break are mended by the client.
  for await (const { text, event } of holdfast.stream(job.id, { signal })) {
    part('text').textContent = text;
    part('status').textContent = event.type;
  }
}

function show(error) {
  if (error.name !== 'AbortError') part('status').textContent = error.message;
}

part('form').addEventListener('submit', (event) => {
  event.preventDefault();
  const asked = { question: part('question').value, key: newIdempotencyKey() };
  sessionStorage.setItem(KEPT, JSON.stringify(asked));
  ask(asked).catch(show);
});

const kept = sessionStorage.getItem(KEPT);
if (kept !== null) ask(JSON.parse(kept)).catch(show);
