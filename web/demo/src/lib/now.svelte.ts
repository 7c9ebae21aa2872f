/** The time of day for clocks on the page, moved on every ten seconds. */
let now = $state(Date.now());
setInterval(() => (now = Date.now()), 10_000);

/** Unix time in ms, at most ten seconds old. */
export function nowish(): number {
  return now;
}
