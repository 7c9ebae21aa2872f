/** What the app on one phone shows: the memory of its process, gone when the process is killed. */
import type { ChatConversation, ChatMessage } from '../worker/protocol';

/** A message on the screen; `why` says what went wrong when it failed. */
export interface ShownMessage extends ChatMessage {
  status: 'sending' | 'sent' | 'failed';
  why?: string;
}

/** A conversation that may have no message yet. */
export interface Place {
  conversationID: string;
  type: number;
}

/** Messages kept per conversation on the screen. */
const MESSAGES_MAX = 200;

/** The app's screen state. */
export class Chat {
  /** ZIM connection state and event. */
  connection = $state({ state: 0, event: 0 });
  pushID = $state('');
  conversations = $state<ChatConversation[]>([]);
  open = $state<Place | null>(null);
  #messages = $state<Record<string, ShownMessage[]>>({});

  /** Messages of a conversation, rising by seq; unsent ones last. */
  messages(conversationID: string): ShownMessage[] {
    return this.#messages[conversationID] ?? [];
  }

  /** Takes messages in; one that is there already (same ID or same local ID) is replaced, its mark kept. */
  add(conversationID: string, incoming: ShownMessage[]): void {
    const all = [...this.messages(conversationID)];
    for (const message of incoming) {
      const index = all.findIndex((one) => isSame(one, message));
      if (index < 0) all.push(message);
      else all[index] = { ...message, offline: message.offline || (all[index]?.offline ?? false) };
    }
    all.sort((a, b) => order(a) - order(b) || a.at - b.at);
    this.#messages[conversationID] = all.slice(-MESSAGES_MAX);
  }

  /** Messages were taken back: those that are on the screen show it. */
  revoke(messages: ChatMessage[]): void {
    for (const message of messages) {
      const known = this.messages(message.conversationID).some((one) => isSame(one, message));
      if (known) this.add(message.conversationID, [{ ...message, status: 'sent' }]);
    }
  }

  /** Unread messages of one conversation. */
  unreadIn(conversationID: string): number {
    return this.conversations.find((one) => one.conversationID === conversationID)?.unread ?? 0;
  }

  /** Total of unread messages outside do-not-disturb. */
  get unread(): number {
    return this.conversations.reduce((sum, one) => sum + (one.muted ? 0 : one.unread), 0);
  }
}

function isSame(a: ChatMessage, b: ChatMessage): boolean {
  if (a.messageID !== '' && a.messageID === b.messageID) return true;
  return a.localMessageID !== '' && a.localMessageID === b.localMessageID;
}

function order(message: ShownMessage): number {
  return message.status === 'sent' && message.seq > 0 ? message.seq : Number.MAX_SAFE_INTEGER;
}
