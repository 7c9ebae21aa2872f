/** How devices end, in the order of counts and filters. */
import type { TraceDevice } from '../api/schema';

/** How a device ended, or that it has not. */
export type OutcomeName = TraceDevice['state'];

/** All of them. */
export const OUTCOMES: readonly OutcomeName[] = [
  'pushed',
  'acked',
  'pending',
  'suppressed',
  'retracted',
  'expired',
  'failed',
];

/** Their names as plain text, to look up what an address says. */
export const OUTCOME_NAMES: readonly string[] = OUTCOMES;
