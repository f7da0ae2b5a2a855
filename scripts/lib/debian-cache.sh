# Unpacks Debian packages into the user's cache folder, without root. Sourced by scripts/setup.
#
# The tree is laid out as the packages are (usr/sbin/nats-server, usr/share/...); beside it, .packages/NAME holds the
# version of each package that is there, so that nothing is fetched twice.

# unpack_missing PACKAGE... -- STACK...: packages come alone; stacks with every library that the machine lacks.
unpack_missing() {
  debian=$cache/debian
  mkdir -p "$debian/.packages"
  local alone=() stacks=() target=alone name
  for name in "$@"; do
    if [ "$name" = -- ]; then
      target=stacks
    elif [ ! -e "$debian/.packages/$name" ]; then
      if [ $target = alone ]; then alone+=("$name"); else stacks+=("$name"); fi
    fi
  done
  local missing=("${alone[@]}" "${stacks[@]}")
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! apt_allowed; then
    say "missing in $debian: ${missing[*]}; run scripts/setup once where apt-get may be used"
    return 0
  fi
  have_package_lists "${missing[@]}" || update_lists
  fetch_and_unpack "${missing[@]}" -- "${stacks[@]}" || {
    update_lists # they may be older than the mirror
    fetch_and_unpack "${missing[@]}" -- "${stacks[@]}" || die "could not fetch ${missing[*]}: see what apt-get says above"
  }
}

update_lists() {
  if [ "$(id -u)" -eq 0 ]; then
    apt-get update -qq
  elif have sudo; then
    sudo apt-get update -qq
  else
    say "apt-get's package lists are missing or old: if this fails, run \"apt-get update\" as root"
  fi
}

# fetch_and_unpack PACKAGE... -- STACK...
fetch_and_unpack() {
  local wanted=() stacks=() libraries name deb
  while [ "$1" != -- ]; do
    wanted+=("$1")
    shift
  done
  stacks=("${@:2}")
  libraries=$(lacking_libraries "${stacks[@]}") || return 1
  for name in $libraries; do
    [ -e "$debian/.packages/$name" ] || wanted+=("$name")
  done
  # shellcheck disable=SC2207
  wanted=($(printf '%s\n' "${wanted[@]}" | sort -u))
  announce_fetch "${wanted[@]}"
  local incoming=$cache/incoming
  rm -rf "$incoming"
  mkdir -p "$incoming"
  # As root apt would warn that its sandbox user may not write here.
  (cd "$incoming" && apt-get -o APT::Sandbox::User=root download "${wanted[@]}" >&2) || return 1
  for deb in "$incoming"/*.deb; do
    dpkg-deb -x "$deb" "$debian" || return 1
    dpkg-deb -f "$deb" Version >"$debian/.packages/$(dpkg-deb -f "$deb" Package)"
    rm "$deb"
  done
  rmdir "$incoming"
}

lacking_libraries() {
  [ $# -gt 0 ] || return 0
  apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \([^ :]*\).*/\1/p'
}

announce_fetch() {
  local sizes
  sizes=$(package_sizes "$@")
  say "unpacking $# Debian packages into $debian (nothing is installed):" \
    "$(megabytes "${sizes% *}") to download, $(megabytes "${sizes#* }") on disk"
  say "  $*"
}
