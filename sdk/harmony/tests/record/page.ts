/** The recorded run as a page: sections of lines, with every ID in the name that the story gives it. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { allFiles, findings } from '../../check/arkts.mjs';

const ROOT = join(import.meta.dirname, '../../../..');
/** A version of the compiler, as installed. */
const COMPILER = join(ROOT, 'node_modules/typescript-ohos/package.json');

/** What is written down. */
export class Page {
  readonly #lines: string[] = [];
  readonly #names = new Map<string, string>();

  /** A line as it stands. */
  line(text = ''): this {
    this.#lines.push(text);
    return this;
  }

  heading(text: string): this {
    if (this.#lines.at(-1) !== '') this.line();
    return this.line(text).line();
  }

  /** What one of the story saw or did. */
  note(who: string, text: string): this {
    return this.line(`- **${who}**: ${text}`);
  }

  /** From now on an ID of this run has the name that it has in every run. */
  name(id: unknown, name: string): void {
    this.#names.set(String(id), name);
  }

  text(): string {
    let text = this.#lines.join('\n');
    // Longer ones first: an ID may be part of another.
    const byLength = [...this.#names].sort(([one], [other]) => other.length - one.length);
    for (const [id, name] of byLength) text = text.replaceAll(id, `‹${name}›`);
    return `${text}\n`;
  }
}

/** Writes down what the official ArkTS rules say of our files, and of the one that is wrong on purpose. */
export function rules(page: Page): void {
  const { version } = JSON.parse(readFileSync(COMPILER, 'utf8')) as { version: string };
  const files = allFiles();
  const found = findings(files);
  page.heading('## 1. The ArkTS rules');
  page.line(`Compiler and linter: ohos-typescript ${version}, rules of ArkTS 1.1, API 12.`);
  page.line().line('| file | findings |').line('| --- | --- |');
  for (const path of files) {
    const file = path.slice(ROOT.length + 1);
    const own = found.filter((finding) => finding.file === file);
    page.line(`| \`${file}\` | ${String(own.length)} |`);
  }
  const elsewhere = found.filter(({ file }) => !files.some((path) => path.endsWith(file)));
  page.line(`| TypeScript that these import | ${String(elsewhere.length)} |`);
  bad(page);
}

function bad(page: Page): void {
  const path = join(ROOT, 'sdk/harmony/check/bad.ets');
  const source = readFileSync(path, 'utf8').split('\n');
  page.line().line('The same check over `sdk/harmony/check/bad.ets`, which is wrong line by line:');
  page.line().line('| line | | rule |').line('| --- | --- | --- |');
  const found = findings([path]).sort((one, other) => one.line - other.line);
  for (const { line, level, rule } of found) {
    const code = (source[line - 1] ?? '').trim().replaceAll('|', '\\|');
    page.line(`| ${String(line)} | \`${code}\` | ${level} ${rule} |`);
  }
}
