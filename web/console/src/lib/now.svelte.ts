/** The time, by the second: for "3 minutes ago". One timer for the whole page. */
let time = $state(Date.now());
setInterval(() => (time = Date.now()), 1000);

/** Unix time in ms, at most a second old. */
export function now(): number {
  return time;
}
