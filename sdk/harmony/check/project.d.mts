/** Types of the check, which is JavaScript. */

export function projectFaults(folder: string): string[];
