/** The eight steps as they stand, from marks and trace: a pure function, replayable in a test. */
import type { Sentence, Trace, TraceDevice, TraceEvent } from '../api';
import { clockShift, type Mark, type MarkName, type Run } from './run';

/** How a step stands. */
export type StepState = 'idle' | 'active' | 'done' | 'skipped' | 'failed';

/** Something to read under a step: a mark of the page, or a sentence of the server. */
export interface StepLine {
  /** ms relative to the send; null while nothing was sent. */
  at: number | null;
  mark?: Mark;
  sentence?: Sentence;
  userID?: string;
}

/** One of the eight. */
export interface Step {
  number: number;
  state: StepState;
  /** ms relative to the send of the moment the step was done; null before. */
  at: number | null;
  lines: StepLine[];
}

/** Lines shown per step; a group's step may have one per member. */
const LINES_MAX = 6;
/** Name of the event that says a device has not answered yet. */
const WAITING = 'waiting';
const REGISTRATION: MarkName[][] = [['token_asked'], ['token_given'], ['registered', 'bound']];
const ARRIVAL: MarkName[] = [
  'notice_shown',
  'notice_suppressed',
  'call_woken',
  'tapped',
  'logged_in',
  'offline_received',
  'live_received',
  'call_received',
  'call_accepted',
  'call_rejected',
  'notice_taken_back',
];

/** The steps of `run`, or of nobody's send yet when it is null: then only 1 to 3 can be done. */
export function stepsOf(run: Run | null, marks: readonly Mark[], receivers: readonly string[]): Step[] {
  const registration = REGISTRATION.map((names, index) =>
    registered(index + 1, names, run, marks, receivers),
  );
  return [...registration, ...(run ? delivery(run, marks) : [4, 5, 6, 7, 8].map(idle))];
}

function idle(number: number): Step {
  return { number, state: 'idle', at: null, lines: [] };
}

/** Steps 1 to 3: the newest mark of each receiver before the send, or after it when there is none before. */
function registered(
  number: number,
  names: MarkName[],
  run: Run | null,
  marks: readonly Mark[],
  receivers: readonly string[],
): Step {
  const wanted = names[names.length - 1];
  const found = receivers.map((userID) => {
    const own = marks.filter((mark) => mark.userID === userID && mark.name === wanted);
    const before = own.filter((mark) => !run || mark.at <= run.sentAt);
    return before.at(-1) ?? own[0];
  });
  const lines = found.filter((mark) => mark !== undefined).map((mark) => line(mark, run));
  const begun = marks.some((mark) => receivers.includes(mark.userID) && mark.name === 'token_asked');
  const done = lines.length > 0 && lines.length === receivers.length;
  return { number, state: done ? 'done' : begun ? 'active' : 'idle', at: latest(lines), lines };
}

function line(mark: Mark, run: Run | null): StepLine {
  return { at: run ? mark.at - run.sentAt : null, mark, userID: mark.userID };
}

function latest(lines: StepLine[]): number | null {
  return lines.reduce<number | null>(
    (max, one) => (one.at === null ? max : Math.max(max ?? one.at, one.at)),
    null,
  );
}

function delivery(run: Run, marks: readonly Mark[]): Step[] {
  const stored = storedStep(run);
  if (!run.trace) return [stored, ...[5, 6, 7, 8].map(idle)];
  const { trace } = run;
  const middle = [5, 6, 7].map((number) => serverStep(number, run, trace));
  return [stored, ...settleMiddle(middle, trace), arrivalStep(run, trace, marks)];
}

function storedStep(run: Run): Step {
  const failed = run.failure !== null;
  const at = run.trace ? toPage(run, run.trace.acceptedAt) : null;
  const lines = run.trace ? eventLines(4, run, run.trace) : [];
  const done = run.trace !== null || run.answeredAt !== null;
  const state = failed ? 'failed' : done ? 'done' : 'active';
  return { number: 4, state, at: at ?? (run.answeredAt ? run.answeredAt - run.sentAt : null), lines };
}

/** A server time as ms relative to the send. */
export function toPage(run: Run, at: number): number {
  const shift = run.trace ? clockShift(run, run.trace.acceptedAt) : 0;
  return Math.max(0, at + shift - run.sentAt);
}

function eventLines(step: number, run: Run, trace: Trace): StepLine[] {
  return trace.events
    .filter((event) => event.step === step)
    .map((event) => sentenceLine(event, run))
    .slice(0, LINES_MAX);
}

function sentenceLine(event: TraceEvent, run: Run): StepLine {
  return { at: toPage(run, event.at), sentence: event.text, userID: event.userID };
}

/** One of the server's steps. A device that is only waited for makes step 5 active, not done. */
function serverStep(number: number, run: Run, trace: Trace): Step {
  const lines = eventLines(number, run, trace);
  const events = trace.events.filter((event) => event.step === number);
  const decided = events.find((event) => event.name !== WAITING);
  const waits = !trace.settled && events.some((event) => event.name === WAITING);
  const state = waits ? 'active' : decided ? 'done' : 'idle';
  return { number, state, at: decided ? toPage(run, decided.at) : null, lines };
}

/** What is still open is active; what can no longer come is skipped. */
function settleMiddle(steps: Step[], trace: Trace): Step[] {
  const asked = trace.dispatches.some((dispatch) => dispatch.attempts.length > 0);
  let reached = steps.some((step) => step.state === 'active');
  return steps.map((step) => {
    if (step.number === 7 && step.state === 'done') return { ...step, state: answered(trace) };
    if (step.state !== 'idle') return step;
    if (step.number < 7 && asked) return { ...step, state: 'done' as const };
    if (trace.settled) return { ...step, state: 'skipped' as const };
    const state = reached ? ('idle' as const) : ('active' as const);
    reached = true;
    return { ...step, state };
  });
}

function answered(trace: Trace): StepState {
  if (trace.devices.some((device) => device.state === 'pushed')) return 'done';
  if (!trace.settled) return 'active';
  return trace.devices.some((device) => device.state === 'failed') ? 'failed' : 'done';
}

function arrivalStep(run: Run, trace: Trace, marks: readonly Mark[]): Step {
  const seen = marks.filter(
    (mark) =>
      mark.at >= run.sentAt && run.receiverUserIDs.includes(mark.userID) && ARRIVAL.includes(mark.name),
  );
  const inState = (state: string) =>
    new Set(trace.devices.filter((one) => one.state === state).map((one) => one.userID));
  const [live, pushed] = [inState('acked'), inState('pushed')];
  // Of a user with two phones the pushed one has its story here, whatever the other did.
  const own = seen.filter((mark) => !live.has(mark.userID) || pushed.has(mark.userID));
  const onPhones = own.map((mark) => line(mark, run)).slice(0, LINES_MAX + 2);
  const lines = [...onPhones, ...eventLines(8, run, trace)];
  const shown = lines.find((one) => one.mark && ['notice_shown', 'call_woken'].includes(one.mark.name));
  if (shown) return { number: 8, state: 'done', at: shown.at, lines };
  if (trace.devices.some((device) => device.state === 'pushed'))
    return { number: 8, state: 'active', at: null, lines };
  if (!trace.settled) return { number: 8, state: 'idle', at: null, lines };
  return { number: 8, state: 'skipped', at: null, lines };
}

/** Why a device stands where it stands: its reason, or the newest thing said about it. */
export function reasonOf(trace: Trace, device: TraceDevice): Sentence | null {
  const about = trace.events.filter(
    (event) =>
      event.userID === device.userID && (event.deviceID ?? null) === device.deviceID && event.step === 5,
  );
  return device.reasonText ?? about.at(-1)?.text ?? null;
}
