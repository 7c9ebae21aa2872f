/** What the app keeps on a phone between its lives: a small map, in the browser's own storage. */

const nameOf = (deviceID: string) => `hongyan.demo.storage.${deviceID}`;

/** All entries of a phone. */
export function storedEntries(deviceID: string): [string, string][] {
  const text = localStorage.getItem(nameOf(deviceID));
  return text === null ? [] : (JSON.parse(text) as [string, string][]);
}

/** Sets one entry, or removes it when `value` is null. */
export function storeEntry(deviceID: string, key: string, value: string | null): void {
  const entries = new Map(storedEntries(deviceID));
  if (value === null) entries.delete(key);
  else entries.set(key, value);
  localStorage.setItem(nameOf(deviceID), JSON.stringify([...entries]));
}

/** Removes everything, as a new installation does. */
export function wipeStorage(deviceID: string): void {
  localStorage.removeItem(nameOf(deviceID));
}
