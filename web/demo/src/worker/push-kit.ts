/** Push Kit as the app sees it: tokens come from the phone, and the phone is on the page. */
import type { PushProvider, ZPNsMessage } from '@hongyan/zpns/core';
import type { Rpc } from '../lib/rpc';

/** The provider of this phone. */
export class PagePushKit implements PushProvider {
  readonly vendor = 'harmony';
  #changed: ((token: string) => void) | null = null;
  #clicked: ((message: ZPNsMessage) => void) | null = null;

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

  onClick(listener: (message: ZPNsMessage) => void): () => void {
    this.#clicked = listener;
    return () => (this.#clicked = null);
  }

  /** A notice was tapped; `parameters` are those of its want. */
  tapped(parameters: Record<string, unknown>): void {
    const { title = '', content = '', payload = '', ...extras } = parameters;
    const message = { title: String(title), content: String(content), payload: String(payload), extras };
    this.#clicked?.(message);
  }

  /** The system changed the token by itself. */
  changed(token: string): void {
    this.#changed?.(token);
  }
}
