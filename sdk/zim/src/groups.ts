/** Groups: the calls of the app and the events of the server. Nothing is kept but names for the events. */

import { checkCount, checkGroupID, checkUnused, checkUserIDs, within, withinChars } from './checks.js';
import { badParameter, notInThisVersion } from './codes.js';
import type { Conversations } from './conversations.js';
import { toFullGroup, toGroup, toGroupNotification, toMember } from './convert.js';
import * as limits from './limits.js';
import type { Session } from './session.js';
import { ZIMConversationType } from './types/enums.js';
import type {
  ZIMEventOfGroupMemberStateChangedResult,
  ZIMEventOfGroupStateChangedResult,
} from './types/events.js';
import type * as types from './types/group.js';
import type { Users } from './users.js';
import type { WireGroup, WireGroupMembers, WireGroupState, WireMember } from './wire.js';

/** The groups of one logged-in user. */
export class Groups {
  readonly #session: Pick<Session, 'request'>;
  readonly #conversations: Pick<Conversations, 'mayDisturb'>;
  readonly #users: Users;
  /** Role of a member that was seen, by group and user; in order of use. */
  readonly #roles = new Map<string, number>();

  constructor(
    session: Pick<Session, 'request'>,
    conversations: Pick<Conversations, 'mayDisturb'>,
    users: Users,
  ) {
    this.#session = session;
    this.#conversations = conversations;
    this.#users = users;
  }

  async create(
    groupInfo: types.ZIMGroupInfo,
    userIDs: string[],
    config: types.ZIMGroupAdvancedConfig = {},
  ): Promise<types.ZIMGroupCreatedResult> {
    const group = checkGroup(groupInfo, config);
    const users = userIDs?.length ? checkUserIDs('userIDs', userIDs, limits.GROUP_USERS_PER_REQUEST_MAX) : [];
    const result = await this.#session.request('group.create', { groupInfo: group, userIDs: users });
    return {
      groupInfo: this.#full(result.groupInfo),
      userList: this.#members(result.groupInfo.groupID, result.userList),
      errorUserList: result.errorUserList,
    };
  }

  async join(groupID: string): Promise<types.ZIMGroupJoinedResult> {
    const { groupInfo } = await this.#session.request('group.join', { groupID: checkGroupID(groupID) });
    return { groupInfo: this.#full(groupInfo) };
  }

  async leave(groupID: string): Promise<types.ZIMGroupLeftResult> {
    await this.#session.request('group.leave', { groupID: checkGroupID(groupID) });
    return { groupID };
  }

  async dismiss(groupID: string): Promise<types.ZIMGroupDismissedResult> {
    await this.#session.request('group.dismiss', { groupID: checkGroupID(groupID) });
    return { groupID };
  }

  async invite(userIDs: string[], groupID: string): Promise<types.ZIMGroupUsersInvitedResult> {
    const result = await this.#session.request('group.invite', this.#checkUsers(userIDs, groupID));
    return {
      groupID,
      userList: this.#members(groupID, result.userList),
      errorUserList: result.errorUserList,
    };
  }

  async kick(userIDs: string[], groupID: string): Promise<types.ZIMGroupMemberKickedResult> {
    const result = await this.#session.request('group.kick', this.#checkUsers(userIDs, groupID));
    return { groupID, kickedUserIDs: result.kickedUserIDs, errorUserList: result.errorUserList };
  }

  async get(groupID: string): Promise<types.ZIMGroupInfoQueriedResult> {
    const { groupInfo } = await this.#session.request('group.get', { groupID: checkGroupID(groupID) });
    return { groupInfo: this.#full(groupInfo) };
  }

  /** All groups, or with `count` a page of them. */
  async list(
    count?: number,
    config: types.ZIMGroupListQueryConfig = {},
  ): Promise<types.ZIMGroupListQueriedResult> {
    checkUnused('userIDs', config.userIDs);
    const from = checkFlag(config.nextFlag);
    if (count !== undefined && (!Number.isInteger(count) || count < 1))
      throw badParameter('count must be at least 1');
    const { groupList } = await this.#session.request('group.list', {});
    const to = count === undefined ? groupList.length : from + count;
    return {
      groupList: groupList.slice(from, to).map((group) => ({
        baseInfo: toGroup(group),
        groupAlias: '',
        notificationStatus: toGroupNotification(this.#disturbs(group.groupID)),
      })),
      nextFlag: to < groupList.length ? to : 0,
    };
  }

  async memberList(
    groupID: string,
    config: types.ZIMGroupMemberQueryConfig,
  ): Promise<types.ZIMGroupMemberListQueriedResult> {
    const asked = {
      groupID: checkGroupID(groupID),
      count: checkCount('count', config.count, limits.MEMBER_PAGE_MAX),
      nextFlag: checkFlag(config.nextFlag),
    };
    const { userList, nextFlag } = await this.#session.request('group.members', asked);
    return { groupID, userList: this.#members(groupID, userList), nextFlag };
  }

  /** `group.stateChanged` as the app is told of it. */
  stateChanged({
    state,
    event,
    operatedUserID,
    groupInfo,
  }: WireGroupState): ZIMEventOfGroupStateChangedResult {
    return {
      state,
      event,
      operatedInfo: this.#operator(groupInfo.groupID, operatedUserID),
      groupInfo: this.#full(groupInfo),
    };
  }

  /** `group.memberStateChanged` as the app is told of it. */
  membersChanged(frame: WireGroupMembers): ZIMEventOfGroupMemberStateChangedResult {
    const { groupID, state, event, operatedUserID } = frame;
    const userList = this.#members(groupID, frame.userList);
    return { groupID, state, event, userList, operatedInfo: this.#operator(groupID, operatedUserID) };
  }

  #full(group: WireGroup): types.ZIMGroupFullInfo {
    return toFullGroup(group, this.#disturbs(group.groupID));
  }

  #disturbs(groupID: string): boolean {
    return this.#conversations.mayDisturb(groupID, ZIMConversationType.Group);
  }

  #members(groupID: string, members: WireMember[]): types.ZIMGroupMemberInfo[] {
    for (const member of members) {
      this.#users.remember(member);
      const key = roleKey(groupID, member.userID);
      this.#roles.delete(key);
      this.#roles.set(key, member.memberRole);
    }
    for (const key of this.#roles.keys()) {
      if (this.#roles.size <= limits.USERS_KNOWN_MAX) break;
      this.#roles.delete(key);
    }
    return members.map(toMember);
  }

  #operator(groupID: string, userID: string): types.ZIMGroupOperatedInfo {
    const userName = this.#users.known(userID)?.userName ?? '';
    return {
      userID,
      userName,
      memberNickname: '',
      memberRole: this.#roles.get(roleKey(groupID, userID)) ?? 0,
    };
  }

  #checkUsers(userIDs: string[], groupID: string): { groupID: string; userIDs: string[] } {
    return {
      groupID: checkGroupID(groupID),
      userIDs: checkUserIDs('userIDs', userIDs, limits.GROUP_USERS_PER_REQUEST_MAX),
    };
  }
}

function roleKey(groupID: string, userID: string): string {
  return `${groupID}/${userID}`;
}

function checkFlag(flag: unknown): number {
  if (flag === undefined || flag === null) return 0;
  if (!Number.isInteger(flag) || (flag as number) < 0)
    throw badParameter('nextFlag must be that of the page before');
  return flag as number;
}

function checkGroup(group: types.ZIMGroupInfo, config: types.ZIMGroupAdvancedConfig): WireGroup {
  if (typeof group !== 'object' || group === null) throw badParameter('groupInfo must be an object');
  if (group.groupID) checkGroupID(group.groupID);
  if (group.groupID?.startsWith('#')) throw badParameter('a groupID of your own must not begin with #');
  refuseLater(config);
  const notice = withinChars('groupNotice', config.groupNotice ?? '', limits.GROUP_NOTICE_CHARS_MAX);
  return {
    groupID: group.groupID ?? '',
    groupName: withinChars('groupName', group.groupName ?? '', limits.GROUP_NAME_CHARS_MAX),
    groupAvatarUrl: within('groupAvatarUrl', group.groupAvatarUrl ?? '', limits.AVATAR_URL_BYTES_MAX),
    ...(notice ? { groupNotice: notice } : {}),
  };
}

/** Neutral values mean nothing special and are let through: programs written for ZIM set them. */
function refuseLater(config: types.ZIMGroupAdvancedConfig): void {
  if (Object.keys(config.groupAttributes ?? {}).length > 0) throw notInThisVersion('groupAttributes');
  for (const name of ['maxMemberCount', 'joinMode', 'inviteMode', 'beInviteMode'] as const) {
    if (config[name]) throw notInThisVersion(name);
  }
}
