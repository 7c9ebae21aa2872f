/** ArkUI's modules, as far as they are used here: the window of an ability. */

import { AsyncCallback } from './@kit.BasicServicesKit';

export namespace window {
  export interface WindowStage {
    loadContent(path: string, callback: AsyncCallback<void>): void;
  }
}
