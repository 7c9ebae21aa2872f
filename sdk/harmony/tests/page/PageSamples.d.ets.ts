/** Types of the page's samples, which are ArkTS. */

import type { common } from '@kit.AbilityKit';
import type { ZIM, ZIMCallInvitationSentResult, ZIMError, ZIMMessage } from '@hongyan/zim';

type Failed = (error: ZIMError) => void;

export class PageSamples {
  constructor(context: common.UIAbilityContext);
  requestPermission(): void;
  register(): void;
  sendPeerMessage(zim: ZIM, toUserID: string, sent: (message: ZIMMessage) => void, failed: Failed): void;
  sendGroupMessage(zim: ZIM, toGroupID: string, sent: (message: ZIMMessage) => void, failed: Failed): void;
  sendCallInvitation(
    zim: ZIM,
    userID: string,
    sent: (call: ZIMCallInvitationSentResult) => void,
    failed: Failed,
  ): void;
  unregister(): void;
}
