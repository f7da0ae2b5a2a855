# Installs Debian packages that are missing, as root or through sudo. Sourced by scripts/setup.

# install_missing "CHECK|PACKAGE"...: a package is missing where its check fails.
install_missing() {
  local need missing=()
  for need in "$@"; do
    ${need%%|*} || missing+=("${need#*|}")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! apt_allowed; then
    say "missing: ${missing[*]}; install them with: apt-get install --no-install-recommends ${missing[*]}"
    return 0
  fi
  local become_root=()
  if [ "$(id -u)" -ne 0 ]; then
    if ! have sudo; then
      say "missing: ${missing[*]}; as root: apt-get install --no-install-recommends ${missing[*]}"
      return 0
    fi
    become_root=(sudo)
  fi
  have_package_lists "${missing[@]}" || "${become_root[@]}" apt-get update -qq
  announce_install "${missing[@]}" || die "apt-get does not know ${missing[*]}, or its packages are in disorder: see what it says above"
  "${become_root[@]}" bash scripts/lib/apt-install-without-services "${missing[@]}" \
    || die "apt-get could not install ${missing[*]}: run \"apt-get update\" and try again"
}

apt_allowed() { [ "${FUSIOND_SKIP_APT:-}" != 1 ] && have apt-get; }

# Whether apt knows every one of them; a fresh container's lists are empty.
have_package_lists() {
  [ "$(apt-cache show --no-all-versions "$@" 2>/dev/null | grep -c '^Package:')" -ge $# ]
}

announce_install() {
  local plan sizes
  plan=$(apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\) .*(\([^ ]*\) .*/\1=\2/p') || return 1
  # shellcheck disable=SC2086
  sizes=$(package_sizes $plan)
  say "installing $* with what they depend on: $(wc -w <<<"$plan") packages," \
    "$(megabytes "${sizes% *}") to download, $(megabytes "${sizes#* }") on disk; no service is started"
}

# Bytes to download and bytes on disk.
package_sizes() {
  apt-cache show --no-all-versions "$@" \
    | awk '/^Size:/ { bytes += $2 } /^Installed-Size:/ { kib += $2 } END { printf "%.0f %.0f", bytes, kib * 1024 }'
}
