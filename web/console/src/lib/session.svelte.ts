/** Who is logged in, and the apps that may be seen. Everything else loads its own. */
import { ask, Refusal, whenLoginIsOver } from '../api/client';
import type { App, Me } from '../api/schema';
import { asRefusal } from './load.svelte';

/** Before the first answer, without a login, logged in, or out of reach. */
export type Phase = 'asking' | 'out' | 'in' | 'unreachable';

class Session {
  phase = $state<Phase>('asking');
  me = $state.raw<Me | null>(null);
  apps = $state.raw<App[]>([]);
  refusal = $state.raw<Refusal | null>(null);
  /** The first administrator is still to be made. */
  setupNeeded = $state(false);
  /** The login ended by itself while the page was used. */
  ended = $state(false);

  /** Asks who is logged in. */
  async begin(): Promise<void> {
    try {
      await this.enter(await ask('GET /me'));
    } catch (fault) {
      await this.#stayOut(asRefusal(fault));
    }
  }

  /** Takes up a login. */
  async enter(me: Me): Promise<void> {
    const { apps } = await ask('GET /apps');
    this.apps = apps;
    this.me = me;
    this.ended = false;
    this.phase = 'in';
  }

  /** Loads the apps again, after a change. */
  async reloadApps(): Promise<void> {
    this.apps = (await ask('GET /apps')).apps;
  }

  /** An app as it is now, after a change of it. */
  replace(app: App): void {
    const known = this.apps.some((one) => one.appID === app.appID);
    this.apps = known ? this.apps.map((one) => (one.appID === app.appID ? app : one)) : [...this.apps, app];
  }

  /** Logs out. */
  async leave(): Promise<void> {
    await ask('POST /logout');
    this.forget();
  }

  /** Forgets the login; the server has ended it. */
  forget(): void {
    this.phase = 'out';
    this.me = null;
    this.apps = [];
  }

  /** Whether this login may write in apps. */
  get mayWrite(): boolean {
    return this.me !== null && this.me.role !== 'viewer';
  }

  /** Whether this login may do everything. */
  get isOwner(): boolean {
    return this.me?.role === 'owner';
  }

  /** An app that may be seen. */
  app(id: string | number | undefined): App | undefined {
    return this.apps.find((app) => String(app.appID) === String(id));
  }

  async #stayOut(refusal: Refusal): Promise<void> {
    this.refusal = refusal;
    if (refusal.code !== 'unauthorized') {
      this.phase = 'unreachable';
      return;
    }
    try {
      this.setupNeeded = (await ask('GET /setup')).needed;
      this.phase = 'out';
    } catch (fault) {
      this.refusal = asRefusal(fault);
      this.phase = 'unreachable';
    }
  }
}

/** The one login of this page. */
export const session = new Session();

whenLoginIsOver(() => {
  if (session.phase !== 'in') return;
  session.ended = true;
  session.forget();
});
