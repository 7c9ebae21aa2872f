/**
 * Type test against the published typings of zego-zim-web 2.29, for everything this version has: a program
 * written for those compiles against these. Checked by tsc, never run.
 *
 * Parameters: whatever ZIM's method takes, ours takes. Results and events: whatever ours gives is what ZIM's
 * gives. Enums: same names, same numbers, both ways.
 */

import type * as theirs from 'zego-zim-web';
import type * as ours from '../../src/index.js';

type Assert<T extends true> = T;
/** Ours can stand where theirs is expected. */
type Fits<Ours, Theirs> = [Ours] extends [Theirs] ? true : { ours: Ours; theirs: Theirs };

// -- methods: every public one of ours exists in theirs, takes what theirs takes, gives what theirs gives
// ----

type Name = Exclude<keyof ours.ZIM, symbol | 'on' | 'off' | 'login' | 'queryGroupList'>;
type Fn = (...args: never[]) => unknown;

type Takes = {
  [N in Name]: N extends keyof theirs.ZIM
    ? theirs.ZIM[N] extends Fn
      ? ours.ZIM[N] extends Fn
        ? Fits<Parameters<theirs.ZIM[N]>, Parameters<ours.ZIM[N]>>
        : 'ours is no method'
      : 'theirs is no method'
    : 'not in theirs';
};
type Gives = {
  [N in Name]: N extends keyof theirs.ZIM
    ? theirs.ZIM[N] extends Fn
      ? ours.ZIM[N] extends Fn
        ? GivesOne<ReturnType<ours.ZIM[N]>, ReturnType<theirs.ZIM[N]>>
        : 'ours is no method'
      : 'theirs is no method'
    : 'not in theirs';
};
/** A method that theirs gives nothing from may give a promise to those who want to wait. */
type GivesOne<Ours, Theirs> = [Theirs] extends [void] ? true : Fits<Ours, Theirs>;

/** Compiles only if every member is exactly `true`; names the ones that are not. */
type AllTrue<T> = { [K in keyof T as T[K] extends true ? never : K]: T[K] };
type None = Record<never, never>;

type TakesTest = Assert<Fits<keyof AllTrue<Takes>, never>>;
type GivesTest = Assert<Fits<keyof AllTrue<Gives>, never>>;
declare const takes: AllTrue<Takes>;
declare const gives: AllTrue<Gives>;
const noneTakes: None = takes;
const noneGives: None = gives;

// -- methods with several forms -----------------------------------------------------------------------------

declare const zim: ours.ZIM;
declare const config: theirs.ZIMLoginConfig;
declare const userInfo: theirs.ZIMUserInfo;
const byID: Promise<void> = zim.login('ann', config);
const byToken: Promise<void> = zim.login(userInfo, '04token');
const all: Promise<theirs.ZIMGroupListQueriedResult> = zim.queryGroupList();
declare const listConfig: theirs.ZIMGroupListQueryConfig;
const page: Promise<theirs.ZIMGroupListQueriedResult> = zim.queryGroupList(10, listConfig);

declare const ZIM: typeof ours.ZIM;
declare const appConfig: theirs.ZIMAppConfig;
const version: string = ZIM.getVersion();
const made: ours.ZIM | null = ZIM.create(appConfig) ?? ZIM.create(1) ?? ZIM.getInstance();
ZIM.setAdvancedConfig('server', 'https://im.example.com');

// -- events: every one of ours exists in theirs and carries what theirs carries
// ------------------------------

type Events = {
  [E in keyof ours.ZIMEventHandler]: E extends keyof theirs.ZIMEventHandler
    ? Fits<Parameters<ours.ZIMEventHandler[E]>[1], Parameters<theirs.ZIMEventHandler[E]>[1]>
    : 'not in theirs';
};
type EventsTest = Assert<Fits<keyof AllTrue<Events>, never>>;

// A listener written for theirs is accepted, whatever it does with its second parameter.
zim.on(
  'peerMessageReceived',
  (_, data: theirs.ZIMEventOfConversationMessageReceivedResult) => data.messageList,
);
zim.on('callInvitationReceived', (_, data: theirs.ZIMEventOfCallInvitationReceivedResult) => data.callID);
zim.off('peerMessageReceived');

// -- enums
// ----------------------------------------------------------------------------------------------------

type EnumNames = {
  [K in keyof typeof theirs]: (typeof theirs)[K] extends Record<string | number, string | number> ? K : never;
}[keyof typeof theirs];
type OurEnums = {
  [K in EnumNames]: K extends keyof typeof ours
    ? Fits<Numbers<(typeof ours)[K]>, Numbers<(typeof theirs)[K]>> extends true
      ? Fits<Numbers<(typeof theirs)[K]>, Numbers<(typeof ours)[K]>>
      : 'a name or number is missing in ours'
    : 'not in ours';
};
/** Member name → number as a literal. */
type Numbers<E> = { [M in keyof E]: E[M] extends number ? `${E[M]}` : never };
type EnumsTest = Assert<Fits<keyof AllTrue<OurEnums>, never>>;

// -- values: what a program builds with theirs, ours takes; what ours gives, it reads with theirs
// --------------

declare const text: theirs.ZIMTextMessage;
declare const command: theirs.ZIMCommandMessage;
declare const custom: theirs.ZIMCustomMessage;
declare const send: theirs.ZIMMessageSendConfig;
declare const push: theirs.ZIMPushConfig;
const sent: Promise<theirs.ZIMMessageSentResult> = zim.sendMessage(text, 'bob', 0, send);
void zim.sendMessage(command, 'bob', 0, { ...send, pushConfig: push });
void zim.sendMessage(custom, 'g1', 2, send);

declare const ourText: ours.ZIMTextMessage;
declare const ourCustom: ours.ZIMCustomMessage;
declare const ourCommand: ours.ZIMCommandMessage;
const messages: theirs.ZIMMessage[] = [ourText, ourCustom, ourCommand];
const asText: theirs.ZIMTextMessage = ourText;
const asCustom: theirs.ZIMCustomMessage = ourCustom;
const asCommand: theirs.ZIMCommandMessage = ourCommand;
declare const ourGroup: ours.ZIMGroupConversation;
const asGroup: theirs.ZIMGroupConversation = ourGroup;
declare const ourError: ours.ZIMError;
const asError: theirs.ZIMError = ourError;
declare const ourRevoked: ours.ZIMRevokeMessage;
const asRevoked: theirs.ZIMRevokeMessage = ourRevoked;
declare const theirRule: theirs.ZIMUserOfflinePushRule;
void zim.updateUserOfflinePushRule(theirRule);
declare const revokeConfig: theirs.ZIMMessageRevokeConfig;
void zim.revokeMessage(asRevoked, revokeConfig);
