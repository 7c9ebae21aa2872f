/** ArkUI's modules, played: they have only types here; pages are not run. */

export {};
