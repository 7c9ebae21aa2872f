/** Starts the app's process on a phone and shows on the phone what the app says. */
import { unlessGone } from '../lib/rpc';
import { tag } from '../i18n/index.svelte';
import type { ChatMessage, Phase } from '../worker/protocol';
import { onCallEnded, onCallReceived, onParties } from './calls';
import type { Phone } from './phone.svelte';
import { AppProcess } from './process';
import { storedEntries, storeEntry } from './storage';
import { readPlace } from './talk';

/** Launches the app; it logs in by itself when somebody was logged in before. */
export function launch(phone: Phone, phase: Phase): AppProcess {
  const process = new AppProcess(phone.deviceID);
  process.rpc.handle('push.getToken', () => getToken(phone));
  process.rpc.handle('push.deleteToken', () => phone.forApp('push.deleteToken'));
  process
    .on('connection', (connection) => (phone.chat.connection = connection))
    .on('loggedIn', ({ userID }) => onLogin(phone, userID))
    .on('registered', (message) => onRegistered(phone, message))
    .on('messages', ({ conversationID, messages, offline }) =>
      onMessages(phone, conversationID, messages, offline),
    )
    .on('revoked', ({ messages }) => phone.chat.revoke(messages))
    .on('conversations', ({ list }) => (phone.chat.conversations = list))
    .on('call.received', ({ callID, inviter }) => onCallReceived(phone, callID, inviter))
    .on('call.state', ({ callID, parties }) => onParties(phone, callID, parties))
    .on('call.cancelled', ({ callID }) => onCallEnded(phone, callID, 'cancelled'))
    .on('call.timeout', ({ callID }) => onCallEnded(phone, callID, 'timeout'))
    .on('call.hangup', ({ callID }) => onCallEnded(phone, callID, 'accepted'))
    .on('stored', ({ key, value }) => storeEntry(phone.deviceID, key, value))
    .on('fault', ({ what, code, message }) =>
      console.warn(`${phone.deviceID}: ${what}: ${code} ${message}`),
    );
  const { appID, appSign, bundleName } = phone.config;
  const started = process.start({
    appID,
    appSign,
    bundleName,
    server: location.origin,
    deviceID: phone.deviceID,
    locale: tag(),
    phase,
    online: phone.online,
    storage: storedEntries(phone.deviceID),
    userID: phone.userID,
  });
  // A process that is killed while it starts has nothing to report.
  started.catch((fault: Error) => phone.process === process && console.warn(fault.message));
  return process;
}

async function getToken(phone: Phone): Promise<string> {
  phone.stage.mark('token_asked', phone.user);
  const { token } = await phone.forApp<{ token: string }>('push.getToken');
  phone.stage.mark('token_given', phone.user);
  return token;
}

function onLogin(phone: Phone, userID: string): void {
  phone.remember(userID);
  phone.stage.mark('logged_in', userID);
  if (phone.chat.pushID) phone.stage.mark('bound', userID);
}

function onRegistered(phone: Phone, message: { pushID: string; errorCode: number; msg: string }): void {
  if (message.errorCode !== 0) return console.warn(`${phone.deviceID}: registerPush: ${message.msg}`);
  phone.chat.pushID = message.pushID;
  phone.stage.mark('registered', phone.user);
  if (phone.chat.connection.state === 2) phone.stage.mark('bound', phone.user);
}

function onMessages(phone: Phone, conversationID: string, messages: ChatMessage[], offline: boolean): void {
  phone.chat.add(
    conversationID,
    messages.map((message) => ({ ...message, status: 'sent' as const })),
  );
  const news = messages.filter((one) => one.senderUserID !== phone.userID && one.revokedBy === null);
  if (news.length === 0) return;
  phone.stage.mark(offline ? 'offline_received' : 'live_received', phone.user);
  const { open } = phone.chat;
  if (open?.conversationID === conversationID && phone.appState === 'foreground')
    unlessGone(readPlace(phone, open));
}
