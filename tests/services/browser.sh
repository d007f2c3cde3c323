#!/usr/bin/env bash
# A real browser for the tests of the report.
#
#   browser.sh install    install what `tests/browser` needs, print that folder
#
# It takes Node 20 or newer with npm. Playwright brings its own Chromium; where that cannot be fetched, Debian's is installed, which
# takes root.
set -euo pipefail

folder=$(cd "$(dirname "$0")/../browser" && pwd)

fail() {
    echo "browser.sh: $*" >&2
    exit 1
}

# Whether there is a browser that the tests find.
found() {
    [ -n "${LGDEA_TEST_CHROMIUM:-}" ] || [ -x /usr/bin/chromium ] || (
        cd "$folder"
        node --input-type=module -e '
            import {existsSync} from "node:fs";
            import {chromium} from "playwright";
            process.exit(existsSync(chromium.executablePath()) ? 0 : 1);'
    )
}

install() {
    command -v npm >/dev/null || fail "npm is missing: install Node 20 or newer"
    # Tests may ask for it at the same time: one installs, the others wait.
    (
        flock 9
        cd "$folder"
        [ node_modules/.package-lock.json -nt package-lock.json ] || npm ci --no-audit --no-fund >&2
        found || npx playwright install --with-deps chromium >&2 || {
            apt-get -qq -o DPkg::Lock::Timeout=300 update &&
                DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 install -y chromium
        } >&2 || fail "no Chromium: install one and name it in LGDEA_TEST_CHROMIUM"
    ) 9>"${TMPDIR:-/tmp}/lgdea-browser-$(id -u).lock"
    echo "$folder"
}

case ${1:-} in
install) install ;;
*) fail "usage: browser.sh install" ;;
esac
