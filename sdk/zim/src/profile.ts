/** What one logged-in user is and wants: name, push rule, the badge of its other phones. */

import { badParameter } from './codes.js';
import { toFullUser } from './convert.js';
import type { EventSink } from './events.js';
import { BADGE_MAX } from './limits.js';
import type { Session } from './session.js';
import { ZIMPlatformType, ZIMUserOnlineStatus } from './types/enums.js';
import type * as types from './types/user.js';
import type { Users } from './users.js';
import type { WirePushRule } from './wire.js';

/** This user. */
export class Profile {
  readonly #session: Pick<Session, 'request' | 'userID' | 'isOnline'>;
  readonly #events: Pick<EventSink, 'emit'>;
  readonly #users: Users;
  readonly #platform: number;

  constructor(
    session: Pick<Session, 'request' | 'userID' | 'isOnline'>,
    events: Pick<EventSink, 'emit'>,
    users: Users,
    platform: number,
  ) {
    this.#session = session;
    this.#events = events;
    this.#users = users;
    this.#platform = platform;
  }

  async query(): Promise<types.ZIMSelfUserInfoQueriedResult> {
    const { userInfo, offlinePushRule } = await this.#session.request('user.self', {});
    this.#users.remember(userInfo);
    const userFullInfo = toFullUser(userInfo);
    return { selfUserInfo: { userFullInfo, userRule: { offlinePushRule }, userStatus: this.#status() } };
  }

  async setPushRule(
    rule: types.ZIMUserOfflinePushRule,
  ): Promise<types.ZIMUserOfflinePushRuleUpdatedResult> {
    const asked = {
      onlinePlatforms: checkPlatforms('onlinePlatforms', rule?.onlinePlatforms),
      notToReceiveOfflinePushPlatforms: checkPlatforms(
        'notToReceiveOfflinePushPlatforms',
        rule?.notToReceiveOfflinePushPlatforms,
      ),
    };
    return { offlinePushRule: await this.#session.request('user.setPushRule', asked) };
  }

  async setBadge(badge: number): Promise<void> {
    if (!Number.isInteger(badge) || badge < 0 || badge > BADGE_MAX)
      throw badParameter(`badge must be 0 to ${BADGE_MAX}`);
    await this.#session.request('user.setBadge', { badge });
  }

  /** Another device of this user changed the rule. */
  pushRuleChanged(offlinePushRule: WirePushRule): void {
    this.#events.emit('userRuleUpdated', { userRule: { offlinePushRule } });
  }

  #status(): types.ZIMUserStatus {
    const online = this.#session.isOnline;
    return {
      userID: this.#session.userID,
      onlineStatus: online ? ZIMUserOnlineStatus.Online : ZIMUserOnlineStatus.Offline,
      onlinePlatforms: online ? [this.#platform] : [],
      customStatus: '',
      customStatusExpiredTime: 0,
      lastUpdateTime: 0,
      lastOnlineStatusUpdateTime: 0,
      lastCustomStatusUpdateTime: 0,
    };
  }
}

function checkPlatforms(what: string, platforms: unknown): number[] {
  if (!Array.isArray(platforms) || new Set(platforms).size !== platforms.length) {
    throw badParameter(`${what} must be a list that names each platform once`);
  }
  const known = platforms.every((platform) => ZIMPlatformType[platform as number] !== undefined);
  if (!known) throw badParameter(`${what} names something that is no platform`);
  return platforms as number[];
}
