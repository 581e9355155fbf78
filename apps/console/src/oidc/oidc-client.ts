/**
 * The provider of single sign-on. It is asked for its addresses and keys at the start, and again when someone logs in, if it was away:
 * the console starts without it.
 */
import type { Logger } from '@holdfast/core';
import * as openid from 'openid-client';
import type { OidcConfig } from './oidc-config.ts';
import type { Claims } from './role-of-claims.ts';

/** How long the provider may take, in seconds. */
const TIMEOUT_S = 5;

/** What has to be kept from the beginning of a login to its end. */
export interface PendingLogin {
  state: string;
  nonce: string;
  codeVerifier: string;
}

export class OidcClient {
  readonly #config: OidcConfig;
  readonly #logger: Pick<Logger, 'warn'>;
  #found: openid.Configuration | null = null;
  #problem: string | null = null;

  constructor(config: OidcConfig, logger: Pick<Logger, 'warn'>) {
    this.#config = config;
    this.#logger = logger;
  }

  /** Why it doesn't work now; null: it does, as far as known. */
  get problem(): string | null {
    return this.#problem;
  }

  /** Looks the provider up, if that is still to be done. Never throws. */
  async prepare(): Promise<openid.Configuration | null> {
    if (this.#found) return this.#found;
    const { issuer, clientId, clientSecret } = this.#config;
    try {
      this.#found = await openid.discovery(
        issuer,
        clientId,
        undefined,
        clientSecret === null ? openid.None() : openid.ClientSecretPost(clientSecret),
        {
          timeout: TIMEOUT_S,
          // Also where TLS protects the answer: keys are checked whoever hands it over.
          execute: [
            openid.enableNonRepudiationChecks,
            ...(issuer.protocol === 'http:' ? [openid.allowInsecureRequests] : []),
          ],
        },
      );
      this.#problem = null;
    } catch (error) {
      this.#problem = `The provider ${issuer.host} does not answer as an OpenID Connect provider.`;
      this.#logger.warn(
        { error, issuer: issuer.href },
        'single sign-on does not work: the provider can not be looked up',
      );
    }
    return this.#found;
  }

  /** Begins a login. @returns where to send the browser; null: see `problem` */
  async begin(): Promise<{ address: URL; pending: PendingLogin } | null> {
    const found = await this.prepare();
    if (!found) return null;
    const pending = {
      state: openid.randomState(),
      nonce: openid.randomNonce(),
      codeVerifier: openid.randomPKCECodeVerifier(),
    };
    const address = openid.buildAuthorizationUrl(found, {
      redirect_uri: this.#config.redirectUri.href,
      scope: this.#config.scopes,
      state: pending.state,
      nonce: pending.nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(pending.codeVerifier),
      code_challenge_method: 'S256',
    });
    return { address, pending };
  }

  /**
   * Ends a login: fetches the ID token for the code, and checks signature, issuer, audience, times, nonce and state.
   * @param query of the address that the provider has sent the browser to
   * @throws Error why it is refused, which may quote the provider
   */
  async finish(query: string, { state, nonce, codeVerifier }: PendingLogin): Promise<Claims> {
    const found = await this.prepare();
    if (!found) throw new Error(this.#problem ?? 'the provider is not known');
    const address = new URL(this.#config.redirectUri);
    address.search = query;
    const tokens = await openid.authorizationCodeGrant(found, address, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: codeVerifier,
      idTokenExpected: true,
    });
    return { ...tokens.claims() };
  }
}
