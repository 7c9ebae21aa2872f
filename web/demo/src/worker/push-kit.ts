/** Push Kit as the app sees it: tokens come from the phone, and the phone is on the page. */
import type { PushProvider } from '@hongyan/zpns/core';
import type { Rpc } from '../lib/rpc';

/** The provider of this phone. */
export class PagePushKit implements PushProvider {
  readonly vendor = 'harmony';
  #changed: ((token: string) => void) | null = null;

  constructor(
    private readonly page: Rpc,
    readonly bundleName: string,
  ) {}

  getToken(): Promise<string> {
    return this.page.call<string>('push.getToken');
  }

  onTokenUpdate(listener: (token: string) => void): () => void {
    this.#changed = listener;
    return () => (this.#changed = null);
  }

  /** The system changed the token by itself. */
  changed(token: string): void {
    this.#changed?.(token);
  }
}
