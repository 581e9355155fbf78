/** For tests: an OpenID Connect provider that lets everybody in as `claims` says, and that can do wrong in what matters. */
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export interface TestProvider {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** Of the next logins. */
  claims: Record<string, unknown>;
  /** Changes the ID token of the next logins, before it is signed. */
  alter: (token: Record<string, unknown>) => Record<string, unknown>;
  /** The next ID tokens are signed with a key that the provider does not publish. */
  signsWrongly: boolean;
  /** Requests of the token endpoint that were refused, and why. */
  refused: string[];
  /** Stops answering, until `start`. */
  stop(): Promise<void>;
  start(): Promise<void>;
}

interface Asked {
  nonce: string | null;
  challenge: string;
  redirectUri: string;
}

const base64 = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

export async function startProvider(): Promise<TestProvider> {
  const published = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const codes = new Map<string, Asked>();
  let port = 0;

  function idToken(provider: TestProvider, { nonce }: Asked): string {
    const now = Math.floor(Date.now() / 1_000);
    const { issuer: iss, clientId: aud, claims } = provider;
    const token = provider.alter({ iss, aud, iat: now, exp: now + 300, ...(nonce ? { nonce } : {}), ...claims });
    const signed = `${base64({ alg: 'RS256', kid: 'one', typ: 'JWT' })}.${base64(token)}`;
    const { privateKey } = provider.signsWrongly ? other : published;
    return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
  }

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const code = randomBytes(16).toString('hex');
    const redirectUri = query.get('redirect_uri') ?? '';
    codes.set(code, { nonce: query.get('nonce'), challenge: query.get('code_challenge') ?? '', redirectUri });
    const back = new URL(redirectUri);
    back.searchParams.set('code', code);
    back.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(303, { location: back.href }).end();
  }

  function exchange(provider: TestProvider, form: URLSearchParams, response: ServerResponse): void {
    const code = form.get('code') ?? '';
    const asked = codes.get(code);
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const wrong = whatIsWrong(provider, form, asked, challenge);
    if (wrong === null && asked) {
      answer(response, 200, { access_token: 'access', token_type: 'bearer', id_token: idToken(provider, asked) });
      return;
    }
    provider.refused.push(wrong ?? '');
    answer(response, 400, { error: 'invalid_grant' });
  }

  const server = createServer(async (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', provider.issuer);
    const { issuer } = provider;
    if (pathname === '/.well-known/openid-configuration') {
      return answer(response, 200, {
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/jwks`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      });
    }
    if (pathname === '/jwks') {
      const key = published.publicKey.export({ format: 'jwk' });
      return answer(response, 200, { keys: [{ ...key, kid: 'one', alg: 'RS256', use: 'sig' }] });
    }
    if (pathname === '/authorize') return authorize(searchParams, response);
    if (pathname === '/token') return exchange(provider, new URLSearchParams(await text(request)), response);
    answer(response, 404, {});
  });

  const provider: TestProvider = {
    issuer: '',
    clientId: 'holdfast',
    clientSecret: 'the-secret-of-the-client',
    claims: {},
    alter: (token) => token,
    signsWrongly: false,
    refused: [],
    async start() {
      await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
      port = (server.address() as AddressInfo).port;
      provider.issuer = `http://127.0.0.1:${port}`;
    },
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  await provider.start();
  return provider;
}

/** null: nothing. */
function whatIsWrong(
  { clientSecret }: TestProvider,
  form: URLSearchParams,
  asked: Asked | undefined,
  challenge: string,
): string | null {
  if (!asked) return 'code';
  if (form.get('client_secret') !== clientSecret) return 'client';
  if (challenge !== asked.challenge) return 'code_verifier';
  return form.get('redirect_uri') === asked.redirectUri ? null : 'redirect_uri';
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
