// What ffmpeg may read from each kind of place: demuxers and protocols, listed, so that nothing a stranger sends leads elsewhere.

/** Containers and codecs that carry one picture or sound and name no other file. Source: `ffmpeg -demuxers` of 5.1. */
export const CONTAINERS = [
  ...["aac", "ac3", "aiff", "amr", "ape", "apng", "asf", "au", "av1", "avi", "caf", "dhav", "dts", "dv", "eac3", "flac", "flv"],
  ...["gif", "gxf", "h264", "hevc", "ivf", "loas", "m4v", "matroska", "mjpeg", "mov", "mp3", "mpegts", "mpeg", "mpegvideo"],
  ...["mpjpeg", "mxf", "nut", "obu", "ogg", "rm", "tta", "voc", "w64", "wav", "webm", "wtv", "wv", "yuv4mpegpipe"],
  ...["bmp_pipe", "jpeg_pipe", "jpegls_pipe", "pam_pipe", "pbm_pipe", "pgm_pipe", "png_pipe", "ppm_pipe", "tiff_pipe", "webp_pipe"],
] as const;

/** Lists that name further places; read only where the operator said that a source may be followed. */
const PLAYLISTS = ["hls", "dash"] as const;

/** What ffmpeg may open: its demuxers and protocols, comma-separated. */
export interface Allowed {
  readonly formats: string;
  readonly protocols: string;
}

/** A file that was opened for ffmpeg. */
export const FROM_FILE: Allowed = { formats: CONTAINERS.join(","), protocols: "file" };

/** A camera over RTSP: its messages name no other host that would be asked. */
export const FROM_RTSP: Allowed = { formats: "rtsp", protocols: "rtp,srtp,tcp,tls,udp" };

/** A file or stream of a web server; with `follow` also what its playlists name. */
export function fromHttp(follow: boolean): Allowed {
  const formats = [...CONTAINERS, ...(follow ? PLAYLISTS : [])].join(",");
  return { formats, protocols: follow ? "http,https,tcp,tls,httpproxy,crypto,data" : "http,https,tcp,tls,httpproxy" };
}
