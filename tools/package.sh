#!/usr/bin/env bash
# Builds the Debian packages into build/package, has lintian look at them (an error of lintian's is one here), and installs, tries and
# purges them where that is allowed.
set -euo pipefail
cd "$(dirname "$0")/.."
tools/packages.sh package
if command -v ccache >/dev/null; then export CMAKE_CXX_COMPILER_LAUNCHER=ccache; fi
# Man pages travel compressed; umask: what is installed is for everybody.
umask 022
cmake --preset package
cmake --build --preset package
(cd build/package && rm -f ./*.deb && cpack)
lintian --fail-on error build/package/*.deb
tests/package/installed.sh build/package/*.deb || (($? == 77))
ls -l build/package/*.deb
