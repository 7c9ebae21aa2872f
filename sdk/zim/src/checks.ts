/** Checks of what an app hands in: each throws a `ZIMError` that names the parameter and its limit. */

import { toBase64, utf8Length } from './bytes.js';
import { badParameter, notInThisVersion, zimError } from './codes.js';
import * as limits from './limits.js';
import type { ZIMPushConfig } from './types/common.js';
import { ZIMConversationType, ZIMMessageType } from './types/enums.js';
import { ZIMErrorCode } from './types/error-code.js';
import type { ZIMMessage, ZIMMessageSendConfig } from './types/message.js';
import type { WireContent, WireConversationRef, WirePushConfig } from './wire.js';

const ID_LETTERS = /^[A-Za-z0-9!#$%&()+\-:;<=.>?@[\]^_{}|~ ]*$/;

/** A userID: 1 to 32 bytes of the documented letters. */
export function checkUserID(userID: unknown): string {
  return checkID('userID', userID, limits.USER_ID_BYTES_MAX);
}

/** A groupID: 1 to 32 bytes of the same letters. */
export function checkGroupID(groupID: unknown): string {
  return checkID('groupID', groupID, limits.GROUP_ID_BYTES_MAX);
}

/** A callID as the server gave it. */
export function checkCallID(callID: unknown): string {
  if (typeof callID !== 'string' || !/^[1-9][0-9]{0,18}$/.test(callID)) {
    throw badParameter('callID must be the text that callInvite or an event gave');
  }
  return callID;
}

/** A messageID as the server gave it. */
export function checkMessageID(messageID: unknown): string {
  if (typeof messageID !== 'string' || !/^[1-9][0-9]{0,18}$/.test(messageID)) {
    throw badParameter('the message must be one that the server has: its messageID is missing');
  }
  return messageID;
}

function checkID(what: string, id: unknown, bytesMax: number): string {
  if (typeof id !== 'string' || id.length === 0 || id.length > bytesMax) {
    throw badParameter(`${what} must be a text of 1 to ${bytesMax} bytes`);
  }
  if (!ID_LETTERS.test(id)) throw badParameter(`${what} holds a letter that is not allowed`);
  return id;
}

/** A list of users: 1 to `countMax`. */
export function checkUserIDs(what: string, userIDs: unknown, countMax: number): string[] {
  if (!Array.isArray(userIDs) || userIDs.length === 0 || userIDs.length > countMax) {
    throw badParameter(`${what} must name 1 to ${countMax} users`);
  }
  return userIDs.map(checkUserID);
}

/** A device identifier chosen by the app: 8 to 64 bytes of letters, digits, `-`, `_` and `.`. */
export function checkDeviceID(deviceID: string): string {
  if (!/^[A-Za-z0-9\-_.]{8,64}$/.test(deviceID)) {
    throw badParameter("deviceID must have 8 to 64 letters, digits, '-', '_' and '.'");
  }
  return deviceID;
}

/** An AppID: 1 to 4294967295. */
export function checkAppID(appID: unknown): number {
  if (!Number.isInteger(appID) || (appID as number) < 1 || (appID as number) > 4294967295) {
    throw zimError(
      ZIMErrorCode.CommonModuleInvalidAppID,
      'appID must be a whole number from 1 to 4294967295',
    );
  }
  return appID as number;
}

/** A whole number in a range. */
export function checkCount(what: string, count: unknown, most: number): number {
  if (!Number.isInteger(count) || (count as number) < 1 || (count as number) > most) {
    throw badParameter(`${what} must be 1 to ${most}`);
  }
  return count as number;
}

/** A conversation that this version carries: peer or group. */
export function checkConversation(conversationID: unknown, conversationType: unknown): WireConversationRef {
  if (conversationType === ZIMConversationType.Peer) {
    return { conversationID: checkUserID(conversationID), conversationType };
  }
  if (conversationType === ZIMConversationType.Group) {
    return { conversationID: checkGroupID(conversationID), conversationType };
  }
  if (conversationType === ZIMConversationType.Room) throw notInThisVersion('a room');
  if (conversationType === ZIMConversationType.CommunityChannel)
    throw notInThisVersion('a community channel');
  throw badParameter('conversationType must be 0 (peer) or 2 (group)');
}

/** The content of a message to be sent. */
export function checkContent(message: ZIMMessage): WireContent {
  if (typeof message !== 'object' || message === null) throw badParameter('message must be an object');
  const content: WireContent = { type: message.type, message: checkBody(message) };
  if (message.type === ZIMMessageType.Custom) checkCustom(message, content);
  if (message.extendedData) {
    content.extendedData = within('extendedData', message.extendedData, limits.MESSAGE_EXTENDED_BYTES_MAX);
  }
  const mentioned = message.mentionedUserIDs ?? [];
  if (!Array.isArray(mentioned) || mentioned.length > limits.MENTIONS_MAX) {
    throw badParameter(`mentionedUserIDs names at most ${limits.MENTIONS_MAX} users`);
  }
  if (mentioned.length > 0) content.mentionedUserIDs = mentioned.map(checkUserID);
  if (message.isMentionAll) content.isMentionAll = true;
  return content;
}

function checkBody({ type, message }: ZIMMessage): string {
  switch (type) {
    case ZIMMessageType.Text:
    case ZIMMessageType.Custom:
      if (typeof message !== 'string' || message === '')
        throw badParameter('message must be a text, not empty');
      return within('message', message, limits.MESSAGE_TEXT_BYTES_MAX);
    case ZIMMessageType.Command:
      if (!(message instanceof Uint8Array) || message.length === 0) {
        throw badParameter('message of a command must be a Uint8Array, not empty');
      }
      if (message.length > limits.MESSAGE_COMMAND_BYTES_MAX) {
        throw badParameter(`message of a command has at most ${limits.MESSAGE_COMMAND_BYTES_MAX} bytes`);
      }
      return toBase64(message);
    default:
      if (ZIMMessageType[type] === undefined) throw badParameter('message.type is no message type');
      throw notInThisVersion(`a message of type ${type} (${ZIMMessageType[type]})`);
  }
}

function checkCustom({ subType = 0, searchedContent }: ZIMMessage, content: WireContent): void {
  if (!Number.isInteger(subType) || subType < 0 || subType > limits.CUSTOM_SUB_TYPE_MAX) {
    throw badParameter(`subType must be 0 to ${limits.CUSTOM_SUB_TYPE_MAX}`);
  }
  content.subType = subType;
  if (searchedContent) {
    content.searchedContent = within('searchedContent', searchedContent, limits.SEARCHED_CONTENT_BYTES_MAX);
  }
}

/** Configuration of a send; also refuses what this version cannot do. */
export function checkSendConfig(config: ZIMMessageSendConfig): ZIMMessageSendConfig {
  if (typeof config !== 'object' || config === null) throw badParameter('config must be an object');
  if (![1, 2, 3].includes(config.priority))
    throw badParameter('priority must be 1 (low), 2 (medium) or 3 (high)');
  if (config.hasReceipt) throw notInThisVersion('hasReceipt');
  return config;
}

/** A push configuration, without what means nothing. */
export function checkPushConfig(config: ZIMPushConfig | undefined | null): WirePushConfig | undefined {
  if (config === undefined || config === null) return undefined;
  if (typeof config !== 'object') throw badParameter('pushConfig must be an object');
  const push: WirePushConfig = {
    title: within('pushConfig.title', config.title ?? '', limits.PUSH_TITLE_BYTES_MAX),
    content: within('pushConfig.content', config.content ?? '', limits.PUSH_CONTENT_BYTES_MAX),
  };
  if (config.payload)
    push.payload = within('pushConfig.payload', config.payload, limits.PUSH_PAYLOAD_BYTES_MAX);
  if (config.threadID) push.threadID = within('pushConfig.threadID', config.threadID, 64);
  if (config.resourcesID) {
    if (
      typeof config.resourcesID !== 'string' ||
      [...config.resourcesID].length > limits.RESOURCES_ID_CHARS_MAX
    ) {
      throw badParameter(`pushConfig.resourcesID has at most ${limits.RESOURCES_ID_CHARS_MAX} characters`);
    }
    push.resourcesID = config.resourcesID;
  }
  addBadge(config, push);
  if (config.voIPConfig) push.voIPConfig = config.voIPConfig;
  if (config.privateMessageTemplate) push.privateMessageTemplate = config.privateMessageTemplate;
  return push;
}

function addBadge({ enableBadge, badgeIncrement = 0 }: ZIMPushConfig, push: WirePushConfig): void {
  if (enableBadge) push.enableBadge = true;
  if (!Number.isInteger(badgeIncrement) || badgeIncrement < 0 || badgeIncrement > 99) {
    throw badParameter('pushConfig.badgeIncrement must be 0 to 99');
  }
  if (badgeIncrement > 0) push.badgeIncrement = badgeIncrement;
}

/** extendedData of a call action. */
export function checkCallData(extendedData: unknown): string {
  return within('extendedData', extendedData ?? '', limits.CALL_EXTENDED_BYTES_MAX);
}

/** A text of at most `bytesMax` bytes. */
export function within(what: string, text: unknown, bytesMax: number): string {
  if (typeof text !== 'string') throw badParameter(`${what} must be a text`);
  const bytes = utf8Length(text);
  if (bytes > bytesMax) throw badParameter(`${what} has ${bytes} bytes; at most ${bytesMax} are allowed`);
  return text;
}

/** A text of at most `charsMax` characters. */
export function withinChars(what: string, text: unknown, charsMax: number): string {
  if (typeof text !== 'string') throw badParameter(`${what} must be a text`);
  if ([...text].length > charsMax) throw badParameter(`${what} has at most ${charsMax} characters`);
  return text;
}

/** An empty or missing list; anything else is not in this version. */
export function checkUnused(what: string, list: readonly unknown[] | undefined): void {
  if (list && list.length > 0) throw notInThisVersion(what);
}
