import { describe, expect, it } from '@jest/globals';
import { loginPage } from '../login/login-page.ts';
import { overviewPage } from './overview-page.ts';

const counts = { waiting: 1200, active: 3, delayed: 0, completed: 7, failed: 2 };

describe('the overview page', () => {
  it('shows each lane with its state and counts', () => {
    const html = overviewPage({
      lanes: [
        { name: 'default', models: ['*'], paused: false, counts },
        { name: 'slow', models: ['big-*'], paused: true, counts },
      ],
      formToken: 'token',
      apiUrl: 'http://127.0.0.1:3000',
    });
    expect(html).toContain('href="/queues/queue/default"');
    expect(html).toContain('1,200');
    expect(html).toContain('2,400');
    expect(html).toContain('Paused');
    expect(html).toContain('href="http://127.0.0.1:3000/docs"');
  });

  it('loads nothing from another host and runs no script', () => {
    const html = overviewPage({ lanes: [], formToken: 't', apiUrl: 'http://api.example' }) + loginPage(null);
    expect(html).not.toMatch(/<script|src="http|<link[^>]+href="http/);
  });

  it('shows markup in a model pattern as text', () => {
    const lanes = [
      {
        name: 'default',
        models: ['<img src=x onerror=alert(1)>'],
        paused: false,
        counts,
      },
    ];
    const html = overviewPage({ lanes, formToken: 't', apiUrl: 'http://api.example' });
    expect(html).not.toContain('<img src=x');
    expect(html).toContain('&lt;img src=x');
  });
});
