/** Performance Analysis Kit, as far as it is used here: the log. */

export namespace hilog {
  export function debug(domain: number, tag: string, format: string, ...args: Object[]): void;
  export function info(domain: number, tag: string, format: string, ...args: Object[]): void;
  export function warn(domain: number, tag: string, format: string, ...args: Object[]): void;
  export function error(domain: number, tag: string, format: string, ...args: Object[]): void;
}
