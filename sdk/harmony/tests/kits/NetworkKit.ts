/** Network Kit, played: WebSockets over Node's own network, which the phone can switch off. */

import type * as Declared from '@kit.NetworkKit';
import type { AsyncCallback, BusinessError, Callback, ErrorCallback } from '@kit.BasicServicesKit';
import { openNodeSocket } from '../../../zim/src/platform/node/websocket.js';
import { listen, start, SystemError } from './system.js';

type Listeners = {
  open?: AsyncCallback<object>;
  message?: AsyncCallback<string | ArrayBuffer>;
  close?: AsyncCallback<Declared.webSocket.CloseResult>;
  error?: ErrorCallback;
};

let online = start.online;
const networks = new Set<Callback<Declared.connection.NetHandle>>();
const links = new Set<Link>();
const none = undefined as unknown as BusinessError;

listen('network', (isThere: boolean) => {
  online = isThere;
  if (isThere) for (const available of networks) available({ netId: 100 });
  else for (const link of [...links]) link.cut();
});

class Link implements Declared.webSocket.WebSocket {
  readonly #on: Listeners = {};
  #socket: ReturnType<typeof openNodeSocket> | null = null;
  #isOpen = false;
  #isCut = false;

  connect(
    url: string,
    options: Declared.webSocket.WebSocketRequestOptions,
    done: AsyncCallback<boolean>,
  ): void {
    if (!online) {
      const error = new SystemError(2302001, 'no network') as BusinessError;
      setTimeout(() => done(error, false), 0);
      setTimeout(() => this.#on.error?.(error), 0);
      return;
    }
    links.add(this);
    this.#socket = openNodeSocket(url, options.protocol ?? '', {
      onOpen: () => this.#opened(done),
      onText: (text) => this.#isCut || this.#on.message?.(none, text),
      onClose: (code, reason) => this.#closed(code, reason),
    });
  }

  send(data: string | ArrayBuffer, done: AsyncCallback<boolean>): void {
    if (!this.#isOpen || this.#isCut) return done(new SystemError(2302003, 'not open'), false);
    this.#socket?.send(data as string);
    done(none, true);
  }

  close(options: Declared.webSocket.WebSocketCloseOptions, done: AsyncCallback<boolean>): void {
    this.#socket?.close(options.code ?? 1000, options.reason ?? '');
    done(none, true);
  }

  on(type: keyof Listeners, listener: never): void {
    this.#on[type] = listener;
  }

  /** The network goes: this side hears of an error, the other side of nothing. */
  cut(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    links.delete(this);
    this.#on.error?.(new SystemError(2302006, 'the network is gone'));
  }

  #opened(done: AsyncCallback<boolean>): void {
    this.#isOpen = true;
    done(none, true);
    this.#on.open?.(none, { status: 101 });
  }

  #closed(code: number, reason: string): void {
    links.delete(this);
    if (this.#isCut) return;
    if (this.#isOpen) this.#on.close?.(none, { code, reason });
    else this.#on.error?.(new SystemError(2302002, reason));
  }
}

/** WebSockets. */
export const webSocket = { createWebSocket: (): Declared.webSocket.WebSocket => new Link() };

/** Networks that come and go. */
export const connection = {
  createNetConnection: (): Declared.connection.NetConnection => ({
    on: (_: 'netAvailable', available: Callback<Declared.connection.NetHandle>) =>
      void networks.add(available),
    register: (done: AsyncCallback<void>) => setTimeout(() => done(none, undefined), 0),
    unregister: (done: AsyncCallback<void>) => setTimeout(() => done(none, undefined), 0),
  }),
};
