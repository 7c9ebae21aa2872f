/** Types of the bundler, which is JavaScript. */

export function bundle(entry: string, outFolder: string): Promise<string>;
