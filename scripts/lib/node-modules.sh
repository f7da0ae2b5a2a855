# Node's part: the modules of the lock file, and the two that are compiled here. Sourced by scripts/setup.
#
# No install script of any package runs: some download from outside the registry. What must be compiled is compiled
# by name below, and kept in the cache folder, since `npm ci` starts from nothing and OpenCV's binding takes minutes.

require_node() {
  have node || die "node was not found on PATH: install Node 20.19 or newer"
  node -e 'const [major, minor] = process.versions.node.split(".").map(Number); process.exit(major > 20 || (major === 20 && minor >= 19) ? 0 : 1)' \
    || die "Node $(node --version) is too old: install Node 20.19 or newer"
}

ensure_node_modules() {
  if [ -L node_modules ]; then
    return 0 # a linked folder belongs to whoever filled it
  fi
  if ! node scripts/lib/modules-match-lock.js; then
    say "installing the node modules of package-lock.json"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error \
      || die "npm ci failed: see what npm says above"
  fi
  ensure_binding better-sqlite3 better_sqlite3 "" \
    || die "better-sqlite3 could not be compiled: see $cache/better-sqlite3.log"
  if [ -d node_modules/opencv4nodejs ] && opencv_there; then
    ensure_binding opencv4nodejs opencv4nodejs "-opencv$(pkg-config --modversion opencv4)" \
      || say "OpenCV's binding could not be compiled, so that cameras will be refused: see $cache/opencv4nodejs.log"
  elif [ ! -e node_modules/opencv4nodejs/build/Release/opencv4nodejs.node ]; then
    say "OpenCV is not here, so that cameras will be refused: install libopencv-dev and pkg-config, then run scripts/setup"
  fi
}

# ensure_binding MODULE TARGET KEY: MODULE's compiled TARGET.node for this Node, machine and KEY, from the cache if it is there.
ensure_binding() {
  local module=$1 target=$2 file key kept
  file=node_modules/$module/build/Release/$target.node
  key=$module-$(sed -n 's/^  "version": "\(.*\)",*$/\1/p' "node_modules/$module/package.json")-$(platform_key)$3
  [ "$(cat "$file.key" 2>/dev/null)" != "$key" ] || [ ! -e "$file" ] || return 0
  kept=$cache/bindings/$key.node
  if [ ! -e "$kept" ]; then
    compile_binding "$module" || return 1
    mkdir -p "$cache/bindings"
    cp "$file" "$kept.new" && mv "$kept.new" "$kept" || return 1
    rm -rf "node_modules/$module/build"
  fi
  mkdir -p "$(dirname "$file")"
  cp "$kept" "$file" || return 1
  printf '%s' "$key" >"$file.key"
}

# What a compiled module depends on beside its own version: node's ABI, the processor, the distribution's libraries.
platform_key() {
  [ -n "${platform_key_memo:-}" ] || platform_key_memo=$(node -p '`abi${process.versions.modules}-${process.arch}`')-$(
    . /etc/os-release 2>/dev/null && printf '%s%s' "${ID:-linux}" "${VERSION_ID:-}"
  )
  printf '%s' "$platform_key_memo"
}

compile_binding() {
  local module=$1 headers prefix node_gyp
  prefix=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  for headers in "$prefix" /usr; do
    [ ! -e "$headers/include/node/node_api.h" ] || break
    headers=
  done
  [ -n "$headers" ] \
    || die "node's headers (include/node/node_api.h) are not beside $(command -v node): install Node from nodejs.org, NodeSource or nvm, which bring them"
  for program in g++ make python3; do
    have $program || die "$program was not found on PATH, and $module must be compiled: install g++, make and python3"
  done
  node_gyp=$(npm root --global 2>/dev/null)/npm/node_modules/node-gyp/bin/node-gyp.js
  [ -e "$node_gyp" ] || node_gyp=$root/node_modules/node-gyp/bin/node-gyp.js
  say "compiling $module (once; later runs take it from $cache/bindings)$(compile_time "$module")"
  # OpenCV's build would otherwise fetch and compile all of OpenCV instead of using Debian's.
  (cd "node_modules/$module" \
    && OPENCV4NODEJS_DISABLE_AUTOBUILD=1 node "$node_gyp" rebuild --release --nodedir="$headers" --jobs="$(nproc)") \
    >"$cache/$module.log" 2>&1
}

compile_time() {
  case $1 in
    opencv4nodejs) printf ': some 5 minutes on two cores' ;;
    better-sqlite3) printf ': some 45 seconds on two cores' ;;
  esac
}
