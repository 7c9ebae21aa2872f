/** Reading what was typed for a policy, and finding what differs; pure. */
import type { Policy } from '../../api/schema';

/** The value of a policy. */
export type PolicyValue = number | boolean | string;

/** What is typed, or why it cannot be taken. */
export type Typed = { value: PolicyValue } | { fault: 'not_number' | 'out_of_range' | 'too_long' };

/** A policy's value as the form holds it. */
export function asTyped(value: unknown): string {
  return String(value);
}

/** Reads what was typed for a policy. */
export function readTyped(policy: Policy, typed: string): Typed {
  if (policy.kind === 'boolean') return { value: typed === 'true' };
  if (policy.kind === 'choice') return { value: typed };
  if (policy.kind === 'text') {
    const bytes = new TextEncoder().encode(typed).length;
    return bytes <= (policy.most ?? Number.MAX_SAFE_INTEGER) ? { value: typed } : { fault: 'too_long' };
  }
  if (!/^\d{1,15}$/.test(typed.trim())) return { fault: 'not_number' };
  const value = Number(typed);
  const inside = value >= (policy.least ?? 0) && value <= (policy.most ?? Number.MAX_SAFE_INTEGER);
  return inside ? { value } : { fault: 'out_of_range' };
}

/** What was typed and differs from what is set. Faulty ones are left out. */
export function changes(
  policies: readonly Policy[],
  settings: Record<string, unknown>,
  typed: Record<string, string>,
): Record<string, PolicyValue> {
  const changed: Record<string, PolicyValue> = {};
  for (const policy of policies) {
    const text = typed[policy.name];
    if (text === undefined) continue;
    const read = readTyped(policy, text);
    if ('value' in read && read.value !== settings[policy.name]) changed[policy.name] = read.value;
  }
  return changed;
}
