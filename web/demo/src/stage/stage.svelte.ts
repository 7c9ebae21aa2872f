/** The stage: the phones, the marks they make, the latest send with its trace, and the play that runs. */
import { followTrace, type DemoConfig, type Trace } from '../api';
import { named } from '../i18n/index.svelte';
import { unlessGone } from '../lib/rpc';
import { Phone, type Stage } from '../phone/phone.svelte';
import { stepsOf, type Step } from '../steps/from-trace';
import { MARKS_MAX, SENDS } from '../steps/run';
import type { Mark, MarkName, Run, RunKind, Scenario } from '../steps/run';
import { plays, Stopped, type Line } from './play';

/** What a mark makes the server know a moment later: by this name the trace says it. */
const TELLS: Partial<Record<MarkName, string>> = { notice_taken_back: 'taken_back', tapped: 'clicked' };

/** Scenarios in which the second user's other phone plays. */
const WITH_SECOND: Scenario[] = ['call', 'devices'];

/** Phones that fit side by side. */
const PHONES_MAX = 3;

/** Everything the page shows. */
export class DemoStage implements Stage {
  /** One phone a user. */
  readonly phones: Phone[];
  /** The second user's other phone, on the stage only in the scenarios that need it. */
  readonly second: Phone | null;
  scenario = $state<Scenario>('peer');
  marks = $state.raw<Mark[]>([]);
  run = $state<Run | null>(null);
  /** What the play is doing, as a text key with values; null when none has run. */
  line = $state<Line | null>(null);
  playing = $state(false);
  #following: AbortController | null = null;
  #play: AbortController | null = null;

  constructor(readonly config: DemoConfig) {
    const owners = config.users.slice(0, PHONES_MAX);
    this.phones = owners.map((owner, index) => new Phone(config, this, owner, index));
    const twice = owners[1];
    this.second = twice ? new Phone(config, this, twice, owners.length, true) : null;
  }

  /** The phones on the stage now. */
  get shown(): Phone[] {
    if (!WITH_SECOND.includes(this.scenario) || !this.second) return this.phones;
    return [...this.phones.slice(0, 2), this.second];
  }

  /** The eight steps now. */
  get steps(): Step[] {
    return stepsOf(this.run, this.marks, this.receivers);
  }

  /** Who the latest send is for, as the page and the server see it; before a send, who it would be for. */
  get receivers(): string[] {
    const { run } = this;
    const traced = run?.trace?.devices.map((device) => device.userID) ?? [];
    const others = this.phones.slice(1).map((phone) => phone.user);
    if (run) return [...new Set([...run.receiverUserIDs, ...traced])];
    return this.scenario === 'group' ? others : others.slice(0, 1);
  }

  nameOf(userID: string): string {
    return named(this.config.users.find((user) => user.userID === userID)?.userName || userID);
  }

  placeName(conversationID: string): string {
    const group = this.config.groups.find((one) => one.groupID === conversationID);
    return group ? named(group.groupName) : this.nameOf(conversationID);
  }

  mark(name: MarkName, userID: string, detail?: string): void {
    const mark: Mark = { name, userID, at: Date.now(), ...(detail === undefined ? {} : { detail }) };
    this.marks = [...this.marks, mark].slice(-MARKS_MAX);
    const { run } = this;
    const event = TELLS[name];
    if (run?.id && event) {
      void this.#follow(run, run.id, (trace) => trace.events.some((one) => one.name === event));
    }
  }

  begin(kind: RunKind, sender: string, receivers: string[]): ReturnType<Stage['begin']> {
    this.#following?.abort();
    if (!SENDS[this.scenario].includes(kind)) this.scenario = kind;
    this.run = {
      kind,
      senderUserID: sender,
      receiverUserIDs: receivers,
      sentAt: Date.now(),
      answeredAt: null,
      id: null,
      trace: null,
      failure: null,
    };
    const { run } = this; // The reactive one: a later send replaces it, and this one is then nobody's.
    return {
      sent: (id) => {
        Object.assign(run, { answeredAt: Date.now(), id });
        if (this.run === run) void this.#follow(run, id);
      },
      failed: (why) => Object.assign(run, { failure: why }),
    };
  }

  async #follow(run: Run, id: string, enough?: (trace: Trace) => boolean): Promise<void> {
    this.#following?.abort();
    const following = new AbortController();
    this.#following = following;
    try {
      await followTrace(id, (trace) => (run.trace = trace), following.signal, enough);
    } catch (fault) {
      if (!following.signal.aborted) throw fault;
    }
  }

  /** Chooses a scenario to look at; the latest send stays only if it is one of these. */
  choose(scenario: Scenario): void {
    if (this.playing) this.stop();
    this.scenario = scenario;
    this.line = null;
    if (this.run?.kind !== scenario) this.run = null;
    unlessGone(this.putAway());
  }

  /** A phone that is not on the stage must not receive in place of those that are. */
  async putAway(): Promise<void> {
    const { second } = this;
    if (second?.isInUse && !this.shown.includes(second)) await second.reset();
  }

  /** Plays the chosen scenario from a clean start of its phones. */
  async play(): Promise<void> {
    this.stop();
    const play = new AbortController();
    this.#play = play;
    this.playing = true;
    this.run = null;
    try {
      await plays[this.scenario](this, play.signal);
      this.line = { key: 'say.done' };
    } catch (fault) {
      if (this.#play !== play) return;
      this.line =
        fault instanceof Stopped
          ? { key: 'say.stopped' }
          : { key: 'say.failed', why: (fault as Error).message };
    } finally {
      if (this.#play === play) this.playing = false;
    }
  }

  /** Stops a play where it is; the phones stay as they are. */
  stop(): void {
    this.#play?.abort();
    this.playing = false;
  }

  /** All phones as from the shop. */
  async reset(): Promise<void> {
    this.stop();
    this.#following?.abort();
    this.run = null;
    this.line = null;
    this.marks = [];
    await Promise.all(this.#all.map((phone) => phone.reset()));
  }

  /** Ends every process, link and poll. */
  close(): void {
    this.stop();
    this.#following?.abort();
    for (const phone of this.#all) phone.close();
  }

  get #all(): Phone[] {
    return this.second ? [...this.phones, this.second] : this.phones;
  }
}
