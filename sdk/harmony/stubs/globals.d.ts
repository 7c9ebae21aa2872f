/** What is global on a HarmonyOS phone and used here: timers, console, the context of a page. */

declare function setTimeout(handler: () => void, delay?: number): number;
declare function clearTimeout(timer?: number): void;
declare function getContext(component?: Object): Object;
declare namespace console {
  function debug(message: string, ...rest: Object[]): void;
  function log(message: string, ...rest: Object[]): void;
  function info(message: string, ...rest: Object[]): void;
  function warn(message: string, ...rest: Object[]): void;
  function error(message: string, ...rest: unknown[]): void;
}
