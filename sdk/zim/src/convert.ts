/** From the wire to the public API: most fields keep their names, the rest is arranged as ZIM has it. */

import { fromBase64 } from './bytes.js';
import type { ZIMCallUserInfo, ZIMCallInfo } from './types/call.js';
import type { ZIMUserFullInfo, ZIMUserInfo } from './types/common.js';
import type { ZIMConversation, ZIMGroupConversation } from './types/conversation.js';
import {
  ZIMConversationType,
  ZIMGroupBeInviteMode,
  ZIMGroupEnterType,
  ZIMGroupInviteMode,
  ZIMGroupJoinMode,
  ZIMGroupMessageNotificationStatus,
  ZIMGroupMuteMode,
  ZIMMessageDirection,
  ZIMMessageReceiptStatus,
  ZIMMessageSentStatus,
  ZIMMessageRevokeStatus,
  ZIMMessageType,
  ZIMRevokeType,
} from './types/enums.js';
import type { ZIMGroupFullInfo, ZIMGroupInfo, ZIMGroupMemberInfo } from './types/group.js';
import type { ZIMMessage, ZIMMessageMentionedInfo, ZIMRevokeMessage } from './types/message.js';
import type {
  WireCall,
  WireCallUser,
  WireContent,
  WireConversation,
  WireGroup,
  WireMember,
  WireMessage,
  WireUser,
} from './wire.js';

/** Name of a conversation inside the SDK: type and ID together. */
export function conversationKey(conversationID: string, conversationType: number): string {
  return `${conversationType}:${conversationID}`;
}

/** A message of the server as `self` sees it. */
export function toMessage(wire: WireMessage, self: string): ZIMMessage {
  return {
    ...contentOf(wire.content),
    messageID: wire.messageID,
    localMessageID: wire.localMessageID ?? '',
    messageSeq: wire.messageSeq,
    senderUserID: wire.senderUserID,
    conversationID: wire.conversationID,
    conversationType: wire.conversationType,
    direction: wire.senderUserID === self ? ZIMMessageDirection.Send : ZIMMessageDirection.Receive,
    sentStatus: ZIMMessageSentStatus.Success,
    timestamp: wire.timestamp,
    orderKey: wire.messageSeq,
    ...NEUTRAL_MESSAGE,
  };
}

const NEUTRAL_MESSAGE = { isUserInserted: false, receiptStatus: ZIMMessageReceiptStatus.None } as const;

function contentOf(content: WireContent): ZIMMessage {
  if (content.type === ZIMMessageType.Revoke) return revocationOf(content);
  const message: ZIMMessage = {
    type: content.type,
    message: content.type === ZIMMessageType.Command ? bytesOf(content.message) : content.message,
    extendedData: content.extendedData ?? '',
    mentionedUserIDs: content.mentionedUserIDs ?? [],
    isMentionAll: content.isMentionAll ?? false,
  };
  if (content.type === ZIMMessageType.Custom) {
    message.subType = content.subType ?? 0;
    message.searchedContent = content.searchedContent ?? '';
  }
  return message;
}

/** The bare words of a revocation; the message around it is as for any other. */
function revocationOf({ revoke }: WireContent): ZIMRevokeMessage {
  return {
    type: ZIMMessageType.Revoke,
    message: '',
    extendedData: '',
    mentionedUserIDs: [],
    isMentionAll: false,
    revokeType: ZIMRevokeType.TwoWay,
    revokeTimestamp: revoke?.revokeTimestamp ?? 0,
    operatedUserID: revoke?.operatedUserID ?? '',
    originalMessageType: revoke?.originalMessageType ?? ZIMMessageType.Unknown,
    originalTextMessageContent: revoke?.originalTextMessageContent ?? '',
    revokeExtendedData: revoke?.revokeExtendedData ?? '',
    revokeStatus: revoke?.revokeStatus ?? ZIMMessageRevokeStatus.Unknown,
  };
}

function bytesOf(base64: string): Uint8Array {
  return fromBase64(base64) ?? new Uint8Array();
}

/** A message on its way to the server, as the app gave it. */
export function toOutgoing(
  given: ZIMMessage,
  known: {
    localMessageID: string;
    self: string;
    conversationID: string;
    conversationType: number;
    now: number;
  },
): ZIMMessage {
  return {
    ...given,
    messageID: '',
    localMessageID: known.localMessageID,
    messageSeq: 0,
    senderUserID: known.self,
    conversationID: known.conversationID,
    conversationType: known.conversationType,
    direction: ZIMMessageDirection.Send,
    sentStatus: ZIMMessageSentStatus.Sending,
    timestamp: known.now,
    orderKey: 0,
    extendedData: given.extendedData ?? '',
    mentionedUserIDs: given.mentionedUserIDs ?? [],
    isMentionAll: given.isMentionAll ?? false,
    ...NEUTRAL_MESSAGE,
  };
}

/** An entry of the conversation list with counts and mentions that are kept locally. */
export function toConversation(
  wire: WireConversation,
  self: string,
  mentioned: readonly ZIMMessageMentionedInfo[],
): ZIMConversation {
  const conversation: ZIMConversation = {
    conversationID: wire.conversationID,
    type: wire.type,
    conversationName: wire.conversationName,
    conversationAvatarUrl: wire.conversationAvatarUrl,
    conversationAlias: '',
    notificationStatus: wire.notificationStatus,
    unreadMessageCount: wire.unreadMessageCount,
    readMessageSeq: wire.readMessageSeq,
    ...(wire.lastMessage ? { lastMessage: toMessage(wire.lastMessage, self) } : {}),
    orderKey: wire.orderKey,
    isPinned: false,
    pinnedTime: 0,
    mentionedInfoList: [...mentioned],
    draft: '',
    marks: [],
  };
  if (wire.type !== ZIMConversationType.Group) return conversation;
  const group: ZIMGroupConversation = {
    ...conversation,
    isDisabled: wire.isDisabled ?? false,
    mutedExpiredTime: 0,
  };
  return group;
}

/** A user as shown by itself. */
export function toUser(wire: WireUser): ZIMUserInfo {
  return {
    userID: wire.userID,
    userName: wire.userName,
    userAvatarUrl: wire.userAvatarUrl ?? '',
    userExtendedData: '',
  };
}

/** A user in full. */
export function toFullUser(wire: WireUser): ZIMUserFullInfo {
  return { baseInfo: toUser(wire), userAvatarUrl: wire.userAvatarUrl ?? '', extendedData: '' };
}

/** A group in short. */
export function toGroup(wire: WireGroup): ZIMGroupInfo {
  return { groupID: wire.groupID, groupName: wire.groupName, groupAvatarUrl: wire.groupAvatarUrl };
}

/** A group in full. `disturbs`: its messages may disturb this user. */
export function toFullGroup(wire: WireGroup, disturbs: boolean): ZIMGroupFullInfo {
  return {
    baseInfo: toGroup(wire),
    groupNotice: wire.groupNotice ?? '',
    groupAttributes: {},
    groupAlias: '',
    notificationStatus: toGroupNotification(disturbs),
    mutedInfo: { mode: ZIMGroupMuteMode.None, expiredTime: 0, roles: [] },
    createTime: 0,
    maxMemberCount: 0,
    verifyInfo: {
      joinMode: ZIMGroupJoinMode.Any,
      inviteMode: ZIMGroupInviteMode.Any,
      beInviteMode: ZIMGroupBeInviteMode.None,
    },
  };
}

/** Notification status of a group. */
export function toGroupNotification(disturbs: boolean): ZIMGroupMessageNotificationStatus {
  return disturbs ? ZIMGroupMessageNotificationStatus.Notify : ZIMGroupMessageNotificationStatus.Disturb;
}

/** A member of a group. */
export function toMember(wire: WireMember): ZIMGroupMemberInfo {
  return {
    ...toUser(wire),
    memberNickname: '',
    memberRole: wire.memberRole,
    memberAvatarUrl: '',
    muteExpiredTime: 0,
    groupEnterInfo: { enterTime: 0, enterType: ZIMGroupEnterType.Unknown },
  };
}

/** A user of a call. */
export function toCallUser(wire: WireCallUser): ZIMCallUserInfo {
  return { userID: wire.userID, state: wire.state, extendedData: wire.extendedData ?? '' };
}

/** A call as the list shows it. */
export function toCall(wire: WireCall): ZIMCallInfo {
  return {
    callID: wire.callID,
    caller: wire.caller,
    inviter: wire.inviter,
    createTime: wire.createTime,
    endTime: wire.endTime,
    state: wire.state,
    mode: wire.mode,
    extendedData: wire.extendedData,
    callUserList: wire.callUserList.map(toCallUser),
  };
}
