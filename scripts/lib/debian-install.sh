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
  announce_install "${missing[@]}"
  "${become_root[@]}" bash scripts/lib/apt-install-without-services "${missing[@]}" \
    || die "apt-get could not install ${missing[*]}: run \"apt-get update\" and try again"
}

apt_allowed() { [ "${FUSIOND_SKIP_APT:-}" != 1 ] && have apt-get; }

have_package_lists() { apt-cache show --no-all-versions "$@" >/dev/null 2>&1; }

announce_install() {
  local plan new disk download
  plan=$(apt-get install --simulate --no-install-recommends "$@" | sed -n 's/^Inst \([^ ]*\) .*(\([^ ]*\) .*/\1=\2/p')
  new=$(wc -w <<<"$plan")
  # shellcheck disable=SC2086
  disk=$(apt-cache show $plan | awk '/^Installed-Size:/ { kib += $2 } END { printf "%d", kib * 1024 }')
  # shellcheck disable=SC2086
  download=$(apt-cache show $plan | awk '/^Size:/ { bytes += $2 } END { printf "%d", bytes }')
  say "installing $* with what they depend on: $new packages," \
    "$(megabytes "$download") to download, $(megabytes "$disk") on disk; no service is started"
}
