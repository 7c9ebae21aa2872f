/** Where the app runs: on a virtual phone. Network, storage and place on the screen are the page's. */
import type { DeviceStorage, OpenSocket, Platform, Socket, SocketEvents } from '@hongyan/zim/core';
import {
  consoleLog,
  ManualLifecycle,
  openWebSocket,
  reportUncaught,
  systemClock,
  systemRandom,
} from '@hongyan/zim/core';
import { Gate } from './freeze';
import type { StartParams } from './protocol';

/** ZIMPlatformType of HarmonyOS. */
const OHOS = 10;
/** What a socket reports when the network is gone. */
const BROKEN = 1006;

/** The phone's network as the app has it: flight mode breaks every link without telling the other side. */
export class PhoneNetwork {
  #online: boolean;
  #links = new Set<() => void>();
  readonly #gate: Gate;

  constructor(online: boolean, gate: Gate) {
    this.#online = online;
    this.#gate = gate;
  }

  /** Into flight mode or out of it. */
  set(online: boolean): void {
    this.#online = online;
    if (!online) for (const cut of [...this.#links]) cut();
  }

  /** Opens a WebSocket over this network. */
  readonly open: OpenSocket = (url, subprotocol, events) => {
    if (!this.#online) return unreachable(events);
    return this.#linked(url, subprotocol, events);
  };

  #linked(url: string, subprotocol: string, events: SocketEvents): Socket {
    let cut = false;
    const through = (run: () => void) => this.#gate.pass(() => cut || run());
    const end = () => {
      if (cut) return;
      cut = true;
      this.#links.delete(end);
      events.onClose(BROKEN, 'no network');
    };
    const socket = openWebSocket(url, subprotocol, {
      onOpen: () => through(() => events.onOpen()),
      onText: (text) => through(() => events.onText(text)),
      onClose: (code, reason) => through(() => this.#closed(end, () => events.onClose(code, reason))),
    });
    this.#links.add(end);
    // A link that was cut stays as it is: the server is told nothing and finds out by silence.
    return {
      send: (text) => cut || this.#gate.pass(() => socket.send(text)),
      close: (code, reason) => socket.close(code, reason),
    };
  }

  #closed(link: () => void, tell: () => void): void {
    this.#links.delete(link);
    tell();
  }
}

function unreachable(events: SocketEvents): Socket {
  setTimeout(() => events.onClose(BROKEN, 'no network'), 0);
  return { send: () => undefined, close: () => undefined };
}

/** The platform of one app on one phone. */
export function phonePlatform(
  params: StartParams,
  network: PhoneNetwork,
  lifecycle: ManualLifecycle,
  stored: (key: string, value: string | null) => void,
): Platform {
  return {
    type: OHOS,
    openSocket: network.open,
    storage: phoneStorage(params.storage, stored),
    lifecycle,
    clock: systemClock,
    random: systemRandom,
    locale: () => params.locale,
    defaultServer: params.server,
    log: (level, text) => level === 'debug' || consoleLog(level, text),
    uncaught: reportUncaught,
  };
}

function phoneStorage(
  entries: [string, string][],
  stored: (key: string, value: string | null) => void,
): DeviceStorage {
  const map = new Map(entries);
  return {
    get: (key) => map.get(key) ?? null,
    set: (key, value) => {
      map.set(key, value);
      stored(key, value);
    },
    remove: (key) => {
      map.delete(key);
      stored(key, null);
    },
  };
}
