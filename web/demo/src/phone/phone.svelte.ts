/** One virtual phone: its system (the emulator's, over the device link) and the process of its one app. */
import type { DemoConfig } from '../api';
import {
  DeviceLink,
  type AppState,
  type DeviceEvents,
  type Notice,
  type PhoneState,
  type Want,
} from '../lib/device';
import { Refused, unlessGone } from '../lib/rpc';
import type { MarkName, RunKind } from '../steps/run';
import { onCallWake } from './calls';
import type { CallView } from './call';
import { Chat } from './chat.svelte';
import { launch } from './launch';
import type { AppProcess } from './process';
import { wipeStorage } from './storage';

/** What a phone tells the stage it stands on. */
export interface Stage {
  mark(name: MarkName, userID: string, detail?: string): void;
  /** A send begins; the result's `sent` or `failed` is called once. */
  begin(
    kind: RunKind,
    sender: string,
    receivers: string[],
  ): { sent(id: string): void; failed(why: string): void };
  nameOf(userID: string): string;
  /** Name of a user or group. */
  placeName(conversationID: string): string;
}

/** Refusal of the notification service after the user has said no. */
const NOTICES_REFUSED = 1600004;
/** A reset waits this long for the logout. */
const GOODBYE_MS_MAX = 2_000;
/** A heads-up notice goes away after this. */
const BANNER_MS = 5_000;

/** A phone with one user's app on it. */
export class Phone {
  readonly deviceID: string;
  linked = $state(false);
  online = $state(true);
  locked = $state(true);
  permission = $state<'unasked' | 'allowed' | 'denied'>('unasked');
  appState = $state<AppState>('killed');
  badge = $state(0);
  notices = $state<Notice[]>([]);
  screen = $state<'home' | 'app'>('home');
  shadeOpen = $state(false);
  dialogOpen = $state(false);
  banner = $state<Notice | null>(null);
  call = $state<CallView | null>(null);
  chat = $state(new Chat());
  /** Who is logged in in the app; null shows the login screen. Survives the process. */
  userID = $state<string | null>(null);
  process: AppProcess | null = null;
  readonly #link: DeviceLink;
  #bannerTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly config: DemoConfig,
    readonly stage: Stage,
    /** Whose phone it is: the user offered first at login. */
    readonly owner: { userID: string; userName: string },
    readonly index: number,
    /** The owner has another phone besides. */
    readonly isSecond = false,
  ) {
    this.deviceID = `demo-phone-${owner.userID}${isSecond ? '-2' : ''}`;
    this.userID = localStorage.getItem(this.#stored) || null;
    const url = new URL(config.devicePath, location.href);
    url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#link = new DeviceLink(
      url.href,
      (name, data) => this.#hear(name, data),
      (up) => unlessGone(this.#onLink(up)),
    );
  }

  /** Place of its owner among the users. */
  get ownerIndex(): number {
    return this.config.users.findIndex(({ userID }) => userID === this.owner.userID);
  }

  /** The user of this phone now: logged in, or its owner. */
  get user(): string {
    return this.userID ?? this.owner.userID;
  }

  /** Remembers who is logged in on this phone. */
  remember(userID: string | null): void {
    this.userID = userID;
    if (userID === null) localStorage.removeItem(this.#stored);
    else localStorage.setItem(this.#stored, userID);
  }

  /** Asks the emulated phone. */
  system<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    return this.#link.call<T>(method, params);
  }

  /** Asks the emulated phone about this app. */
  forApp<T>(method: string, params: Record<string, unknown> = {}): Promise<T> {
    return this.system<T>(method, { bundleName: this.config.bundleName, ...params });
  }

  /** Ends process and link. */
  close(): void {
    clearTimeout(this.#bannerTimer);
    this.process?.kill();
    this.#link.close();
  }

  // What a hand can do with the phone.

  /** Locks; an app in front goes to the background. */
  async lock(): Promise<void> {
    await this.system('device.lock', { locked: true });
    this.locked = true;
    this.shadeOpen = false;
    if (this.appState === 'foreground') await this.#tellState('background');
  }

  /** Unlocks; the app that was on the screen is in front again. */
  async unlock(): Promise<void> {
    await this.system('device.lock', { locked: false });
    this.locked = false;
    if (this.screen === 'app' && this.process) await this.#tellState('foreground');
  }

  /** To the home screen. */
  async home(): Promise<void> {
    this.shadeOpen = false;
    this.screen = 'home';
    if (this.appState === 'foreground') await this.#tellState('background');
  }

  /** Opens the app, from its icon or, with `want`, from a notice. */
  async openApp(want: Want | null = null): Promise<void> {
    if (this.locked) await this.unlock();
    this.shadeOpen = false;
    this.banner = null;
    this.screen = 'app';
    if (this.appState === 'frozen') this.process?.thaw();
    if (this.process) await this.#tellState('foreground');
    else await this.begin('foreground');
    await this.forApp('badge.set', { badge: 0 });
    if (want) this.#follow(want);
    if (want) this.process?.rpc.emit('clicked', { parameters: want.parameters });
    if (this.permission === 'unasked') unlessGone(this.#askPermission());
  }

  /** Starts the app's process. */
  async begin(phase: 'foreground' | 'background'): Promise<void> {
    this.chat = new Chat();
    this.process = launch(this, phase);
    this.appState = phase;
    await this.forApp('app.state', { state: phase });
  }

  /** Stops the app's thread, as the system does some time after it went to the background. */
  async freeze(): Promise<void> {
    if (!this.process || this.appState === 'frozen') return;
    if (this.screen === 'app') this.screen = 'home';
    this.process.freeze();
    this.appState = 'frozen';
    await this.forApp('app.state', { state: 'frozen' });
  }

  /** Lets a frozen app go on in the background. */
  async thaw(): Promise<void> {
    if (this.appState !== 'frozen') return;
    this.process?.thaw();
    await this.#tellState('background');
  }

  /** Kills the app. */
  async kill(): Promise<void> {
    this.process?.kill();
    this.process = null;
    this.chat = new Chat();
    this.dialogOpen = false;
    this.call = this.call?.systemCallID ? this.call : null;
    this.screen = 'home';
    this.appState = 'killed';
    await this.forApp('app.state', { state: 'killed' });
  }

  /** Flight mode: neither the push cloud nor the app's own connection reaches anything. */
  async setOnline(online: boolean): Promise<void> {
    this.online = online;
    this.process?.rpc.emit('network', { online });
    await this.system('device.network', { online });
  }

  /** The settings page's switch. */
  async allowNotices(allow: boolean): Promise<void> {
    await this.forApp('permission.set', { allow });
    this.permission = allow ? 'allowed' : 'denied';
    this.dialogOpen = false;
  }

  /** An answer to the system's dialog. */
  async answerDialog(allow: boolean): Promise<void> {
    this.dialogOpen = false;
    await this.forApp('permission.answer', { allow });
    this.permission = allow ? 'allowed' : 'denied';
  }

  /** Taps a notice: the app starts or comes to the front and opens what the notice is about. */
  async tap(notice: Notice): Promise<void> {
    this.banner = null;
    this.stage.mark('tapped', this.user);
    const { want } = await this.system<{ want: Want }>('notice.tap', { id: notice.id });
    this.notices = this.notices.filter((one) => one.id !== notice.id);
    await this.openApp(want);
  }

  /** Wipes one notice away. */
  async dismiss(notice: Notice): Promise<void> {
    await this.system('notice.dismiss', { id: notice.id });
    this.notices = this.notices.filter((one) => one.id !== notice.id);
  }

  /** Wipes all notices away. */
  async clearNotices(): Promise<void> {
    await this.system('notice.clear');
    this.notices = [];
  }

  /** A phone as from the shop: notices gone, app installed anew, nobody logged in. */
  async reset(): Promise<void> {
    await this.#sayGoodbye();
    await this.kill();
    this.call = null;
    this.remember(null);
    await this.clearNotices();
    if (!this.online) await this.setOnline(true);
    wipeStorage(this.deviceID);
    await this.forApp('app.install', { projectId: this.config.projectId });
    await this.lock();
    this.#take(await this.system<PhoneState>('device.open', this.#opening()));
  }

  /** Logs out if that is quickly done; a phone that is reset does not wait for its server. */
  async #sayGoodbye(): Promise<void> {
    if (!this.process || this.userID === null) return;
    this.process.thaw();
    const farewell = this.process.rpc.call('logout').catch(() => undefined);
    await Promise.race([farewell, new Promise((resolve) => setTimeout(resolve, GOODBYE_MS_MAX))]);
  }

  /** Whether anything of it is in use. */
  get isInUse(): boolean {
    return this.process !== null || this.userID !== null;
  }

  get #stored(): string {
    return `hongyan.demo.user.${this.deviceID}`;
  }

  #opening(): Record<string, unknown> {
    return { deviceId: this.deviceID, name: this.owner.userName, locale: navigator.language };
  }

  async #tellState(state: 'foreground' | 'background'): Promise<void> {
    this.appState = state;
    this.process?.rpc.emit('phase', { phase: state });
    await this.forApp('app.state', { state });
  }

  async #askPermission(): Promise<void> {
    // Not left to the event alone: a dialog that was open before this page was loaded sends none.
    this.dialogOpen = true;
    try {
      await this.forApp('permission.request');
      this.permission = 'allowed';
    } catch (fault) {
      if (fault instanceof Refused && fault.code === NOTICES_REFUSED) this.permission = 'denied';
      else if (this.linked) throw fault;
    }
  }

  #follow(want: Want): void {
    const { conversationID, conversationType, callID } = want.parameters;
    if (callID !== undefined || typeof conversationID !== 'string') return;
    this.chat.open = { conversationID, type: Number(conversationType ?? 0) };
  }

  /** The link came up: the phone is opened, and its app is what this page runs of it. */
  async #onLink(up: boolean): Promise<void> {
    this.linked = false;
    if (!up) return;
    const phone = await this.system<PhoneState>('device.open', this.#opening());
    const { bundleName, projectId } = this.config;
    if (!phone.apps.some((app) => app.bundleName === bundleName)) {
      await this.forApp('app.install', { projectId });
    }
    await this.forApp('app.state', { state: this.process ? this.appState : 'killed' });
    if (!phone.online) await this.system('device.network', { online: true });
    this.#take(phone);
    this.online = true;
    this.linked = true;
  }

  #take(phone: PhoneState): void {
    const app = phone.apps.find((one) => one.bundleName === this.config.bundleName);
    this.locked = phone.locked;
    this.notices = newestFirst(phone.notices);
    this.permission = app?.permission ?? 'unasked';
    this.badge = app?.badge ?? 0;
  }

  #hear(name: keyof DeviceEvents, data: never): void {
    const hears: { [K in keyof DeviceEvents]: (data: DeviceEvents[K]) => void } = {
      'notice.shown': ({ notice }) => this.#show(notice),
      'notice.revoked': ({ id, reason }) => this.#takeBack(id, reason),
      'notice.suppressed': ({ reason }) => this.stage.mark('notice_suppressed', this.user, reason),
      'badge.changed': ({ badge }) => (this.badge = badge),
      'message.received': () => undefined,
      'call.wake': ({ callId, data: push }) => unlessGone(onCallWake(this, callId, push)),
      'call.missed_report': () => undefined,
      'app.state': ({ state }) => this.#onState(state),
      'token.updated': ({ token }) => this.process?.rpc.emit('token', { token }),
      'permission.dialog': () => (this.dialogOpen = true),
    };
    hears[name]?.(data);
  }

  /** The system's word counts only for states the page does not make itself. */
  #onState(state: AppState): void {
    if (state === 'killed' && this.process === null) this.appState = 'killed';
  }

  #takeBack(id: string, reason: string): void {
    this.notices = this.notices.filter((one) => one.id !== id);
    if (this.banner?.id === id) this.banner = null;
    if (reason === 'revoked') this.stage.mark('notice_taken_back', this.user);
  }

  #show(notice: Notice): void {
    const rest = this.notices.filter((one) => one.id !== notice.id && one.notifyId !== notice.notifyId);
    this.notices = newestFirst([notice, ...rest]);
    this.stage.mark('notice_shown', this.user);
    if (this.locked) return;
    this.banner = notice;
    clearTimeout(this.#bannerTimer);
    this.#bannerTimer = setTimeout(() => (this.banner = null), BANNER_MS);
  }
}

function newestFirst(notices: Notice[]): Notice[] {
  return [...notices].sort((a, b) => b.at - a.at);
}
