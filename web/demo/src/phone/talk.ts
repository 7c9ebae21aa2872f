/** Messaging on a phone: log in and out, open a conversation, send. For the app's screens and the plays. */
import { t } from '../i18n/index.svelte';
import { Refused } from '../lib/rpc';
import type { ChatMessage } from '../worker/protocol';
import type { Place, ShownMessage } from './chat.svelte';
import type { Phone } from './phone.svelte';

const PEER = 0;
const GROUP = 2;

/** Logs somebody in on this phone. */
export async function logIn(phone: Phone, userID: string): Promise<void> {
  phone.remember(userID);
  await phone.process?.rpc.call('login', { userID });
}

/** Logs out: the PushID is unbound, so nothing is pushed here any more. */
export async function logOut(phone: Phone): Promise<void> {
  await phone.process?.rpc.call('logout');
  phone.remember(null);
  phone.chat.open = null;
  phone.chat.conversations = [];
}

/** Opens a conversation: its history is loaded, everything in it is read. */
export async function openPlace(phone: Phone, place: Place): Promise<void> {
  phone.chat.open = place;
  await loadPlace(phone, place);
}

/** Loads a conversation's newest page and marks it read. */
export async function loadPlace(phone: Phone, place: Place): Promise<void> {
  const { process, chat } = phone;
  if (!process || chat.connection.state !== 2) return;
  let messages: ChatMessage[];
  try {
    messages = await process.rpc.call<ChatMessage[]>('history', { ...place });
    const shown = messages.map((message) => ({ ...message, status: 'sent' as const }));
    chat.add(place.conversationID, shown);
  } catch (fault) {
    // The connection broke in between: all is loaded again once it is back.
    if (!(fault instanceof Refused)) throw fault;
    return console.warn(`${phone.deviceID}: history: ${fault.message}`);
  }
  if (messages.length > 0) await readPlace(phone, place);
}

/** Marks a conversation read. */
export async function readPlace(phone: Phone, place: Place): Promise<void> {
  try {
    await phone.process?.rpc.call('read', { ...place });
  } catch (fault) {
    if (!(fault instanceof Refused)) throw fault;
    console.warn(`${phone.deviceID}: read: ${fault.message}`);
  }
}

/** Users that a message to this place is for. */
function receiversOf(phone: Phone, place: Place): string[] {
  if (place.type !== GROUP) return [place.conversationID];
  return phone.config.users.map((user) => user.userID).filter((userID) => userID !== phone.user);
}

/** Sends a text with a push configuration, and shows it at once. */
export async function say(phone: Phone, place: Place, text: string): Promise<void> {
  const { process, chat, stage } = phone;
  if (!process) return;
  const run = stage.begin(place.type === PEER ? 'peer' : 'group', phone.user, receiversOf(phone, place));
  const draft = drafted(phone, place, text);
  chat.add(place.conversationID, [draft]);
  try {
    const push = pushOf(phone, place, text);
    const sent = await process.rpc.call<ChatMessage>('send', { ...place, text, push });
    replaceDraft(phone, draft, { ...sent, localMessageID: draft.localMessageID, status: 'sent' });
    run.sent(sent.messageID);
  } catch (fault) {
    const why = (fault as Error).message;
    replaceDraft(phone, draft, { ...draft, status: 'failed', why });
    run.failed(why);
  }
}

/** Takes a message of one's own back. */
export async function takeBack(phone: Phone, message: ShownMessage): Promise<void> {
  const { conversationID, conversationType, messageID } = message;
  const place = { conversationID, type: conversationType };
  try {
    const gone = await phone.process?.rpc.call<ChatMessage>('revoke', { ...place, messageID });
    if (!gone) return;
    phone.chat.add(conversationID, [{ ...gone, status: 'sent' }]);
    phone.stage.mark('taken_back', phone.user);
  } catch (fault) {
    phone.chat.add(conversationID, [{ ...message, why: (fault as Error).message }]);
  }
}

function replaceDraft(phone: Phone, draft: ShownMessage, now: ShownMessage): void {
  phone.chat.add(draft.conversationID, [now]);
}

function drafted(phone: Phone, place: Place, text: string): ShownMessage {
  return {
    messageID: '',
    localMessageID: `draft-${crypto.randomUUID()}`,
    conversationID: place.conversationID,
    conversationType: place.type,
    senderUserID: phone.user,
    seq: 0,
    text,
    at: Date.now(),
    offline: false,
    revokedBy: null,
    status: 'sending',
  };
}

function pushOf(phone: Phone, place: Place, text: string): Record<string, string> {
  const sender = phone.stage.nameOf(phone.user);
  const title = place.type === GROUP ? phone.stage.placeName(place.conversationID) : sender;
  const content = place.type === GROUP ? t('line.about', { name: sender, text }) : text;
  return { title, content, payload: JSON.stringify({ kind: 'message' }), resourcesID: '' };
}
