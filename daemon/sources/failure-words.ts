// Why a source gives nothing, in an operator's words: from what ffmpeg, arecord and Node say, and what cameras answer.

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
  [/audio open error: Connection refused/, "the machine's sound server does not run"],
  [/Connection refused|ECONNREFUSED/i, "connection refused: is it on, and is the port right?"],
  [/Failed to resolve hostname|Name or service not known|Temporary failure in name resolution|ENOTFOUND|EAI_AGAIN/i, "no such host: is the name right?"],
  [/No route to host|Network is unreachable|Host is unreachable|EHOSTUNREACH|ENETUNREACH/i, "no way to it: are the network and the address right?"],
  [/timed out|ETIMEDOUT/i, "no answer"],
  [/certificate/i, "its certificate is not trusted"],
  [/unexpected TLS packet|wrong version number|handshake/i, "it does not speak TLS: write rtsp:// or http:// in the place of rtsps:// or https://"],
  [/Connection reset|ECONNRESET|Broken pipe|End of file|closed the connection/i, "it hung up"],
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

/** A camera's answer in what ffmpeg says of it ("method DESCRIBE failed: 404 Not Found", "Server returned 4XX Client Error, but…"), or in words of ours. */
const ANSWER = /(?:failed: |returned |^)([45](?:\d\d|XX) [^(),]*\w)|\((40[13]\b[^(),]*)\)/i;

/** What an answer means: `said` is its status and reason, such as "404 Not Found". */
export function refusalOf(said: string, hasCredentials: boolean): Failure {
  switch (said.slice(0, 3)) {
    case "401":
      return { words: hasCredentials ? `wrong user or password (${said}): see its credentials_file` : `it asks for a user and a password (${said}): name a credentials_file`, isLocking: true };
    case "403":
      return { words: `access denied (${said}): its user may not see this stream`, isLocking: true };
    case "404":
      return { words: `no such stream path (${said}): is the URL right?` };
    default:
      return { words: said.startsWith("5") ? `it has a fault of its own (${said}): restart it` : `it refuses what it is asked for (${said})` };
  }
}

/** The reason among a program's lines, the most telling first; nothing where none says one. */
export function failureOf(lines: readonly string[], hasCredentials = true): Failure | undefined {
  const answer = lines.flatMap((line) => ANSWER.exec(line)?.slice(1) ?? []).find((said) => said !== undefined);
  if (answer !== undefined) return refusalOf(answer, hasCredentials);
  const found = RULES.flatMap(([said, words, more]) => {
    const match = lines.map((line) => said.exec(line)).find((one) => one !== null);
    return match === undefined || match === null ? [] : [{ words: typeof words === "string" ? words : words(match), ...more }];
  });
  return found[0];
}
