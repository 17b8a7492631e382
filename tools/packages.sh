#!/usr/bin/env bash
# The one list of Debian 12 packages; docs/decisions/dependencies.md has the reason of each.
#   tools/packages.sh build|test|bench|fuzz|package     install what is missing (as root, or through sudo)
#   tools/packages.sh list build|test|…         print the names
set -euo pipefail

build_packages=(cmake ninja-build g++ pkg-config
  libssl-dev libxxhash-dev libzstd-dev libarchive-dev libtbb-dev libfmt-dev libtomlplusplus-dev nlohmann-json3-dev libcli11-dev diffutils)
test_packages=(doctest-dev librapidcheck-dev clang ccache git jq python3 shellcheck xxd util-linux linux-source-6.1 patch
  rsync acl attr dosfstools fusefat e2fsprogs xfsprogs python3-jsonschema tmux zsh fish strace zstd libarchive-tools)
bench_packages=(libbenchmark-dev python3 time git restic borgbackup casync zstd gnuplot-nox
  rsync debootstrap e2fsprogs)
package_packages=(lintian dpkg-dev man-db jq python3 bash-completion zsh fish)
fuzz_packages=(clang libclang-rt-14-dev)

list() {
  case $1 in
    build) printf '%s\n' "${build_packages[@]}" ;;
    test) printf '%s\n' "${build_packages[@]}" "${test_packages[@]}" ;;
    bench) printf '%s\n' "${build_packages[@]}" "${bench_packages[@]}" ;;
    package) printf '%s\n' "${build_packages[@]}" "${package_packages[@]}" ;;
    fuzz) printf '%s\n' "${build_packages[@]}" "${fuzz_packages[@]}" ;;
    *) echo "packages.sh: no list called $1" >&2; exit 2 ;;
  esac
}

is_installed() {
  [[ $(dpkg-query -W -f '${Status}' "$1" 2>/dev/null) == 'install ok installed' ]]
}

install_missing() {
  local name missing=() as_root=()
  while read -r name; do is_installed "$name" || missing+=("$name"); done < <(list "$1")
  if ((${#missing[@]} == 0)); then return; fi
  ((EUID == 0)) || as_root=(sudo)
  echo "installing ${missing[*]}"
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq update
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get -qq -y --no-install-recommends install "${missing[@]}" >/dev/null
}

case ${1:-} in
  list) list "${2:-}" ;;
  '') echo "usage: tools/packages.sh [list] build|test|bench|fuzz|package" >&2; exit 2 ;;
  *) install_missing "$1" ;;
esac
