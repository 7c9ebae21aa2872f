/** Types of the check, which is JavaScript. */

export interface Finding {
  file: string;
  line: number;
  level: 'error' | 'warning';
  rule: string;
  text: string;
}
export function findings(files: string[]): Finding[];
export function allFiles(): string[];
export function etsFiles(folder: string): string[];
export function line(finding: Finding): string;
