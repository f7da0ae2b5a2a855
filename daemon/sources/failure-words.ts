// Why a source gives nothing, in an operator's words: from what ffmpeg and arecord say.

/** A reason to be told. */
export interface Failure {
  /** One phrase; no program's own words, no secrets. */
  readonly words: string;
  /** Trying often does harm: a camera locks an account out after some wrong passwords. */
  readonly isLocking?: boolean;
  /** The program could not say what it met: worth a look of our own. */
  readonly isVague?: boolean;
}

type Rule = readonly [said: RegExp, words: string | ((match: RegExpExecArray) => string), more?: Pick<Failure, "isLocking" | "isVague">];

const RULES: readonly Rule[] = [
  [/401 Unauthorized|authorization failed/i, "wrong user or password: see its credentials_file", { isLocking: true }],
  [/403 Forbidden/i, "access denied: its user may not see this stream", { isLocking: true }],
  [/404 Not Found/i, "no such stream path: is the URL right?"],
  [/(?:failed: |returned )(4\d\d [^(]*\w)/i, (match) => `it refuses what it is asked for (${match[1]})`],
  [/Server returned 4XX/i, "it refuses what it is asked for"],
  [/(?:failed: |returned )(5\d\d [^(]*\w)/i, (match) => `it has a fault of its own (${match[1]}): restart it`],
  [/Server returned 5XX/i, "it has a fault of its own: restart it"],
  [/audio open error: Connection refused/, "the machine's sound server does not run"],
  [/Connection refused/i, "connection refused: is it on, and is the port right?"],
  [/Failed to resolve hostname|Name or service not known|Temporary failure in name resolution|host name (?:is not known|cannot be looked up)/i, "no such host: is the name right?"],
  [/No route to host|Network is unreachable|Host is unreachable/i, "no way to it: are the network and the address right?"],
  [/timed out|ETIMEDOUT/i, "no answer"],
  [/certificate/i, "its certificate is not trusted"],
  [/unexpected TLS packet|wrong version number|handshake/i, "it does not speak TLS: write rtsp:// or http:// in the place of rtsps:// or https://"],
  [/Connection reset|Broken pipe|End of file|closed the connection/i, "it hung up"],
  [/(\/dev\/\S+?):? Permission denied/i, (match) => `permission denied on ${match[1]}: add fusiond's user to the group video`],
  [/Permission denied/i, "permission denied: see who may read it (devices: the groups video and audio)"],
  [/Device or resource busy/i, "device busy: another program uses it"],
  [/(\/dev\/\S+?):? (?:No such (?:file or directory|device)|Input\/output error)/i, (match) => `no such device ${match[1]}: is it plugged in?`],
  [/Not a video capture device|Inappropriate ioctl/i, "it is no video capture device"],
  [/read error: No such device|read error: File descriptor in bad state/, "the device is gone: was it unplugged?"],
  [/audio open error: (?:No such|Host is down)|Unknown PCM|cannot find card/i, "no such sound device: arecord -L lists those that there are"],
  [/(?:Channels count|Sample format) non available|cannot set|unable to install hw params/i, "the device does not record that way: write plughw: in the place of hw:"],
  [/Decoder .*not found|Unknown encoder|unsupported codec|Could not find codec parameters|Decoding requested, but no decoder/i, "its codec is none that ffmpeg can read: choose H.264 or AAC in the camera"],
  [/picture changed its size/, "the picture changed its size"],
  [/No such file or directory/i, "no such file"],
  [/Invalid data found|Input\/output error|Protocol not found/i, "what it gives is no picture and no sound", { isVague: true }],
];

/** The reason among a program's lines, the most telling first; nothing where none says one. */
export function failureOf(lines: readonly string[]): Failure | undefined {
  const found = RULES.flatMap(([said, words, more]) => {
    const match = lines.map((line) => said.exec(line)).find((one) => one !== null);
    return match === undefined || match === null ? [] : [{ words: typeof words === "string" ? words : words(match), ...more }];
  });
  return found[0];
}
