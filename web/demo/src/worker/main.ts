/** The app's process: answers the page, which is the phone's system, and tells it what happens. */
import { Rpc } from '../lib/rpc';
import { App } from './app';
import { Gate, standStill } from './freeze';
import type { Phase, PushChoice, StartParams } from './protocol';

const rpc = new Rpc(self as unknown as Worker);
const gate = new Gate();
let app: App | null = null;
let flag: Int32Array<SharedArrayBuffer> | null = null;

function running(): App {
  if (!app) throw new Error('the app has not been started');
  return app;
}

rpc
  .handle('start', (params) => {
    const start = params as StartParams;
    flag = start.freezeFlag ? new Int32Array(start.freezeFlag) : null;
    app = new App(start, rpc, gate);
    return app.begin();
  })
  .handle('login', ({ userID }) => running().login(String(userID)))
  .handle('logout', () => running().logout())
  .handle('send', (params) => running().send(params as unknown as Parameters<App['send']>[0]))
  .handle('history', ({ conversationID, type }) => running().history(String(conversationID), Number(type)))
  .handle('revoke', ({ conversationID, type, messageID }) =>
    running().revoke(String(conversationID), Number(type), String(messageID)),
  )
  .handle('read', ({ conversationID, type }) => running().read(String(conversationID), Number(type)))
  .handle('invite', ({ userID, push }) => running().invite(String(userID), push as PushChoice))
  .handle('accept', ({ callID }) => running().accept(String(callID)))
  .handle('reject', ({ callID }) => running().reject(String(callID)))
  .handle('cancel', ({ callID, userID }) => running().cancel(String(callID), String(userID)))
  .handle('hangup', ({ callID, userID }) => running().hangUp(String(callID), String(userID)))
  .on<{ phase: Phase }>('phase', ({ phase }) => running().setPhase(phase))
  .on<{ online: boolean }>('network', ({ online }) => running().setOnline(online))
  .on<{ token: string }>('token', ({ token }) => running().tokenChanged(token))
  .on<{ parameters: Record<string, unknown> }>('clicked', ({ parameters }) => running().clicked(parameters))
  .on('freeze', () => (flag ? standStill(flag) : gate.shut()))
  .on('thaw', () => gate.open());
