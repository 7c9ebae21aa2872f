/** Short words about what was just done; they go by themselves. */
const SHOWN_MS = 4000;
const SHOWN_MAX = 4;

let next = 1;
let list = $state.raw<{ id: number; text: string }[]>([]);

/** What is said now. */
export function toasts(): { id: number; text: string }[] {
  return list;
}

/** Says something for a moment. */
export function say(text: string): void {
  const id = next++;
  list = [...list, { id, text }].slice(-SHOWN_MAX);
  setTimeout(() => (list = list.filter((one) => one.id !== id)), SHOWN_MS);
}
