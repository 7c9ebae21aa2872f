/** The page's own JSON endpoints: what is seeded, and what happened to one message or call. No state here. */

/** A sentence in both languages of the page. */
export interface Sentence {
  en: string;
  zh: string;
}

/** What `GET /demo/api/config` says about the seeded app. */
export interface DemoConfig {
  appID: number;
  appSign: string;
  bundleName: string;
  projectId: string;
  users: { userID: string; userName: string }[];
  groups: { groupID: string; groupName: string }[];
  /** Path of the emulated phone's WebSocket. */
  devicePath: string;
  /** Path of the messaging WebSocket. */
  wsPath: string;
  /** Names usable as `resourcesID`. */
  strategies: string[];
}

/** How a delivery to one device stands. */
export type DeviceState =
  'pending' | 'acked' | 'pushed' | 'suppressed' | 'expired' | 'retracted' | 'failed';

/** One device of one recipient. */
export interface TraceDevice {
  userID: string;
  deviceID: string | null;
  pushID: string | null;
  vendor: string | null;
  state: DeviceState;
  reason: string | null;
  reasonText: Sentence | null;
  /** Unix time in ms of the decision. */
  at: number | null;
  dispatchID: string | null;
  /** What the vendor reported back last; absent until then. */
  receipt?: { name: string; verdict: string; result: number; at: number; text: Sentence };
}

/** Something that happened, in words; `step` is its place among the eight steps. */
export interface TraceEvent {
  at: number;
  step: number | null;
  name: string;
  userID?: string;
  deviceID?: string;
  text: Sentence;
}

/** One request to a vendor and its answer. */
export interface TraceAttempt {
  at: number;
  tookMs: number;
  /** HTTP status; 0 when there was no answer. */
  status: number;
  /** The vendor's code, or the name of the fault. */
  code: string;
  message: string;
  requestID: string | null;
}

/** One notice on its way to the vendor, with every attempt. */
export interface TraceDispatch {
  dispatchID: string;
  vendor: string;
  pushType: number;
  notifyId: number;
  targets: number;
  purpose: 'notice' | 'take_back' | 'badge';
  state: string;
  attempts: TraceAttempt[];
}

/** Everything that happened to one message or call. */
export interface Trace {
  id: string;
  kind: 'message' | 'call';
  /** Null for calls. */
  conversationID: string | null;
  conversationType: number | null;
  senderUserID: string;
  /** Every device has its verdict and every push its end. */
  settled: boolean;
  /** Unix time in ms at which the server had it on stable storage. */
  acceptedAt: number;
  devices: TraceDevice[];
  events: TraceEvent[];
  dispatches: TraceDispatch[];
}

/** A poll every this many ms while something is pending. */
const POLL_MS = 150;
/** Polls at most this long; a push that the ack deadline holds back comes after 5 s. */
const FOLLOW_MS_MAX = 40_000;
/** How long a settled trace is followed for the vendor's receipts. */
const RECEIPT_MS_MAX = 5_000;

/** Reads the page's configuration; throws with the status when the server does not answer with it. */
export async function loadConfig(): Promise<DemoConfig> {
  const answer = await fetch('/demo/api/config', { cache: 'no-store' });
  if (!answer.ok) throw new Error(`/demo/api/config: ${answer.status}`);
  return (await answer.json()) as DemoConfig;
}

/** Reads one trace; null while the server does not know the ID. */
export async function loadTrace(id: string, signal: AbortSignal): Promise<Trace | null> {
  const answer = await fetch(`/demo/api/trace/${encodeURIComponent(id)}`, { cache: 'no-store', signal });
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(`/demo/api/trace: ${answer.status}`);
  return (await answer.json()) as Trace;
}

/** Whether the vendor reported every push. */
function isReported(trace: Trace): boolean {
  return trace.devices.every((device) => device.state !== 'pushed' || device.receipt);
}

/**
 * Follows a message or call until it is settled and `enough` says so, and a little longer for the vendor's
 * receipts; bounded in time, ended by `signal`.
 */
export async function followTrace(
  id: string,
  show: (trace: Trace) => void,
  signal: AbortSignal,
  enough: (trace: Trace) => boolean = () => true,
): Promise<void> {
  const until = performance.now() + FOLLOW_MS_MAX;
  let receiptsUntil = until;
  let complete = false;
  while (!signal.aborted && performance.now() < until && !complete) {
    const trace = await loadTrace(id, signal);
    if (trace) show(trace);
    if (trace?.settled) receiptsUntil = Math.min(receiptsUntil, performance.now() + RECEIPT_MS_MAX);
    const reported = trace !== null && (isReported(trace) || performance.now() >= receiptsUntil);
    complete = trace !== null && trace.settled && enough(trace) && reported;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}
