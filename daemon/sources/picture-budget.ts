// What the pictures of one camera may hold of memory, whatever their width.

const MIB = 2 ** 20;

/**
 * Of one camera, bytes: 97 pictures of 640 x 360, 2 of 3840 x 2160. Divided between reading ahead, the source's queue and that in
 * front of the tower; of a picture that is larger than a share each keeps one.
 */
export const PICTURE_BYTES_MAX = 64 * MIB;

/** Shares of it. `unknown`: read before it is known how large a picture is, when nothing waits anywhere else. */
export const PICTURE_SHARES = { unknown: 32 * MIB, reading: 16 * MIB, source: 16 * MIB, tower: 32 * MIB } as const;
