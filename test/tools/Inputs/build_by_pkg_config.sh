# build_by_pkg_config.sh PREFIX "PACKAGE ..." FILE.c|FILE.cpp PROGRAM: builds a program over packages of an installed tree.
set -eu
PKG_CONFIG_PATH=$(dirname "$(find "$1" -name "${2%% *}.pc")")
export PKG_CONFIG_PATH
case $3 in
*.cpp) compiler="c++ -std=c++17" ;;
*) compiler=cc ;;
esac
# shellcheck disable=SC2046,SC2086 # several words
$compiler "$3" $(pkg-config --cflags --libs $2) -Wl,-rpath,"$(pkg-config --variable=libdir "${2%% *}")" -o "$4"
