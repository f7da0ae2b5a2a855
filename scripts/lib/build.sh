# Compiles the TypeScript sources when one of them changed. Sourced by scripts/setup and scripts/build.

source_folders=(daemon encoders fusion rules config test bench scripts)

ensure_build() {
  local stamp=dist/.fusiond-build now
  now=$(source_state)
  [ "$(cat "$stamp" 2>/dev/null)" != "$now" ] || return 0
  say "compiling TypeScript"
  rm -f "$stamp"
  node_modules/.bin/tsc -p tsconfig.json
  chmod +x dist/daemon/main.js # the command that package.json and README name
  remove_orphans
  printf '%s' "$now" >"$stamp"
}

# A fingerprint of everything that tsc reads here: names, sizes and times of the sources, and the settings.
source_state() {
  {
    find "${source_folders[@]}" \( -name '*.ts' -o -name '*.json' \) -printf '%p %s %T@\n' 2>/dev/null | LC_ALL=C sort
    cat tsconfig.json package-lock.json
  } | sha256sum | cut -d' ' -f1
}

# Compiled files whose source is gone would still run as tests.
remove_orphans() {
  local compiled source
  while IFS= read -r compiled; do
    source=${compiled#dist/}
    [ -e "${source%.js}.ts" ] || rm -f "$compiled" "$compiled.map"
  done < <(find dist -name '*.js')
}
