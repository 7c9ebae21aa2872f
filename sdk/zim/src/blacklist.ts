/** The block list of one logged-in user: whoever is on it cannot send to this user, nor call. */

import { checkCount, checkUserID, checkUserIDs } from './checks.js';
import { zimError } from './codes.js';
import { toUser } from './convert.js';
import type { EventSink } from './events.js';
import * as limits from './limits.js';
import { Pages } from './recent.js';
import type { Session } from './session.js';
import { ZIMErrorCode } from './types/error-code.js';
import type * as types from './types/user.js';
import type { ServerNotifications } from './wire.js';

/** The block list. It is kept by the server alone. */
export class Blacklist {
  readonly #session: Pick<Session, 'request'>;
  readonly #events: Pick<EventSink, 'emit'>;
  readonly #pages = new Pages(limits.CALLS_KNOWN_MAX);

  constructor(session: Pick<Session, 'request'>, events: Pick<EventSink, 'emit'>) {
    this.#session = session;
    this.#events = events;
  }

  async add(userIDs: string[]): Promise<types.ZIMBlacklistUsersAddedResult> {
    return this.#session.request('block.add', { userIDs: checkBlocked(userIDs) });
  }

  async remove(userIDs: string[]): Promise<types.ZIMBlacklistUsersRemovedResult> {
    return this.#session.request('block.remove', { userIDs: checkBlocked(userIDs) });
  }

  async query(config: types.ZIMBlacklistQueryConfig): Promise<types.ZIMBlacklistQueriedResult> {
    const count = checkCount('count', config?.count, limits.BLOCK_PAGE_MAX);
    const next = this.#pages.place(config.nextFlag);
    const asked = { count, ...(next === undefined ? {} : { next }) };
    const page = await this.#session.request('block.list', asked);
    return { blacklist: page.userList.map(toUser), nextFlag: this.#pages.flag(page.next) };
  }

  async check(userID: string): Promise<types.ZIMBlacklistCheckedResult> {
    return this.#session.request('block.check', { userID: checkUserID(userID) });
  }

  /** Another device of this user changed it. */
  changed({ action, userList }: ServerNotifications['block.changed']): void {
    this.#events.emit('blacklistChanged', { userList: userList.map(toUser), action });
  }
}

/** More than the limit has a code of its own. */
function checkBlocked(userIDs: unknown): string[] {
  const most = limits.BLOCK_USERS_PER_REQUEST_MAX;
  if (Array.isArray(userIDs) && userIDs.length > most) {
    const text = `at most ${most} users can be named at once`;
    throw zimError(ZIMErrorCode.FriendModuleFriendOperationLimitExceeded, text);
  }
  return checkUserIDs('userIDs', userIDs, most);
}
