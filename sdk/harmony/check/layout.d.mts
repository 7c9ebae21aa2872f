/** Types of the check, which is JavaScript. */

export function layoutFaults(folder: string, name: string, version: string): string[];
export function readJson(folder: string, file: string): Record<string, unknown>;
