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

  /**
   * Takes note; `false` when it was known. The text as it was comes once, to the device that revoked it: what
   * is known stays.
   */
  note(message: WireMessage): boolean {
    if (this.#known.get(message.messageID)) return false;
    this.#known.set(message.messageID, message);
    return true;
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
