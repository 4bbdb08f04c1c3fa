#!/bin/sh
# Sees to it that the Debian packages named as arguments are there: installs what is missing when
# run as root, otherwise says in one sentence what to install. On other systems it does nothing.
# A tool that is there without its package, such as a Python of one's own, counts as installed.
set -eu

command -v dpkg >/dev/null 2>&1 || exit 0

installed() {
    dpkg -s "$1" 2>/dev/null | grep -q '^Status: install ok installed'
}

# Newer releases rename some libraries to NAMEt64.
present() {
    case "$1" in
    python3) command -v python3 >/dev/null 2>&1 ;;
    python3-venv) python3 -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    g++) command -v g++ >/dev/null 2>&1 ;;
    *) installed "$1" || installed "$1t64" ;;
    esac
}

missing=
for package in "$@"; do
    present "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -ne 0 ]; then
    echo "PolypLens needs Debian packages that are not installed; run: sudo apt-get install$missing" >&2
    exit 1
fi
echo "Installing Debian packages:$missing"
apt-get update -qq
# Word splitting is wanted: one argument a package.
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
