// A wall clock that a test can set, for programs it starts: a library in front of the C library, made on the spot.
import { execFileSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Adds the seconds that a file holds to CLOCK_REALTIME; the monotonic clock is left alone. */
const SOURCE = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>
static long offset(void) {
  char text[32] = {0};
  int fd = open(getenv("CLOCK_OFFSET_FILE"), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  long n = read(fd, text, sizeof text - 1);
  close(fd);
  return n > 0 ? atol(text) : 0;
}
int clock_gettime(clockid_t id, struct timespec *t) {
  static int (*real)(clockid_t, struct timespec *);
  if (!real) real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
  int result = real(id, t);
  if (result == 0 && id == CLOCK_REALTIME) t->tv_sec += offset();
  return result;
}
int gettimeofday(struct timeval *t, void *zone) {
  struct timespec now;
  int result = clock_gettime(CLOCK_REALTIME, &now);
  (void)zone;
  t->tv_sec = now.tv_sec;
  t->tv_usec = now.tv_nsec / 1000;
  return result;
}
`;

/** Why there can be no such clock here, or false: for a test's `skip`. */
export function setClockMissing(): string | false {
  try {
    execFileSync("cc", ["--version"], { stdio: "ignore" });
    return false;
  } catch {
    return "there is no C compiler (cc)";
  }
}

/** A clock for the programs that are started with its `env`. */
export class SetClock {
  readonly env: NodeJS.ProcessEnv;
  readonly #offsetFile: string;

  /** `folder`: of the test, for the library and the offset. */
  constructor(folder: string) {
    this.#offsetFile = join(folder, "clock-offset");
    const library = join(folder, "set-clock.so");
    writeFileSync(join(folder, "set-clock.c"), SOURCE);
    if (!existsSync(library)) execFileSync("cc", ["-shared", "-fPIC", "-o", library, join(folder, "set-clock.c"), "-ldl"]);
    this.env = { ...process.env, LD_PRELOAD: library, CLOCK_OFFSET_FILE: this.#offsetFile };
    this.set(0);
  }

  /** Sets it ahead of the true clock by so many seconds; negative: behind. */
  set(aheadSeconds: number): void {
    writeFileSync(this.#offsetFile, String(aheadSeconds));
  }
}
