/** Image Kit, as far as it is used here: the picture of a caller. */

export namespace image {
  export interface PixelMap {
    release(): Promise<void>;
  }
  export interface Size {
    height: number;
    width: number;
  }
  export interface InitializationOptions {
    size: Size;
  }
  export function createPixelMapSync(colors: ArrayBuffer, options: InitializationOptions): PixelMap;
}
