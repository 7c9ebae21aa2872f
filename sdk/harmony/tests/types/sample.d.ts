/** The sample app for TypeScript, as far as the tests drive it. */

import type { ZIMConversation, ZIMMessage } from '@hongyan/zim';
import type { Ability } from '../app/process';

interface Watchers {
  watch(changed: () => void): () => void;
}
export class Destination {
  constructor(conversationID: string, type: number);
  readonly conversationID: string;
  readonly type: number;
}
export class Sample {
  static get(): Sample;
  readonly watchers: Watchers;
  readonly route: { readonly watchers: Watchers; take(): Destination | null };
  readonly chats: {
    readonly watchers: Watchers;
    readonly conversations: ZIMConversation[];
    readonly messages: ZIMMessage[];
    load(): Promise<void>;
    open(where: Destination): Promise<void>;
    close(): void;
    send(text: string, title: string): Promise<void>;
  };
  readonly calls: {
    readonly watchers: Watchers;
    readonly phase: number;
    readonly peer: string;
    invite(userID: string, title: string): Promise<void>;
    accept(): Promise<void>;
    leave(): Promise<void>;
  };
  readonly userID: string;
  readonly isConnected: boolean;
  lastUserID(): string;
  login(userID: string, userName: string): Promise<void>;
  logout(): Promise<void>;
}
export const settings: { server: string; appID: number; appSign: string };
declare const EntryAbility: new () => Ability;
export default EntryAbility;
