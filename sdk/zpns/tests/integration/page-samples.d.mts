/** Types of the page's samples, which are JavaScript. */

import type { ZIM, ZIMCallInvitationSentResult, ZIMError, ZIMMessage } from '@hongyan/zim/core';
import type { ZPNs } from '@hongyan/zpns';

type Failed = (error: ZIMError) => void;

export function register(
  push: typeof ZPNs,
  registered: (code: number, msg: string, pushID: string) => void,
): void;
export function sendPeerMessage(
  zim: ZIM,
  to: string,
  sent: (message: ZIMMessage) => void,
  failed: Failed,
): void;
export function sendGroupMessage(
  zim: ZIM,
  to: string,
  sent: (message: ZIMMessage) => void,
  failed: Failed,
): void;
export function sendCallInvitation(
  zim: ZIM,
  userID: string,
  sent: (call: Omit<ZIMCallInvitationSentResult, 'errorUserList'>) => void,
  failed: Failed,
): void;
export function unregister(push: typeof ZPNs): Promise<{ errorCode: number; msg: string }>;
