/** Network Kit, as far as it is used here: WebSockets, and networks that come and go. */

import { AsyncCallback, Callback, ErrorCallback } from './@kit.BasicServicesKit';

export namespace webSocket {
  export interface WebSocketRequestOptions {
    header?: Object;
    protocol?: string;
  }
  export interface WebSocketCloseOptions {
    code?: number;
    reason?: string;
  }
  export interface CloseResult {
    code: number;
    reason: string;
  }
  export interface WebSocket {
    connect(url: string, options: WebSocketRequestOptions, callback: AsyncCallback<boolean>): void;
    send(data: string | ArrayBuffer, callback: AsyncCallback<boolean>): void;
    close(options: WebSocketCloseOptions, callback: AsyncCallback<boolean>): void;
    on(type: 'open', callback: AsyncCallback<Object>): void;
    on(type: 'message', callback: AsyncCallback<string | ArrayBuffer>): void;
    on(type: 'close', callback: AsyncCallback<CloseResult>): void;
    on(type: 'error', callback: ErrorCallback): void;
  }
  export function createWebSocket(): WebSocket;
}

export namespace connection {
  export interface NetHandle {
    netId: number;
  }
  export interface NetConnection {
    on(type: 'netAvailable', callback: Callback<NetHandle>): void;
    register(callback: AsyncCallback<void>): void;
    unregister(callback: AsyncCallback<void>): void;
  }
  export function createNetConnection(): NetConnection;
}
