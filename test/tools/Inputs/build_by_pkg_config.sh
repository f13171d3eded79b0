# build_by_pkg_config.sh PREFIX PACKAGE FILE.c PROGRAM: builds a program over a package of an installed tree.
set -eu
PKG_CONFIG_PATH=$(dirname "$(find "$1" -name "$2.pc")")
export PKG_CONFIG_PATH
cc "$3" $(pkg-config --cflags --libs "$2") -Wl,-rpath,"$(pkg-config --variable=libdir "$2")" -o "$4"
