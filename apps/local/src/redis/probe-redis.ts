import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';

export interface RedisAnswer {
  /** It is reading its file, and answers no command yet. */
  loading: boolean;
  /** Its pid by its own answer; null when it asks for a password first. */
  pid: number | null;
}

const QUESTION = 'PING\r\nINFO server\r\n';
const COMPLETE = /^[+-][^\r\n]*\r\n(?:-|\$[\s\S]*\r\nprocess_id:\d+\r\n)/;

/**
 * Asks the Redis at `url` whether it answers, over a plain socket (`rediss:` over TLS).
 * @throws Error when nothing answers within `timeoutMs`, or when the server is not Redis
 */
export function probeRedis(url: string, timeoutMs: number): Promise<RedisAnswer> {
  const { protocol, hostname, port } = new URL(url);
  const address = { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 6379) };
  return new Promise((resolve, reject) => {
    const socket = protocol === 'rediss:' ? connectTls({ ...address, servername: address.host }) : connect(address);
    let answer = '';
    socket.setTimeout(timeoutMs, () => socket.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('it closed the connection without an answer of Redis')));
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
      if (!COMPLETE.test(answer)) return;
      const pid = /\r\nprocess_id:(\d+)/.exec(answer)?.[1];
      resolve({ loading: answer.startsWith('-LOADING'), pid: pid === undefined ? null : Number(pid) });
      socket.destroy();
    });
    socket.write(QUESTION);
  });
}
