/** The platform of a browser page or worker: WebSocket, localStorage, page visibility. */

import type { WirePhase } from '../wire.js';
import {
  consoleLog,
  type DeviceStorage,
  type Lifecycle,
  type LifecycleChange,
  memoryStorage,
  type Platform,
  reportUncaught,
  type Socket,
  type SocketEvents,
  systemClock,
} from './index.js';
import { systemRandom } from './webcrypto.js';

/** The platform of this page or worker. What a worker lacks (storage, visibility) has a stand-in. */
export function browserPlatform(): Platform {
  return {
    type: 6,
    openSocket: openWebSocket,
    storage: pageStorage(),
    lifecycle: pageLifecycle(),
    clock: systemClock,
    random: systemRandom,
    locale: () => (typeof navigator === 'undefined' ? '' : (navigator.language ?? '')),
    defaultServer:
      typeof location === 'undefined' || !location.origin.startsWith('http') ? '' : location.origin,
    log: consoleLog,
    uncaught: reportUncaught,
  };
}

/** How long a closing handshake may take before the socket is given up. */
const CLOSE_WAIT_MS = 1_000;

/** Opens the host's WebSocket. */
export function openWebSocket(url: string, subprotocol: string, events: SocketEvents): Socket {
  let over = false;
  const end = (code: number, reason: string): void => {
    if (over) return;
    over = true;
    events.onClose(code, reason);
  };
  let socket: WebSocket;
  try {
    socket = new WebSocket(url, subprotocol ? [subprotocol] : []);
  } catch (thrown) {
    setTimeout(() => end(1006, thrown instanceof Error ? thrown.message : 'no socket'), 0);
    return { send: () => undefined, close: () => undefined };
  }
  socket.onopen = () => over || events.onOpen();
  socket.onmessage = (event) => {
    if (over) return;
    if (typeof event.data === 'string') events.onText(event.data);
    else socket.close(4104, 'text frames only');
  };
  socket.onclose = (event) => end(event.code, event.reason);
  return {
    send: (text) => {
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    close: (code, reason) => {
      socket.close(code, reason);
      setTimeout(() => end(1006, 'the closing handshake was not answered'), CLOSE_WAIT_MS);
    },
  };
}

/** localStorage where it can be used, else memory: private windows and workers have none. */
function pageStorage(): DeviceStorage {
  let storage: Storage;
  try {
    storage = localStorage;
    storage.setItem('hongyan.probe', '1');
    storage.removeItem('hongyan.probe');
  } catch {
    return memoryStorage();
  }
  return {
    get: (key) => storage.getItem(key),
    set: (key, value) => {
      try {
        storage.setItem(key, value);
      } catch {
        consoleLog('warn', `localStorage is full: ${key} is not kept`);
      }
    },
    remove: (key) => storage.removeItem(key),
  };
}

function pageLifecycle(): Lifecycle {
  const phase = (): WirePhase =>
    typeof document !== 'undefined' && document.visibilityState === 'hidden' ? 'background' : 'foreground';
  return {
    phase,
    watch(listener) {
      if (typeof addEventListener !== 'function') return () => undefined;
      const tell = (change: LifecycleChange) => () => listener(change);
      const watched: [EventTarget, string, () => void][] = [
        [globalThis, 'online', tell('online')],
        [globalThis, 'pagehide', tell('closing')],
        [globalThis, 'pageshow', () => listener(phase())],
      ];
      if (typeof document !== 'undefined') {
        watched.push([document, 'visibilitychange', () => listener(phase())]);
      }
      for (const [target, type, run] of watched) target.addEventListener(type, run);
      return () => {
        for (const [target, type, run] of watched) target.removeEventListener(type, run);
      };
    },
  };
}
