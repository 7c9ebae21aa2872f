/** ArkData, as far as it is used here: preferences. */

import { common } from './@kit.AbilityKit';
import { AsyncCallback } from './@kit.BasicServicesKit';

export namespace preferences {
  export type ValueType =
    number | string | boolean | Array<number> | Array<string> | Array<boolean> | Uint8Array | object | bigint;
  export interface Options {
    name: string;
  }
  export interface Preferences {
    getSync(key: string, defValue: ValueType): ValueType;
    putSync(key: string, value: ValueType): void;
    deleteSync(key: string): void;
    flush(callback: AsyncCallback<void>): void;
  }
  export function getPreferencesSync(context: common.Context, options: Options): Preferences;
}
