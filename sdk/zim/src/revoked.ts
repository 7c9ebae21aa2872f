/**
 * Messages known to be revoked: whatever copy of one is still on its way or kept somewhere, what is shown is
 * that it was revoked. Bounded; the server has the truth.
 */

import { REVOKED_KNOWN_MAX } from './limits.js';
import { Recent } from './recent.js';
import { ZIMMessageType } from './types/enums.js';
import type { WireMessage } from './wire.js';

/** The revoked messages of one user. */
export class Revoked {
  readonly #known = new Recent<WireMessage>(REVOKED_KNOWN_MAX);

  /** Takes note. The text as it was comes once, to the device that revoked it: it is kept. */
  note(message: WireMessage): void {
    const text = this.#known.get(message.messageID)?.content.revoke?.originalTextMessageContent;
    if (text === undefined || !message.content.revoke) return this.#known.set(message.messageID, message);
    const revoke = { originalTextMessageContent: text, ...message.content.revoke };
    this.#known.set(message.messageID, { ...message, content: { ...message.content, revoke } });
  }

  /** A message as it is now. */
  now(message: WireMessage): WireMessage {
    return this.#known.get(message.messageID) ?? message;
  }
}

/** Whether a message was revoked. */
export function isRevoked(message: WireMessage): boolean {
  return message.content.type === (ZIMMessageType.Revoke as number);
}
