/** Bytes and text without relying on globals that not every platform has: UTF-8 lengths, base64, hex. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/** Length of a text in UTF-8, in bytes. A lone surrogate counts as the three bytes it is sent as. */
export function utf8Length(text: string): number {
  let bytes = 0;
  for (const char of text) {
    const point = char.codePointAt(0) ?? 0;
    bytes += point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
  }
  return bytes;
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at;
    const triple = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0);
    text += letter(triple >> 18) + letter(triple >> 12);
    text += (left > 1 ? letter(triple >> 6) : '=') + (left > 2 ? letter(triple) : '=');
  }
  return text;
}

function letter(bits: number): string {
  return ALPHABET.charAt(bits & 63);
}

/** Reads standard base64 with padding. `null` if the text is none. */
export function fromBase64(text: string): Uint8Array | null {
  if (text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((text.length / 4) * 3 - padding);
  for (let at = 0, to = 0; at < text.length; at += 4) {
    let quad = 0;
    for (let i = 0; i < 4; i++) quad = (quad << 6) | Math.max(0, ALPHABET.indexOf(text.charAt(at + i)));
    for (let shift = 16; shift >= 0 && to < bytes.length; shift -= 8) bytes[to++] = (quad >> shift) & 255;
  }
  return bytes;
}

/** Lower-case hex. */
export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
