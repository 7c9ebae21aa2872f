/** Whom a message or call was for, as far as a trace tells. Pure. */
import type { TraceDevice } from '../api/schema';

/** What both a trace and its line in the explorer have. */
interface Addressed {
  conversationID: string | null;
  conversationType: number | null;
  senderUserID: string;
  /** Named by the lines of the explorer, which have no devices. */
  recipientUserID?: string | null;
}

const GROUP = 2;

/** A group, a user, or nobody that can be named. */
export type Recipient = { group: string } | { user: string } | null;

/**
 * The conversation of a peer message is named as the recipient names it: by the sender. So the recipient is the
 * one user whose devices are there.
 */
export function recipientOf(of: Addressed, devices: readonly Pick<TraceDevice, 'userID'>[]): Recipient {
  if (of.conversationType === GROUP && of.conversationID !== null) return { group: of.conversationID };
  if (of.recipientUserID) return { user: of.recipientUserID };
  const users = new Set(devices.map((device) => device.userID));
  const [user] = users;
  return users.size === 1 && user !== undefined ? { user } : null;
}
