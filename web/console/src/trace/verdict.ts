/** One sentence about a device's way: arrived, waiting where, or stopped where. Pure. */
import type { Hop, TraceDevice } from '../api/schema';

/** What a device's hops come to. */
export interface Verdict {
  name: 'arrived' | 'accepted' | 'live' | 'waiting' | 'stopped' | 'unknown';
  /** The hop it stopped or waits at. */
  at: Hop | null;
}

/** Reads a device's hops in their order. */
export function verdictOf(device: Pick<TraceDevice, 'state' | 'hops'>): Verdict {
  const failed = device.hops.find((hop) => hop.state === 'failed');
  if (failed) return { name: 'stopped', at: failed };
  if (device.state === 'acked') return { name: 'live', at: null };
  const state = (name: Hop['hop']) => device.hops.find((hop) => hop.hop === name)?.state;
  if (state('receipt') === 'ok') return { name: 'arrived', at: null };
  if (state('vendor') === 'ok') return { name: 'accepted', at: null };
  const waiting = device.hops.find((hop) => hop.state === 'waiting');
  return waiting ? { name: 'waiting', at: waiting } : { name: 'unknown', at: null };
}

/** Whether anything can still change soon: a receipt may come after everything else is settled. */
export function mayChange(device: Pick<TraceDevice, 'state' | 'hops'>): boolean {
  return device.state === 'pending' || device.hops.some((hop) => hop.state === 'waiting');
}
