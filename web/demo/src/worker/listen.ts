/** Events of the SDK, handed to the page. */
import { ZIMMessageType, type ZIMMessage, type ZIMMessageReceivedInfo } from '@hongyan/zim/core';
import type { App } from './app';
import { isShown, shownMessage } from './shown';

/** Listens to everything the app shows. */
export function listen(app: App): void {
  const { zim, page } = app;
  zim.on('connectionStateChanged', (_, { state, event }) => page.emit('connection', { state, event }));
  zim.on('error', (_, fault) => app.fault('sdk', fault));
  zim.on('peerMessageReceived', (_, { messageList, info, fromConversationID }) =>
    onMessages(app, fromConversationID, messageList, info),
  );
  zim.on('groupMessageReceived', (_, { messageList, info, fromConversationID }) =>
    onMessages(app, fromConversationID, messageList, info),
  );
  zim.on('messageRevokeReceived', (_, { messageList }) =>
    page.emit('revoked', { messages: messageList.map((message) => shownMessage(message, false)) }),
  );
  zim.on('conversationChanged', () => void app.list());
  zim.on('callInvitationReceived', (_, { callID, inviter }) =>
    page.emit('call.received', { callID, inviter }),
  );
  zim.on('callInvitationCancelled', (_, { callID }) => page.emit('call.cancelled', { callID }));
  zim.on('callInvitationTimeout', (_, { callID }) => page.emit('call.timeout', { callID }));
  zim.on('callUserStateChanged', (_, { callID, callUserList }) =>
    page.emit('call.state', {
      callID,
      parties: callUserList.map(({ userID, state }) => ({ userID, state })),
    }),
  );
}

function onMessages(app: App, from: string, list: ZIMMessage[], info: ZIMMessageReceivedInfo): void {
  const offline = info.isOfflineMessage;
  const texts = list.filter(isShown).map((message) => shownMessage(message, offline));
  if (texts.length > 0) app.page.emit('messages', { conversationID: from, offline, messages: texts });
  for (const message of list) if (message.type === ZIMMessageType.Command) onCommand(app, message);
}

function onCommand(app: App, message: ZIMMessage): void {
  const bytes = (message as unknown as { message: Uint8Array }).message;
  const { hangup } = JSON.parse(new TextDecoder().decode(bytes)) as { hangup?: string };
  if (hangup !== undefined) app.page.emit('call.hangup', { callID: hangup });
}
