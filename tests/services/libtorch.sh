#!/usr/bin/env bash
# libtorch, as PyTorch's package on PyPI brings it.
#
#   libtorch.sh install    install it if it is not there (5 GB), print the environment to build and run with
#
#   eval "$(tests/services/libtorch.sh install)"
#   cargo build --release --features libtorch
#
# It goes to $LGDEA_LIBTORCH_VENV (default: .venv-libtorch in the clone).
set -euo pipefail

# burn-tch 0.22 asks for 2.9 and was seen to compile and to run against this one.
version=2.11.0
venv=${LGDEA_LIBTORCH_VENV:-$(cd "$(dirname "$0")/../.." && pwd)/.venv-libtorch}

[ "${1:-}" = install ] || {
    echo "libtorch.sh: say \`install\`" >&2
    exit 2
}
if [ ! -e "$venv/installed-$version" ]; then
    echo "installing torch $version into $venv" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "torch==$version" setuptools numpy >&2
    touch "$venv/installed-$version"
fi
libraries=$("$venv/bin/python" -c 'import torch; print(torch.__path__[0])')/lib
cat <<END
export VIRTUAL_ENV=$venv
export PATH=$venv/bin:\$PATH
export LIBTORCH_USE_PYTORCH=1 LIBTORCH_BYPASS_VERSION_CHECK=1
export LD_LIBRARY_PATH=$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
END
