/** The events of one device out of a trace's; and times relative to its begin. Pure. */
import type { TraceDevice, TraceEvent } from '../api/schema';

/** From this of the eight steps on, events that name nobody are about a request to a vendor. */
const STEP_OF_REQUESTS = 6;

/** Events about a device, its user, or everybody, by time; those of requests only if it is part of one. */
export function eventsOf(
  events: readonly TraceEvent[],
  device: Pick<TraceDevice, 'userID' | 'deviceID' | 'dispatchID'>,
): TraceEvent[] {
  return events.filter((event) => {
    if (event.userID === undefined) return device.dispatchID !== null || (event.step ?? 0) < STEP_OF_REQUESTS;
    return (
      event.userID === device.userID && (event.deviceID === undefined || event.deviceID === device.deviceID)
    );
  });
}

/** A time after the begin: "+12 ms", "+5.04 s", "+3 min". */
export function after(begin: number, at: number): string {
  const ms = at - begin;
  const sign = ms < 0 ? '−' : '+';
  const size = Math.abs(ms);
  if (size < 1000) return `${sign}${size}\u202fms`;
  if (size < 60_000) return `${sign}${(size / 1000).toFixed(2)}\u202fs`;
  if (size < 3_600_000)
    return `${sign}${Math.floor(size / 60_000)}:${String(Math.floor((size / 1000) % 60)).padStart(2, '0')}\u202fmin`;
  return `${sign}${(size / 3_600_000).toFixed(1)}\u202fh`;
}
