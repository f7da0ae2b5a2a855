// What msgpack from outside must be before it is decoded: whole, shallow, and no longer than it is.

/**
 * Throws unless the bytes are one whole msgpack document of at most `depthMax` lists and maps within one another, none of
 * which claims more items than there are bytes left. Extensions are refused: they could make anything.
 *
 * A decoder makes room for as many items as a list claims before it reads them: five bytes would cost it a gigabyte.
 * Cost: one look at the head of each item. Errors: RangeError that says what is wrong.
 */
export function checkShape(bytes: Uint8Array, depthMax: number): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const left = [1];
  let at = 0;
  while (left.length > 0) {
    const level = left.length - 1;
    if (left[level] === 0) {
      left.pop();
      continue;
    }
    left[level] = (left[level] as number) - 1;
    if (at >= bytes.length) throw new RangeError("it is cut short");
    const head = bytes[at] as number;
    at += 1 + lengthBytesOf(head);
    if (at > bytes.length) throw new RangeError("it is cut short");
    const items = itemsOf(head, view, at);
    if (items < 0) {
      at += -items;
      continue;
    }
    if (items === 0) continue;
    if (items > bytes.length - at) throw new RangeError(`a list or map claims ${items} items, which is more than it has bytes`);
    if (left.length > depthMax) throw new RangeError(`more than ${depthMax} lists and maps lie within one another`);
    left.push(items);
  }
  if (at !== bytes.length) throw new RangeError(at < bytes.length ? "more follows where it should end" : "it is cut short");
}

/** Bytes after the head that say how long it is. */
function lengthBytesOf(head: number): number {
  if (head === 0xc4 || head === 0xd9) return 1;
  if (head === 0xc5 || head === 0xda || head === 0xdc || head === 0xde) return 2;
  return head === 0xc6 || head === 0xdb || head === 0xdd || head === 0xdf ? 4 : 0;
}

/** How many items follow, or, below zero, how many bytes that are none; `at`: where they begin, behind the length. */
function itemsOf(head: number, view: DataView, at: number): number {
  if (head < 0x80 || head >= 0xe0) return 0;
  if (head < 0x90) return 2 * (head & 0x0f);
  if (head < 0xa0) return head & 0x0f;
  if (head < 0xc0) return -(head & 0x1f);
  switch (head) {
    case 0xc0: // nil
    case 0xc2: // false
    case 0xc3: // true
      return 0;
    case 0xcc:
    case 0xd0:
      return -1;
    case 0xcd:
    case 0xd1:
      return -2;
    case 0xca:
    case 0xce:
    case 0xd2:
      return -4;
    case 0xcb:
    case 0xcf:
    case 0xd3:
      return -8;
    case 0xc4:
    case 0xd9:
      return -view.getUint8(at - 1);
    case 0xc5:
    case 0xda:
      return -view.getUint16(at - 2);
    case 0xc6:
    case 0xdb:
      return -view.getUint32(at - 4);
    case 0xdc:
      return view.getUint16(at - 2);
    case 0xdd:
      return view.getUint32(at - 4);
    case 0xde:
      return 2 * view.getUint16(at - 2);
    case 0xdf:
      return 2 * view.getUint32(at - 4);
    default:
      throw new RangeError(`it has an extension, 0x${head.toString(16)}`);
  }
}
