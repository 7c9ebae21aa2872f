/** Image Kit, played. */

/** Pictures: here only their size counts. */
export const image = {
  createPixelMapSync: (
    colors: ArrayBuffer,
    { size }: { size: { width: number; height: number } },
  ): object => {
    if (colors.byteLength !== size.width * size.height * 4) throw new Error('four bytes a pixel');
    return { size };
  },
};
