/** Users: their names, asked for once and remembered within a bound. */

import { checkUserIDs } from './checks.js';
import { toFullUser } from './convert.js';
import { USER_QUERY_MAX, USERS_KNOWN_MAX } from './limits.js';
import type { Session } from './session.js';
import type { ZIMUsersInfoQueriedResult, ZIMUsersInfoQueryConfig } from './types/common.js';
import type { WireUser } from './wire.js';

/** The users one client knows. */
export class Users {
  readonly #session: Pick<Session, 'request'>;
  /** In order of use, the latest last. */
  readonly #known = new Map<string, WireUser>();

  constructor(session: Pick<Session, 'request'>) {
    this.#session = session;
  }

  /** Takes note of a user that came along with something else. */
  remember({ userID, userName, userAvatarUrl = '' }: WireUser): void {
    this.#known.delete(userID);
    this.#known.set(userID, { userID, userName, userAvatarUrl });
    const [oldest] = this.#known.keys();
    if (this.#known.size > USERS_KNOWN_MAX && oldest !== undefined) this.#known.delete(oldest);
  }

  /** A user seen before. */
  known(userID: string): WireUser | undefined {
    return this.#known.get(userID);
  }

  async query(userIDs: string[], config: ZIMUsersInfoQueryConfig): Promise<ZIMUsersInfoQueriedResult> {
    const asked = checkUserIDs('userIDs', userIDs, USER_QUERY_MAX);
    const missing = config.isQueryFromServer ? asked : asked.filter((userID) => !this.#known.has(userID));
    const answer = { userList: [] as WireUser[], errorUserList: [] as { userID: string; reason: number }[] };
    if (missing.length > 0)
      Object.assign(answer, await this.#session.request('user.query', { userIDs: missing }));
    for (const user of answer.userList) this.remember(user);
    const found = asked.flatMap((userID) => this.#known.get(userID) ?? []);
    return { userList: found.map(toFullUser), errorUserList: answer.errorUserList };
  }
}
