/** Asks for a summary and shows it as it comes. EventSource resumes by itself, with the number of its last event. */
const part = (id) => document.getElementById(id);

part('ask').addEventListener('click', async () => {
  const path = `/orders/${encodeURIComponent(part('order').value)}/summary`;
  part('text').textContent = '';
  const response = await fetch(path, { method: 'POST' });
  if (!response.ok) {
    part('text').textContent = (await response.json()).error;
    return;
  }
  const events = new EventSource(`${path}/events`);
  events.addEventListener('text.delta', ({ data }) => {
    part('text').textContent += JSON.parse(data).text;
  });
  events.addEventListener('attempt.started', ({ data }) => {
    const { attempt, resumed } = JSON.parse(data);
    // Another worker begins anew: what the first had written is void.
    if (attempt > 1 && !resumed) part('text').textContent = '';
  });
  for (const end of ['job.completed', 'job.failed', 'job.cancelled'])
    events.addEventListener(end, () => events.close());
});
